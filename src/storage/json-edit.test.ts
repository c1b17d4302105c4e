import { describe, expect, it } from 'vitest';
import { editJson } from './json-edit.ts';
import type { JsonEdit } from './steps.ts';

const set = (path: JsonEdit['path'], value: unknown): JsonEdit => ({ op: 'set', path, value });
const del = (...path: JsonEdit['path']): JsonEdit => ({ op: 'delete', path });

describe('editJson', () => {
  it.each([
    ['replaces a value', '{"a":1,"b":[1,2]}', set(['b', 1], null), '{"a":1,"b":[1,null]}'],
    ['adds a member to minified text', '{"a":1}', set(['b'], { c: 2 }), '{"a":1,"b":{"c":2}}'],
    [
      'adds a member on a line of its own',
      '{\n  "a": 1\n}\n',
      set(['b'], { c: [1] }),
      '{\n  "a": 1,\n  "b": {\n    "c": [\n      1\n    ]\n  }\n}\n',
    ],
    [
      'takes over tabs and CRLF',
      '{\r\n\t"a": {\r\n\t\t"x": 1\r\n\t}\r\n}',
      set(['a', 'y'], 2),
      '{\r\n\t"a": {\r\n\t\t"x": 1,\r\n\t\t"y": 2\r\n\t}\r\n}',
    ],
    ['creates missing objects', '{}', set(['a', 'b', 'c'], 1), '{"a":{"b":{"c":1}}}'],
    [
      'fills an empty object in a laid out file',
      '{\n  "a": {}\n}',
      set(['a', 'b'], 1),
      '{\n  "a": {\n    "b": 1\n  }\n}',
    ],
    ['appends to a list', '{"a": [1, 2]}', set(['a', 2], 3), '{"a": [1, 2, 3]}'],
    ['deletes the first member', '{\n  "a": 1,\n  "b": 2\n}', del('a'), '{\n  "b": 2\n}'],
    ['deletes the last member', '{\n  "a": 1,\n  "b": 2\n}', del('b'), '{\n  "a": 1\n}'],
    ['deletes the only member', '{\n  "a": 1\n}', del('a'), '{}'],
    ['deletes a list item', '[1, 2, 3]', del(1), '[1, 3]'],
    ['deletes a key that stands twice', '{"a":1,"b":2,"a":3}', del('a'), '{"b":2}'],
    ['changes the one of two equal keys that counts', '{"a":1,"a":3}', set(['a'], 4), '{"a":1,"a":4}'],
    [
      'adds to the one of two equal objects that counts',
      '{"a":{"b":1},"a":{}}',
      set(['a', 'b'], 4),
      '{"a":{"b":1},"a":{"b":4}}',
    ],
    [
      'keeps comments and trailing commas',
      '{\n  // one\n  "a": 1, // x\n  "b": 2, /* y */\n}',
      del('a'),
      '{\n  // one\n   // x\n  "b": 2, /* y */\n}',
    ],
    ['keeps a byte order mark', '\uFEFF{"a":1}', set(['a'], 2), '\uFEFF{"a":2}'],
    [
      'keeps numbers that JavaScript cannot hold',
      '{"n":12345678901234567890,"f":1.0e400,"a":1}',
      set(['a'], 2),
      '{"n":12345678901234567890,"f":1.0e400,"a":2}',
    ],
    ['finds keys written with escapes', '{"\\u0061":1}', set(['a'], 2), '{"\\u0061":2}'],
    [
      'treats __proto__ as any other key',
      '{"__proto__":{"a":1},"b":1}',
      del('__proto__', 'a'),
      '{"__proto__":{},"b":1}',
    ],
    ['leaves the text alone when there is nothing to delete', '{"a":1}', del('b', 'c'), '{"a":1}'],
    ['replaces the whole document', ' {"a":1}\n', set([], [1]), ' [1]\n'],
  ])('%s', async (_title, text, edit, expected) => {
    expect(await editJson(text, [edit])).toBe(expected);
  });

  it('names line and column of a text that is not JSON', async () => {
    await expect(editJson('{\n  "a": \n', [set(['a'], 1)])).rejects.toMatchObject({
      code: 'ERR_STORAGE_JSON_SYNTAX',
      details: { line: 3, column: 1 },
    });
  });

  it('refuses to go through a plain value', async () => {
    await expect(editJson('{"a":1}', [set(['a', 'b'], 1)])).rejects.toMatchObject({
      code: 'ERR_STORAGE_JSON_EDIT',
      message: expect.stringContaining('cannot set a.b safely'),
    });
  });

  it('edits a file of 30 MB', async () => {
    const filler = `"${'x'.repeat(1000)}",`.repeat(30_000);
    const text = `{"list":[${filler}"end"],"a":{"b":1}}`;
    expect(await editJson(text, [set(['a', 'b'], 2)])).toBe(`{"list":[${filler}"end"],"a":{"b":2}}`);
  });
});
