import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePlainHome, type PlainHome } from '../../test/support/plain-home.ts';
import { readEnvironmentSources, sourcesOf } from './environment-sources.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

async function put(path: string, text: string) {
  await mkdir(dirname(join(home.userHome, path)), { recursive: true });
  await writeFile(join(home.userHome, path), text);
}

test.each([
  ['.bashrc', '# x\nexport CODEX_API_KEY="k"\n', 2],
  ['.zshenv', 'CODEX_API_KEY=k # mine\n', 1],
  ['.profile', '  declare -gx CODEX_API_KEY=k\n', 1],
  ['.config/fish/config.fish', 'set -gx CODEX_API_KEY k\n', 1],
  ['.config/environment.d/10-codex.conf', 'CODEX_API_KEY=k\n', 1],
  ['.codex/.env', 'A=1\nCODEX_API_KEY=k\n', 2],
  ['root/etc/environment', 'PATH=/bin\nCODEX_API_KEY=k\n', 2],
  ['root/etc/profile.d/codex.sh', 'export CODEX_API_KEY=k;\n', 1],
])('an assignment in %s is found with its line', async (file, text, line) => {
  await put(file, text);
  const sources = await readEnvironmentSources(home.context());
  expect(sourcesOf(sources, 'CODEX_API_KEY')).toEqual([
    { name: 'CODEX_API_KEY', value: 'k', path: join(home.userHome, file), line },
  ]);
});

test('on Windows the profiles of PowerShell are searched', async () => {
  await put(
    'Documents/PowerShell/profile.ps1',
    '$env:OPENAI_API_KEY = "k"\n[Environment]::SetEnvironmentVariable("CODEX_HOME", "D:\\c", "User")\n',
  );
  const { sources } = await readEnvironmentSources(home.context({ platform: 'win32' }));
  expect(sources.map(({ name, line, value }) => [name, line, value])).toEqual([
    ['OPENAI_API_KEY', 1, 'k'],
    ['CODEX_HOME', 2, 'D:\\c'],
  ]);
});

test('comments, other names and mere uses are not assignments', async () => {
  await put(
    '.bashrc',
    '# export CODEX_HOME=/x\necho $CODEX_HOME\nMY_CODEX_HOME=/x\nif [ "$CODEX_HOME" = /x ]; then :; fi\n',
  );
  expect((await readEnvironmentSources(home.context())).sources).toEqual([]);
});

test('what is set now is told from what a file would set', async () => {
  const { set } = await readEnvironmentSources(home.context({ env: { CODEX_HOME: home.path, OTHER: 'x' } }));
  expect([...set]).toEqual([['CODEX_HOME', home.path]]);
});

test('a start-up file that is a folder, a loop or enormous is passed over', async () => {
  await mkdir(join(home.userHome, '.bashrc'));
  await symlink('.zshrc', join(home.userHome, '.zshrc'));
  await put('.profile', '');
  await truncate(join(home.userHome, '.profile'), 200 * 1024 * 1024);
  expect((await readEnvironmentSources(home.context())).sources).toEqual([]);
});
