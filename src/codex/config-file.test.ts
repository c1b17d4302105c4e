import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePlainHome, type PlainHome } from '../../test/support/plain-home.ts';
import { readConfig } from './config-file.ts';
import { effectiveText, readConfigLayers } from './config-layers.ts';
import { locateKeys } from './config-positions.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

const read = () => readConfig(home.context());

async function readText(text: string | Buffer) {
  await home.write('config.toml', text);
  return read();
}

test.each([
  ['a backslash in double quotes', 'a = 1\npath = "C:\\Users\\x"\n', 'bad-escape', 2],
  ['a table opened twice', '[a]\nx=1\n\n[a]\ny=2\n', 'duplicate-table', 4],
  ['a key set twice', 'a=1\nb=2\na=3\n', 'duplicate-key', 3],
  ['a header that is not closed', 'a=1\n[mcp_servers.x\ncommand="y"\n', 'unclosed-header', 2],
  ['a string that is not closed', 'a = "x\nb = 1\n', 'unclosed-string', 1],
  ['a list that is not closed', 'a = [1,\nb = 2\n', 'unclosed-list', 1],
  ['an inline table that is not closed', 'a = {x = 1\nb = 2\n', 'unclosed-inline-table', 1],
  ['text after a value', 'a = 1 b\n', 'trailing-text', 1],
  ['text without quotes', 'model = gpt-5.5\n', 'bare-value', 1],
  ['typographic quotes', 'model = \u201cgpt-5.5\u201d\n', 'curly-quotes', 1],
  ['a colon for the equals sign', 'model: "x"\n', 'yaml-style', 1],
  ['a line of prose', 'a = 1\nplease use the big model\n', 'stray-line', 2],
  ['a key without value', 'a =\n', 'missing-value', 1],
  ['a merge conflict', 'a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> theirs\n', 'merge-conflict', 2],
])('%s is named with its line', async (_title, text, kind, line) => {
  expect(await readText(text)).toMatchObject({ kind: 'malformed', fault: { kind, line } });
});

test('UTF-16, as Windows PowerShell writes it, is told apart from bytes that are no text', async () => {
  expect(await readText(Buffer.from('\ufeffmodel = "x"\n', 'utf16le'))).toMatchObject({
    kind: 'malformed',
    fault: { kind: 'utf-16le' },
    text: 'model = "x"\n',
  });
  expect(await readText(Buffer.from([0x61, 0x3d, 0x22, 0xff, 0xfe]))).toMatchObject({
    kind: 'malformed',
    fault: { kind: 'not-utf-8' },
    text: null,
  });
});

test('a UTF-8 byte order mark is fine, as it is with Codex', async () => {
  expect(await readText('\ufeffmodel = "x"\n')).toMatchObject({
    kind: 'ok',
    value: { text: 'model = "x"\n' },
  });
});

describe('what is not a readable file', () => {
  test('a missing one', async () => expect((await read()).kind).toBe('missing'));
  test('an empty one is a configuration', async () => expect((await readText('')).kind).toBe('ok'));

  test('a folder', async () => {
    await mkdir(join(home.path, 'config.toml'));
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'EISDIR' });
  });

  test('a symbolic link to itself', async () => {
    await symlink('config.toml', join(home.path, 'config.toml'));
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'ELOOP' });
  });

  test('200 MB', async () => {
    await writeFile(join(home.path, 'config.toml'), '');
    await truncate(join(home.path, 'config.toml'), 200 * 1024 * 1024);
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'TOO_LARGE' });
  });

  test('brackets nested a hundred thousand times', async () => {
    expect((await readText(`a = ${'['.repeat(100_000)}`)).kind).toBe('malformed');
  });
});

test('every key and table has its place, inline tables and dotted keys included', async () => {
  const text =
    'model = "x" # c\ntui.animations = true\n\n[mcp_servers."a b"]\ncommand = "y"\nenv = { K = "v" }\n\n[mcp_servers."a b".tools]\n';
  const positions = await locateKeys(text);
  const place = (...key: string[]) => {
    const found = positions.find(key);
    return (
      found && {
        line: found.line,
        column: found.column,
        text: text.slice(found.start, found.end),
        inline: found.inline,
      }
    );
  };
  expect(place('model')).toEqual({ line: 1, column: 1, text: 'model = "x"', inline: false });
  expect(place('tui', 'animations')?.line).toBe(2);
  expect(place('mcp_servers', 'a b', 'env', 'K')).toEqual({
    line: 6,
    column: 9,
    text: 'K = "v"',
    inline: true,
  });
  expect(positions.tables(['mcp_servers', 'a b']).map(({ line }) => line)).toEqual([4, 8]);
  expect(positions.find(['nope'])).toBeUndefined();
});

test('a managed file wins over the user, a system file does not, and a project only counts when trusted', async () => {
  const etc = join(home.userHome, 'root', 'etc', 'codex');
  await mkdir(etc, { recursive: true });
  await writeFile(join(etc, 'config.toml'), 'model = "system"\nmodel_provider = "a"\n');
  await home.write('config.toml', 'model = "user"\nopenai_base_url = "https://user.invalid"\n');
  await mkdir(join(home.userHome, 'work', '.codex'));
  await writeFile(join(home.userHome, 'work', '.codex', 'config.toml'), 'model = "project"\n');

  let layers = await readConfigLayers(home.context());
  expect(layers.map(({ kind }) => kind)).toEqual(['system', 'user']);
  expect(effectiveText(layers, 'model')?.value).toBe('user');
  expect(effectiveText(layers, 'model_provider')?.value).toBe('a');

  await home.write(
    'config.toml',
    `model = "user"\n[projects."${join(home.userHome, 'work')}"]\ntrust_level = "trusted"\n`,
  );
  await writeFile(join(etc, 'managed_config.toml'), 'model = "managed"\n');
  layers = await readConfigLayers(home.context());
  expect(layers.map(({ kind }) => kind)).toEqual(['system', 'user', 'project', 'managed']);
  expect(effectiveText(layers, 'model')?.value).toBe('managed');
});
