import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHost } from '../../../host.ts';
import { checkCompanions, findCompanionInstalls } from './companion-installs.ts';

let prefix: string;

beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'steward-companion-'));
  await mkdir(join(prefix, 'bin'));
});

afterEach(() => rm(prefix, { recursive: true, force: true }));

function find() {
  const host = createHost({ env: { PATH: `${join(prefix, 'nothing')}:${join(prefix, 'bin')}` } });
  return findCompanionInstalls({
    host,
    home: { path: prefix, source: 'env' },
    signal: new AbortController().signal,
  });
}

async function install(name: string, version: string, command?: string): Promise<void> {
  const folder = join(prefix, 'lib', 'node_modules', name);
  await mkdir(join(folder, 'dist'), { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, version }));
  if (command === undefined) return;
  await writeFile(join(folder, 'dist', 'cli.js'), '');
  await symlink(join(folder, 'dist', 'cli.js'), join(prefix, 'bin', command));
}

test('nothing installed is ok', async () => {
  const checks = checkCompanions(await find());
  expect(checks.map(({ key, severity }) => [key, severity])).toEqual([
    ['scoped-package', 'ok'],
    ['companion-tool', 'ok'],
  ]);
});

test('the tool is found by the command that PATH leads to, with its version and how to remove it', async () => {
  await install('codex-multi-auth', '2.8.7', 'codex-multi-auth');
  const checks = checkCompanions(await find());
  expect(checks[1]).toMatchObject({
    severity: 'warn',
    details: expect.stringMatching(/codex-multi-auth 2\.8\.7.*npm uninstall -g codex-multi-auth/),
  });
});

test('a former scoped package is found without any command of its own', async () => {
  await install('@someone/codex-multi-auth', '0.9.0');
  await install('@other/thing', '1.0.0');
  const checks = checkCompanions(await find());
  expect(checks[0]).toMatchObject({
    severity: 'warn',
    details: expect.stringContaining('npm uninstall -g @someone/codex-multi-auth'),
  });
  expect(checks[1]?.severity).toBe('ok');
});

test('another program of that name is not taken for it', async () => {
  await install('something-else', '1.0.0', 'codex-multi-auth');
  expect(await find()).toEqual([]);
});
