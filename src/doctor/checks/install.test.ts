import { chown, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  installNpm,
  installStandalone,
  nodeFolder,
  writeProgram,
} from '../../../test/support/codex-installs.ts';
import { CODEX_ALIASES, temporaryFolder } from '../../../test/support/real-codex.ts';
import { compareVersions } from '../../codex/install-version.ts';
import { createHost, type Host } from '../../host.ts';
import { createContext } from '../context.ts';
import { installCheck } from './install.ts';

let folder: { path: string; remove: () => Promise<void> };
let place: string;
let node: string;
let count = 0;

beforeAll(async () => {
  folder = await temporaryFolder('steward-install');
  node = await nodeFolder(join(folder.path, 'node'));
});
afterAll(() => folder.remove());
beforeEach(async () => {
  place = join(folder.path, String(count++));
  await mkdir(join(place, 'user', '.codex'), { recursive: true });
});

function run(path: readonly string[], overrides: Partial<Host> = {}) {
  const userHome = join(place, 'user');
  const env = { PATH: path.join(':'), HOME: userHome };
  const host = createHost({ env, userHome, root: join(place, 'root'), ...overrides });
  const home = { path: join(userHome, '.codex'), source: 'default' as const };
  return installCheck.run(createContext({ host, home, signal: new AbortController().signal, live: false }));
}
async function findings(path: readonly string[], overrides: Partial<Host> = {}) {
  return (await run(path, overrides)).problems.map(({ finding }) => finding);
}

describe.each(CODEX_ALIASES)('a healthy %s', (alias) => {
  it('installed by npm gives no finding', async () => {
    const bin = await installNpm(join(place, 'prefix'), alias);
    expect(await run([node, bin])).toMatchObject({ status: 'ok', problems: [] });
  });

  it('installed by the official script gives no finding, also beside its own link', async () => {
    const home = join(place, 'user', '.codex');
    const bin = await installStandalone(home, alias, join(place, 'user', '.local', 'bin'));
    const current = join(home, 'packages', 'standalone', 'current', 'bin');
    expect(await run([bin, current])).toMatchObject({ status: 'ok', problems: [] });
  });
});

it('gives no finding where there never was a Codex, and claims no health either', async () => {
  expect(await run([node])).toMatchObject({
    status: 'skipped',
    summary: 'no codex on this machine',
    problems: [],
  });
});

it('misses the program of a home that was used', async () => {
  await writeFile(join(place, 'user', '.codex', 'auth.json'), '{}');
  expect(await findings([node])).toMatchObject([
    {
      id: 'install.binary_missing',
      severity: 'warn',
      fix: { command: 'npm install --global @openai/codex' },
    },
  ]);
});

it('plans the reinstall of the same version when the optional package is missing', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-0.133', { native: false });
  const { problems } = await run([node, bin]);
  expect(problems[0]?.finding).toMatchObject({
    id: 'install.binary_missing',
    subject: join(bin, 'codex'),
    cause: expect.stringContaining('@openai/codex-linux-x64'),
    fix: {
      repairId: 'install.binary_missing.reinstall',
      command: 'steward doctor --fix --only install.binary_missing',
    },
  });
  const prefix = join(place, 'prefix');
  expect(await problems[0]?.plan?.()).toMatchObject({
    steps: [
      {
        kind: 'command',
        argv: [
          'npm',
          'install',
          '--global',
          '@openai/codex@0.133.0',
          '--include=optional',
          '--prefix',
          prefix,
          '--no-audit',
          '--no-fund',
        ],
        touches: [join(prefix, 'lib/node_modules/@openai/codex'), join(bin, 'codex')],
      },
    ],
  });
});

it('refuses to plan for a prefix that belongs to somebody else', async () => {
  const bin = await installNpm(join(place, 'prefix'), 'codex-0.133', { native: false });
  const { problems } = await run([node, bin], { uid: 12345 });
  expect(await problems[0]?.plan?.()).toMatchObject({
    refused: expect.stringMatching(/belongs to another user/),
  });
});

it('finds a newer copy hidden by an older one, and takes the older link out of the way', async () => {
  const old = await installNpm(join(place, 'old'), 'codex-0.133');
  const newer = await installNpm(join(place, 'new'), 'codex-newest');
  const { problems } = await run([node, old, newer]);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.finding).toMatchObject({
    id: 'install.path_shadow',
    severity: 'warn',
    cause: expect.stringMatching(/0\.133\.0.*hides the newer.*0\.169\.0/),
    evidence: [{ where: join(old, 'codex') }, { where: join(newer, 'codex') }],
  });
  expect(await problems[0]?.plan?.()).toMatchObject({
    repairId: 'install.path_shadow.unlink',
    steps: [{ kind: 'move-aside', path: join(old, 'codex'), expect: { kind: 'content' } }],
  });
  expect((await lstat(join(old, 'codex'))).isSymbolicLink()).toBe(true);
});

it('leaves it alone when the newer copy comes first', async () => {
  const old = await installNpm(join(place, 'old'), 'codex-0.133');
  const newer = await installNpm(join(place, 'new'), 'codex-newest');
  expect(await run([node, newer, old])).toMatchObject({ status: 'ok' });
});

it('does not offer to move a link of another user', async () => {
  const old = await installNpm(join(place, 'old'), 'codex-0.133');
  const newer = await installNpm(join(place, 'new'), 'codex-newest');
  const [found] = (await run([node, old, newer], { uid: 12345 })).problems;
  expect(found?.plan).toBeUndefined();
  expect(found?.finding.fix).toMatchObject({
    repairId: null,
    command: 'npm uninstall --global @openai/codex',
  });
});

it('tells an install for another processor from a missing one', async () => {
  const bin = await installStandalone(join(place, 'user', '.codex'), 'codex-newest', join(place, 'bin'));
  expect(await findings([bin], { arch: 'arm64' })).toMatchObject([
    {
      id: 'install.platform_incompat',
      cause: expect.stringMatching(/built for elf x64, this machine is elf arm64/),
    },
  ]);
});

it('tells a C library that is too old from the words of the loader', async () => {
  await writeProgram(join(place, 'bin', 'codex'), '');
  await writeFile(join(place, 'bin', 'codex'), await readFile('/usr/bin/true'));
  const output = "codex: /lib/libc.so.6: version `GLIBC_2.39' not found (required by codex)";
  const overrides: Partial<Host> = {
    root: '',
    run: async () => ({ kind: 'exited', code: 1, stdout: '', stderr: output }),
  };
  expect(await findings([join(place, 'bin')], overrides)).toMatchObject([
    { id: 'install.platform_incompat', evidence: [{ what: output }] },
  ]);
});

it('names a link that leads nowhere when it is all there is', async () => {
  await mkdir(join(place, 'bin'));
  await symlink('/opt/gone/codex', join(place, 'bin', 'codex'));
  expect(await findings([join(place, 'bin')])).toMatchObject([
    { id: 'install.binary_missing', cause: expect.stringContaining('/opt/gone/codex') },
  ]);
});

it('says which folder to put on PATH when the only copy is off it', async () => {
  const bin = await installNpm(join(place, 'user', '.npm-global'), 'codex-newest');
  expect(await findings([node])).toMatchObject([
    {
      id: 'install.binary_missing',
      severity: 'warn',
      fix: { steps: [expect.stringContaining(`export PATH="${bin}:$PATH"`)] },
    },
  ]);
});

describe('rights of another user', () => {
  it('mentions a prefix that only root may write to, and warns when an update failed there', async () => {
    const bin = await installNpm(join(place, 'prefix'), 'codex-newest');
    expect(await findings([node, bin], { uid: 12345 })).toMatchObject([
      { id: 'install.permission', severity: 'info' },
    ]);
    await mkdir(join(place, 'prefix/lib/node_modules/@openai/.codex-Ab3dE5gH'));
    expect(await findings([node, bin], { uid: 12345 })).toMatchObject([
      {
        id: 'install.permission',
        severity: 'warn',
        evidence: [{}, { where: expect.stringContaining('.codex-Ab3dE5gH') }],
      },
    ]);
  });

  it("finds files of root in the user's npm cache", async () => {
    const bin = await installNpm(join(place, 'prefix'), 'codex-newest');
    await chown(join(place, 'prefix/lib/node_modules/@openai'), 12345, 12345);
    await mkdir(join(place, 'user', '.npm', '_cacache'), { recursive: true });
    await chown(join(place, 'user', '.npm'), 12345, 12345);
    expect(await findings([node, bin], { uid: 12345 })).toMatchObject([
      {
        id: 'install.permission',
        subject: join(place, 'user/.npm/_cacache'),
        fix: { steps: [expect.stringMatching(/chown -R 12345/)] },
      },
    ]);
  });
});

it('sees on Windows that PATHEXT does not find the shim', async () => {
  // Windows' own paths cannot be made here; the rule itself can be asked.
  const bin = await installNpm(join(place, 'prefix'), 'codex-newest');
  await symlink('codex', join(bin, 'codex.com'));
  const result = await run([], {
    platform: 'win32',
    env: { Path: bin, PATHEXT: '.COM' },
  });
  expect(result.problems.map(({ finding }) => finding.id)).toContain('install.spawn_shim');
});

it('orders versions', () => {
  const ordered = ['x', '0.9.9', '0.133.0', '0.169.0-alpha.2', '0.169.0-alpha.10', '0.169.0', '1.0.0'];
  expect([...ordered].reverse().sort(compareVersions)).toEqual(ordered);
});
