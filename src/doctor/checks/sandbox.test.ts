import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CODEX_ALIASES, codexBinary, temporaryFolder } from '../../../test/support/real-codex.ts';
import { sandboxLayer } from '../../codex/sandbox-cause.ts';
import { probeSandbox } from '../../codex/sandbox-probe.ts';
import { createHost, type Host, type RunResult } from '../../host.ts';
import { createContext } from '../context.ts';
import { sandboxCheck } from './sandbox.ts';

let folder: { path: string; remove: () => Promise<void> };
let place: string;
let count = 0;

beforeAll(async () => {
  folder = await temporaryFolder('steward-sandbox');
});
afterAll(() => folder.remove());
beforeEach(async () => {
  place = join(folder.path, String(count++));
  await mkdir(join(place, 'home', '.codex'), { recursive: true });
  await mkdir(join(place, 'bin'));
});

/** A machine whose only `codex` is a link to that program. */
async function hostWith(program: string, overrides: Partial<Host> = {}): Promise<Host> {
  const { symlink } = await import('node:fs/promises');
  await symlink(program, join(place, 'bin', 'codex'));
  const userHome = join(place, 'home');
  return createHost({ env: { PATH: join(place, 'bin'), HOME: userHome }, userHome, ...overrides });
}
function run(host: Host) {
  const home = { path: join(place, 'home', '.codex'), source: 'default' as const };
  return sandboxCheck.run(createContext({ host, home, signal: new AbortController().signal, live: false }));
}
const answer =
  (stderr: string, code = 1): Host['run'] =>
  async () => ({ kind: 'exited', code, stdout: '', stderr });

describe.each(CODEX_ALIASES)('%s', (alias) => {
  it('starts a command for real where the system allows it, and writes nothing into the home', async () => {
    const host = await hostWith(codexBinary(alias));
    expect(await run(host)).toMatchObject({
      status: 'ok',
      summary: 'a command starts under bubblewrap (the copy that comes with Codex)',
      problems: [],
    });
    expect(await readdir(join(place, 'home', '.codex'))).toEqual([]);
  });

  it('names the limit when this system really has no namespace left', async () => {
    const host = await hostWith(codexBinary(alias), {
      // The same program in a user namespace that may not have another one below it.
      run: (file, args, options) => {
        const script = 'echo 0 > /proc/sys/user/max_user_namespaces; exec -a codex-linux-sandbox "$0" "$@"';
        return createHost().run('unshare', ['-Ur', 'bash', '-c', script, file, ...args], {
          ...options,
          argv0: undefined,
          env: { PATH: process.env.PATH },
        });
      },
    });
    const result = await run(host);
    expect(result.problems.map(({ finding }) => finding)).toMatchObject([
      {
        id: 'sandbox.userns_blocked',
        subject: 'userns-limit',
        severity: 'fail',
        fix: { steps: expect.arrayContaining(['sudo sysctl -w user.max_user_namespaces=15000']) },
        evidence: [
          { what: expect.stringMatching(/max_\*_namespaces exceeded/) },
          { where: '/proc/sys/user/max_user_namespaces' },
        ],
      },
    ]);
  });

  it('finds that neither the system nor the package has a bubblewrap', async () => {
    const bare = join(place, 'bare');
    await mkdir(bare);
    await copyFile(codexBinary(alias), join(bare, 'codex'));
    const root = join(place, 'root', 'etc');
    await mkdir(root, { recursive: true });
    await writeFile(join(root, 'os-release'), 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n');
    const host = await hostWith(join(bare, 'codex'), { root: join(place, 'root') });
    const result = await run(host);
    expect(result.problems.map(({ finding }) => finding)).toMatchObject([
      { id: 'sandbox.bwrap_missing', fix: { command: 'sudo apt-get install bubblewrap', repairId: null } },
    ]);
  });
});

describe('the layer that blocks', () => {
  const DENIED = 'bwrap: setting up uid map: Permission denied\n';
  const LOOPBACK = 'bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted\n';
  it.each<[string, string, Record<string, string>, string, RegExp]>([
    [
      'AppArmor',
      LOOPBACK,
      { 'proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      'apparmor',
      /apparmor_parser -r/,
    ],
    [
      'Debian',
      DENIED,
      { 'proc/sys/kernel/unprivileged_userns_clone': '0\n' },
      'userns-sysctl',
      /unprivileged_userns_clone=1/,
    ],
    ['a container', DENIED, { '.dockerenv': '' }, 'container', /seccomp/],
    [
      'a small kernel',
      'bwrap: Creating new namespace failed: Function not implemented',
      {},
      'userns-kernel',
      /CONFIG_USER_NS/,
    ],
  ])('is named: %s', async (_what, stderr, files, layer, step) => {
    for (const [path, content] of Object.entries({
      'proc/sys/user/max_user_namespaces': '96365\n',
      ...files,
    })) {
      const file = join(place, 'root', path);
      await mkdir(join(file, '..'), { recursive: true });
      await writeFile(file, content);
    }
    const host = await hostWith(codexBinary('codex-newest'), {
      root: join(place, 'root'),
      run: answer(stderr),
    });
    const { problems } = await run(host);
    expect(problems[0]?.finding).toMatchObject({ id: 'sandbox.userns_blocked', subject: layer });
    expect(problems[0]?.finding.fix.steps.join('\n')).toMatch(step);
    expect(JSON.stringify(problems)).not.toMatch(/danger-full-access|restrict_unprivileged_userns=0/);
  });

  it('is no failure to who has turned the sandbox off', async () => {
    await writeFile(join(place, 'home', '.codex', 'config.toml'), 'sandbox_mode = "danger-full-access"\n');
    const host = await hostWith(codexBinary('codex-newest'), { run: answer(DENIED) });
    expect((await run(host)).problems[0]?.finding.severity).toBe('info');
  });

  it.each([
    ['Sandbox(LandlockRestrict)', 'landlock'],
    ['error running landlock: bad', 'landlock'],
    ['sandbox-exec: sandbox_apply: Operation not permitted', 'seatbelt'],
    ['CreateProcessAsUserW failed: 5', 'windows'],
    ['bundled bubblewrap digest mismatch for /x', 'bundled-bwrap-damaged'],
    ['something else', 'unknown'],
  ])('follows from "%s"', (output, layer) => {
    expect(sandboxLayer(output, null)).toBe(layer);
  });

  it('prints an AppArmor profile that the parser would read', async () => {
    const { adviceFor } = await import('./sandbox-advice.ts');
    const binary = { native: '/c/codex', path: '/c/codex' } as Parameters<typeof adviceFor>[2];
    const [write = ''] = adviceFor('apparmor', null, binary).steps;
    const [command = ''] = write.split(' | sudo tee');
    const printed = spawnSync('sh', ['-c', command], { encoding: 'utf8' }).stdout;
    expect(printed).toBe(
      'abi <abi/4.0>,\ninclude <tunables/global>\nprofile codex-bwrap "bwrap" flags=(unconfined) {\n  userns,\n}\n',
    );
  });
});

describe('an answer that tells nothing', () => {
  it.each<[string, RunResult]>([
    ['other arguments', { kind: 'exited', code: 2, stdout: '', stderr: "error: unexpected argument '--x'" }],
    ['a hang', { kind: 'timeout', stdout: '', stderr: '' }],
    ['no start', { kind: 'unstartable', code: 'EACCES', message: 'spawn EACCES' }],
  ])('is not called healthy: %s', async (_what, ran) => {
    const host = await hostWith(codexBinary('codex-newest'), { run: async () => ran });
    expect(await run(host)).toMatchObject({ status: 'skipped', problems: [] });
  });

  it('is not asked for where there is no codex', async () => {
    const host = createHost({ env: {}, userHome: place, root: place });
    expect(await run(host)).toMatchObject({ status: 'skipped' });
  });

  it('is asked of Seatbelt on macOS', async () => {
    const stderr = 'sandbox-exec: sandbox_apply: Operation not permitted';
    const host = createHost({ platform: 'darwin', env: {}, run: answer(stderr, 71) });
    const home = { path: place, source: 'env' as const };
    const scope = { host, home, signal: new AbortController().signal };
    const binary = { native: '/c/codex', path: '/c/codex' } as Parameters<typeof probeSandbox>[1];
    const probe = await probeSandbox(scope, binary, { legacyLandlock: false, mayWrite: false });
    expect(probe).toEqual({ kind: 'failed', how: 'Seatbelt', output: stderr });
  });
});
