/** The package as it is published: small, complete, installed into an empty folder, with types that resolve. */
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ran, runProgram, temporaryFolder } from '../support/real-codex.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAX_PACKED_BYTES = 1.5 * 1024 * 1024;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tarball: string;
let consumer: string;

/** A copy of the sources: packing builds `dist/`, which other tests are using. */
beforeAll(async () => {
  folder = await temporaryFolder('steward-package');
  const copy = join(folder.path, 'source');
  await mkdir(copy);
  for (const name of await readdir(ROOT)) {
    if (['node_modules', 'dist', '.git', 'test', 'tools'].includes(name)) continue;
    await cp(join(ROOT, name), join(copy, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const packed = await npm(copy, 'pack', '--pack-destination', folder.path);
  tarball = join(folder.path, packed.stdout.trim().split('\n').at(-1) ?? '');

  consumer = join(folder.path, 'consumer');
  await mkdir(join(consumer, '.codex'), { recursive: true });
  await writeFile(
    join(consumer, 'package.json'),
    '{ "name": "consumer", "private": true, "type": "module" }\n',
  );
  await npm(consumer, 'install', tarball, '--prefer-offline', '--no-audit', '--no-fund');
});
afterAll(() => folder.remove());

async function npm(cwd: string, ...args: readonly string[]): Promise<Ran> {
  const ran = await runProgram('npm', [...args], { cwd, timeoutMs: 110_000 });
  if (ran.code !== 0) throw new Error(`npm ${args[0]} failed: ${ran.stdout}${ran.stderr}`);
  return ran;
}

const home = () => ({ HOME: consumer, CODEX_HOME: join(consumer, '.codex') });

test('is small and holds what belongs in it, and nothing else', async () => {
  expect((await stat(tarball)).size).toBeLessThan(MAX_PACKED_BYTES);
  const installed = join(consumer, 'node_modules', 'codex-steward');
  const files = (await readdir(installed, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
  expect(files).toEqual(
    expect.arrayContaining([
      'README.md',
      'LICENSE',
      'package.json',
      'dist/index.js',
      'dist/types/index.d.ts',
    ]),
  );
  expect(files.filter((name) => /\.test\.|(^|\/)(src|test|bench|scripts)\/|\.map$/.test(name))).toEqual([]);
  for (const name of files.filter((file) => /\.(c?js|d\.ts|md|json)$/.test(file))) {
    expect(await readFile(join(installed, name), 'utf8'), name).not.toContain(ROOT);
  }
});

test('runs as npx codex-steward, and both bins are the same program', async () => {
  const ran = await runProgram('npx', ['--no-install', 'codex-steward', 'doctor', '--json'], {
    cwd: consumer,
    env: home(),
  });
  expect(ran.stderr.replaceAll(/^npm (warn|notice).*\n?/gm, '')).toBe('');
  expect(JSON.parse(ran.stdout)).toMatchObject({
    schemaVersion: 1,
    command: 'doctor',
    codexHome: home().CODEX_HOME,
  });
  expect(ran.code).toBe(1); // there is no login in this home
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  for (const bin of ['steward', 'codex-steward']) {
    const path = join(consumer, 'node_modules', '.bin', bin);
    expect(await runProgram(path, ['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    expect((await runProgram(path, ['lab', 'list'], { env: home() })).stdout).toMatch(/^ok /);
    expect((await runProgram(path, ['history'], { env: home() })).code).toBe(0);
    expect((await runProgram(path, ['explain', 'refresh_token_reused'], { env: home() })).stdout).toMatch(
      /refresh/,
    );
  }
});

test('is a library with the exports that its entry names', async () => {
  const script = `import * as steward from 'codex-steward';
    import manifest from 'codex-steward/package.json' with { type: 'json' };
    const host = steward.createHost();
    const scope = { host, home: steward.resolveCodexHome(host), live: false, signal: AbortSignal.timeout(20000) };
    const { report } = await steward.diagnose(steward.selectChecks(steward.CHECKS, ['auth']), scope);
    console.log(JSON.stringify({ names: Object.keys(steward).sort(), name: manifest.name, ids: report.findings.map((f) => f.id) }));`;
  await writeFile(join(consumer, 'use.js'), script);
  const ran = await runProgram(process.execPath, ['--no-warnings', 'use.js'], { cwd: consumer, env: home() });
  expect(ran.stderr).toBe('');
  expect(JSON.parse(ran.stdout)).toMatchObject({
    name: 'codex-steward',
    names: expect.arrayContaining([
      'CHECKS',
      'EXIT',
      'FAILURE_IDS',
      'StewardError',
      'createHost',
      'diagnose',
    ]),
    ids: ['auth.not_logged_in'],
  });
  const remote = `import { readHostStatus, resolveCodexHome, createHost } from 'codex-steward/remote';
    const host = createHost();
    const scope = { host, home: resolveCodexHome(host), signal: AbortSignal.timeout(20000) };
    console.log(JSON.stringify((await readHostStatus(scope, { remember: false })).status));`;
  await writeFile(join(consumer, 'remote.js'), remote);
  const asked = await runProgram(process.execPath, ['--no-warnings', 'remote.js'], {
    cwd: consumer,
    env: home(),
  });
  expect(asked.stderr).toBe('');
  expect(JSON.parse(asked.stdout)).toMatchObject({ status: 'disabled', lastError: null });
  const inside = await runProgram(process.execPath, ['-e', "import('codex-steward/dist/program/main.js')"], {
    cwd: consumer,
  });
  expect(inside.stderr).toMatch(/ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test.each(['nodenext', 'bundler'])('has types that resolve with moduleResolution %s', async (resolution) => {
  await writeFile(
    join(consumer, 'use.ts'),
    `import { CHECKS, createHost, type Diagnosis, diagnose, type Finding, type RunScope, resolveCodexHome, selectChecks } from 'codex-steward';
import { type HostStatus, lookAtRemote, type TroubleKind } from 'codex-steward/remote';
const host = createHost();
const scope: RunScope = { host, home: resolveCodexHome(host), live: false, signal: new AbortController().signal };
const seen: Diagnosis = await diagnose(selectChecks(CHECKS, []), scope);
export const worst: Finding | undefined = seen.report.findings[0];
export const severity: 'fail' | 'warn' | 'info' | undefined = worst?.severity;
export const remote: HostStatus = (await lookAtRemote(scope)).host.status;
export const kind: TroubleKind = 'mfa';
// @ts-expect-error a finding has no such member
export const nothing = worst?.nope;
`,
  );
  const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
  const ran = await runProgram(
    process.execPath,
    [
      join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
      ...['--noEmit', '--strict', '--target', 'es2023', '--module', module, '--moduleResolution', resolution],
      ...['--typeRoots', join(ROOT, 'node_modules', '@types'), '--types', 'node', 'use.ts'],
    ],
    { cwd: consumer },
  );
  expect(ran).toMatchObject({ code: 0, stdout: '' });
});

test('passes publint and attw', async () => {
  const bin = (name: string) => join(ROOT, 'tools', 'node_modules', '.bin', name);
  const publint = await runProgram(bin('publint'), ['--strict', tarball]);
  expect(publint.code, publint.stdout + publint.stderr).toBe(0);
  const attw = await runProgram(bin('attw'), ['--profile', 'esm-only', basename(tarball)], {
    cwd: dirname(tarball),
  });
  expect(attw.code, attw.stdout + attw.stderr).toBe(0);
});
