import { describe, expect, it } from 'vitest';
import type { TomlEdit } from './steps.ts';
import { editToml } from './toml-edit.ts';

const set = (key: string, value: Extract<TomlEdit, { op: 'set' }>['value']): TomlEdit => ({
  op: 'set',
  key: key.split('/'),
  value,
});
const del = (key: string): TomlEdit => ({ op: 'delete', key: key.split('/') });

describe('editToml', () => {
  it.each([
    [
      'replaces a value and keeps its comment',
      'a = 1 # one\nb = 2\n',
      set('a', 'x'),
      'a = "x" # one\nb = 2\n',
    ],
    ['replaces a multi-line string', 'a = """\nx\n""" # c\nb=1', set('a', true), 'a = true # c\nb=1'],
    [
      'adds to the end of a table',
      '[t]\na = 1 # one\n\n# about u\n[u]\n',
      set('t/b', 2),
      '[t]\na = 1 # one\nb = 2\n\n# about u\n[u]\n',
    ],
    ['adds to an empty table', '[t] # c\n\n[u]\n', set('t/b', 2), '[t] # c\nb = 2\n\n[u]\n'],
    ['keeps the indentation', '[t]\n  a = 1\n', set('t/b', 2), '[t]\n  a = 1\n  b = 2\n'],
    ['adds a root key behind the others', 'a = 1\n\n[t]\n', set('b', 2), 'a = 1\nb = 2\n\n[t]\n'],
    [
      'adds the first root key below the head comment',
      '# my file\n\n# about t\n[t]\n',
      set('b', 2),
      '# my file\n\nb = 2\n\n# about t\n[t]\n',
    ],
    [
      'adds the first root key above the comment of the first table',
      '# about t\n[t]\n',
      set('b', 2),
      'b = 2\n\n# about t\n[t]\n',
    ],
    ['adds a table at the end', '[t]\na = 1\n# end\n', set('u/b', 2), '[t]\na = 1\n# end\n\n[u]\nb = 2\n'],
    [
      'adds a table beside its relatives',
      '[m.a]\nx = 1\n\n# about z\n[z]\n',
      set('m/b c', { y: 'Z', env: { A: '1' } }),
      '[m.a]\nx = 1\n\n[m."b c"]\ny = "Z"\nenv = { A = "1" }\n\n# about z\n[z]\n',
    ],
    ['adds to a file without a final newline', 'a = 1', set('b', 2), 'a = 1\nb = 2'],
    ['adds a table to a file without a final newline', 'a = 1', set('t/b', 2), 'a = 1\n\n[t]\nb = 2'],
    ['fills an empty file', '', set('t/b', 2), '[t]\nb = 2\n'],
    ['adds to dotted keys', 'a.b = 1 # c\nz = 1\n', set('a/c', 2), 'a.b = 1 # c\na.c = 2\nz = 1\n'],
    ['adds below dotted keys in a table', '[t]\na.b = 1\n', set('t/a/c/d', 2), '[t]\na.b = 1\na.c.d = 2\n'],
    ['adds to an inline table', 't = { a = 1 } # c\n', set('t/b', 2), 't = { a = 1, b = 2 } # c\n'],
    ['adds to an empty inline table', 't = {}\n', set('t/b/c', 2), 't = { b.c = 2 }\n'],
    [
      'sets inside an inline table inside a list',
      'l = [{ a = 1 }, { a = 2 }]\n',
      set('l/1/a', 3),
      'l = [{ a = 1 }, { a = 3 }]\n',
    ],
    ['appends to a list on one line', 'l = [1, 2] # c\n', set('l/2', 3), 'l = [1, 2, 3] # c\n'],
    [
      'appends to a list on many lines',
      'l = [\n  1, # one\n  2 # two\n]\n',
      set('l/2', 3),
      'l = [\n  1, # one\n  2, # two\n  3\n]\n',
    ],
    [
      'appends behind a trailing comma',
      'l = [\n  1, # one\n]\n',
      set('l/1', 3),
      'l = [\n  1, # one\n  3,\n]\n',
    ],
    [
      'sets in an element of a list of tables',
      '[[l]]\na = 1\n[[l]]\na = 2\n',
      set('l/1/a', 3),
      '[[l]]\na = 1\n[[l]]\na = 3\n',
    ],
    [
      'adds a table to one element of a list of tables',
      '[[l]]\na = 1\n\n[[l]]\na = 2\n',
      set('l/0/s/b', 3),
      '[[l]]\na = 1\n\n[l.s]\nb = 3\n\n[[l]]\na = 2\n',
    ],
    [
      'appends to a list of tables',
      '[[l]]\na = 1\n\n[z]\n',
      set('l/1', { a: 2 }),
      '[[l]]\na = 1\n\n[[l]]\na = 2\n\n[z]\n',
    ],
    ['replaces a whole table', '[t]\na = 1\n[t.s]\nb = 1\n[u]\n', set('t', { c: 1 }), '[u]\n\n[t]\nc = 1\n'],
    ['adds the parent of existing tables', '[m.a]\nx = 1\n', set('m/y', 2), '[m.a]\nx = 1\n\n[m]\ny = 2\n'],
    [
      'deletes a line with its comment, no other',
      '# about a\na = 1 # one\n# about b\nb = 2\n',
      del('a'),
      '# about a\n# about b\nb = 2\n',
    ],
    ['deletes the last line without a final newline', 'a = 1\nb = 2', del('b'), 'a = 1'],
    [
      'deletes a table with its own comment',
      'a = 1\n\n# about t\n[t]\nb = 2 # b\n# in t\nc = 3\n\n# about u\n[u]\n',
      del('t'),
      'a = 1\n\n# about u\n[u]\n',
    ],
    [
      'deletes a table with its sub-tables',
      '[m.a]\nx = 1\n[m.a.env]\nA = "1"\n\n[m.b]\ny = 1\n',
      del('m/a'),
      '[m.b]\ny = 1\n',
    ],
    [
      'deletes the last table, not the comment at the end',
      '[t]\na = 1\n\n[u]\nb = 1\n# end\n',
      del('u'),
      '[t]\na = 1\n\n# end\n',
    ],
    ['deletes all tables below a name', 'a = 1\n\n[m.a]\nx = 1\n\n[m.b]\ny = 1\n', del('m'), 'a = 1\n'],
    ['deletes dotted keys', 'a.b = 1\na.c = 2\nd = 1\n', del('a'), 'd = 1\n'],
    ['deletes from an inline table', 't = { a = 1, b = 2 }\n', del('t/b'), 't = { a = 1 }\n'],
    ['deletes the first of an inline table', 't = { a = 1, b = 2 }\n', del('t/a'), 't = { b = 2 }\n'],
    [
      'deletes several members of an inline table',
      't = { a.b = 1, x = 0, a.c = 2 }\n',
      del('t/a'),
      't = { x = 0 }\n',
    ],
    [
      'deletes a list item with its comment',
      'l = [\n  "a", # first\n  "b", # second\n]\n',
      del('l/0'),
      'l = [\n  "b", # second\n]\n',
    ],
    [
      'deletes the last list item and keeps the comment before',
      'l = [\n  "a", # first\n  "b" # second\n]\n',
      del('l/1'),
      'l = [\n  "a" # first\n]\n',
    ],
    [
      'deletes an element of a list of tables',
      '[[l]]\na = 1\n\n[[l]]\na = 2\n\n[[l]]\na = 3\n',
      del('l/1'),
      '[[l]]\na = 1\n\n[[l]]\na = 3\n',
    ],
    ['leaves the text alone when there is nothing to delete', 'a = 1\n', del('b/c'), 'a = 1\n'],
    ['finds quoted keys', '["a.b"."c d"]\n"e f" = 1\n', set('a.b/c d/e f', 2), '["a.b"."c d"]\n"e f" = 2\n'],
    ['keeps CRLF', 'a = 1\r\n\r\n[t]\r\nb = 1\r\n', set('t/c', 2), 'a = 1\r\n\r\n[t]\r\nb = 1\r\nc = 2\r\n'],
    ['keeps a byte order mark', '\uFEFFa = 1\n', set('a', 2), '\uFEFFa = 2\n'],
    [
      'keeps dates, big integers and odd floats beside it',
      'd = 1979-05-27T07:32:00Z\ni = 9223372036854775807\nf = nan\nx = 0xDEAD_BEEF\na = 1\n',
      set('a', 2),
      'd = 1979-05-27T07:32:00Z\ni = 9223372036854775807\nf = nan\nx = 0xDEAD_BEEF\na = 2\n',
    ],
  ])('%s', async (_title, text, edit, expected) => {
    expect(await editToml(text, [edit])).toBe(expected);
  });

  it('applies edits one after the other', async () => {
    expect(await editToml('a = 1\n', [set('b', 2), del('a'), set('t/c', 'x')])).toBe(
      'b = 2\n\n[t]\nc = "x"\n',
    );
  });

  it('names line and column of a text that is not TOML', async () => {
    await expect(editToml('a = 1\nb = \n', [set('a', 2)])).rejects.toMatchObject({
      code: 'ERR_STORAGE_TOML_SYNTAX',
      details: { line: 2 },
    });
  });

  it('refuses what it cannot prove: a key below a plain value', async () => {
    await expect(editToml('a = 1\n', [set('a/b', 2)])).rejects.toMatchObject({
      code: 'ERR_STORAGE_TOML_EDIT',
    });
  });

  it('refuses a list item far behind the end', async () => {
    await expect(editToml('l = []\n', [set('l/7', 2)])).rejects.toMatchObject({
      code: 'ERR_STORAGE_TOML_PATH',
      message: 'no list item 7 in l',
    });
  });
});
