import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CodexReader } from '../../codex/home.ts';
import { type CodexProcess, readCodexProcesses } from '../../codex/processes.ts';
import { createHost, type Host } from '../../host.ts';
import type { Check, CheckResult } from '../check.ts';
import { createContext } from '../context.ts';
import { stateBackfillCheck } from './state-backfill.ts';
import { stateDatabasesCheck } from './state-databases.ts';
import { stateDesktopCheck } from './state-desktop.ts';
import { stateDiskCheck } from './state-disk.ts';
import { stateLocksCheck } from './state-locks.ts';
import { statePermissionCheck } from './state-permission.ts';
import { sizeText } from './state-text.ts';
import { stateWslCheck } from './state-wsl.ts';

const IS_ROOT = process.getuid?.() === 0;
const NOW = Date.parse('2026-11-21T12:00:00Z');

let userHome: string;
let home: string;

beforeEach(async () => {
  userHome = await mkdtemp('/var/tmp/steward-state-');
  home = join(userHome, '.codex');
  await mkdir(home);
});

afterEach(() => rm(userHome, { recursive: true, force: true }));

interface World {
  readonly host?: Partial<Host>;
  readonly processes?: readonly CodexProcess[];
  readonly codexHome?: string;
}

function run(check: Check, world: World = {}): Promise<CheckResult> {
  const host = createHost({
    env: { CODEX_HOME: home },
    userHome,
    cwd: userHome,
    now: () => NOW,
    ...world.host,
  });
  const context = createContext({
    host,
    home: { path: world.codexHome ?? home, source: 'env' },
    signal: new AbortController().signal,
    live: false,
  });
  const read = <T>(reader: CodexReader<T>): Promise<T> =>
    reader === (readCodexProcesses as CodexReader<unknown>)
      ? Promise.resolve((world.processes ?? []) as T)
      : context.read(reader);
  return check.run({ ...context, read });
}

const CODEX: CodexProcess = {
  pid: 4242,
  ppid: 100,
  kind: 'cli',
  command: 'codex resume',
  executable: '/usr/bin/codex',
  home: null,
  localPorts: [],
  startTime: '1',
};

function makeState(sql: string): void {
  const db = new DatabaseSync(join(home, 'state_5.sqlite'));
  db.exec(sql);
  db.close();
}

describe('the build of the session index', () => {
  const claimed = (ageSeconds: number) =>
    makeState(`CREATE TABLE backfill_state(id INTEGER, status TEXT, last_watermark TEXT, last_success_at INTEGER, updated_at INTEGER);
      INSERT INTO backfill_state VALUES (1, 'running', 'sessions/x.jsonl', NULL, ${NOW / 1000 - ageSeconds})`);

  test('left by a dead Codex, it is released: pending, never complete', async () => {
    claimed(60);
    const { problems } = await run(stateBackfillCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'state.backfill_timeout',
      actor: 'steward',
      fix: { automatic: true },
    });
    expect(problems[0]?.finding.cause).toContain('12:14:00 UTC');
    expect(await problems[0]?.plan?.()).toMatchObject({
      requiresStopped: 'all',
      steps: [{ kind: 'sqlite', statements: [{ sql: expect.stringContaining("status = 'pending'") }] }],
    });
  });

  test('under a Codex that is alive, nobody touches it', async () => {
    claimed(30);
    expect(await run(stateBackfillCheck, { processes: [CODEX] })).toMatchObject({ status: 'ok' });
  });

  test('slow under a living Codex, the person is told to wait and nothing is planned', async () => {
    claimed(300);
    const { problems } = await run(stateBackfillCheck, { processes: [CODEX] });
    expect(problems[0]?.finding).toMatchObject({ actor: 'wait', severity: 'warn', fix: { repairId: null } });
    expect(problems[0]?.plan).toBeUndefined();
  });

  test('after its lease the next Codex takes it over by itself: nothing to report', async () => {
    claimed(1000);
    expect(await run(stateBackfillCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('permissions', () => {
  const asUser = { host: { uid: 1000 } };

  test.skipIf(!IS_ROOT)(
    'root-owned files after "sudo codex" name the chown command, since only root can run it',
    async () => {
      await chown(userHome, 1000, 1000);
      await chown(home, 1000, 1000);
      await writeFile(join(home, 'state_5.sqlite'), '');
      const { problems } = await run(statePermissionCheck, asUser);
      expect(problems).toHaveLength(1);
      expect(problems[0]?.finding).toMatchObject({
        id: 'state.permission',
        actor: 'you',
        fix: { command: `sudo chown -R 1000 ${home}`, repairId: null },
        cause: expect.stringContaining('belong to root, as after "sudo codex"'),
      });
      expect(problems[0]?.plan).toBeUndefined();
    },
  );

  test.skipIf(!IS_ROOT)(
    'run by root on that home, the same files are given back in one step each',
    async () => {
      await chown(userHome, 1000, 1000);
      await chown(home, 1000, 1000);
      await writeFile(join(home, 'state_5.sqlite'), '');
      const { problems } = await run(statePermissionCheck);
      expect(await problems[0]?.plan?.()).toMatchObject({
        steps: [{ kind: 'set-owner', path: join(home, 'state_5.sqlite'), uid: 1000 }],
      });
    },
  );

  test.skipIf(!IS_ROOT)(
    'files that their own user cannot write get the missing bits and no others',
    async () => {
      for (const [name, mode] of [
        ['state_5.sqlite', 0o444],
        ['history.jsonl', 0o040],
        ['config.toml', 0o444],
      ] as const) {
        await writeFile(join(home, name), '');
        await chmod(join(home, name), mode);
        await chown(join(home, name), 1000, 1000);
      }
      await chown(userHome, 1000, 1000);
      await chown(home, 1000, 1000);
      const { problems } = await run(statePermissionCheck, asUser);
      expect(problems).toHaveLength(1);
      const plan = await problems[0]?.plan?.();
      const steps = plan && 'steps' in plan ? plan.steps : [];
      expect(steps.map((step) => (step.kind === 'set-mode' ? [step.path, step.mode] : []))).toEqual([
        [join(home, 'history.jsonl'), 0o640],
        [join(home, 'state_5.sqlite'), 0o644],
      ]);
    },
  );

  test('modes of a Windows drive mean nothing', async () => {
    await writeFile(join(home, 'auth.json'), '{}');
    await chmod(join(home, 'auth.json'), 0o777);
    await mkdir(join(userHome, 'proc'));
    await writeFile(join(userHome, 'proc', 'mounts'), `C: ${userHome} 9p rw,aname=drvfs 0 0\n`);
    expect((await run(statePermissionCheck)).problems).toHaveLength(1);
    expect((await run(statePermissionCheck, { host: { isWsl: true, root: userHome } })).problems).toEqual([]);
  });
});

describe('Windows and WSL', () => {
  test('databases on the Windows drive are reported with both homes and the variable that parts them', async () => {
    await mkdir(join(userHome, 'proc'));
    await writeFile(join(userHome, 'proc', 'mounts'), 'C: /mnt/c 9p rw,aname=drvfs 0 0\n');
    const host = { isWsl: true, root: userHome, env: {}, userHome: '/home/ada' };
    const shared = await run(stateWslCheck, { host, codexHome: '/mnt/c/Users/ada/.codex' });
    expect(shared.problems[0]?.finding).toMatchObject({
      id: 'state.wsl_shared_home',
      actor: 'you',
      severity: 'warn',
    });
    expect(shared.problems[0]?.finding.fix.steps.join('\n')).toContain(
      'CODEX_SQLITE_HOME=/home/ada/.codex-sqlite',
    );
    const apart = { ...host, env: { CODEX_SQLITE_HOME: '/home/ada/.codex-sqlite' } };
    expect(await run(stateWslCheck, { host: apart, codexHome: '/mnt/c/Users/ada/.codex' })).toMatchObject({
      status: 'ok',
    });
    expect(await run(stateWslCheck)).toMatchObject({ status: 'skipped' });
  });
});

describe('migrations', () => {
  const migrated = (rows: string) =>
    makeState(`CREATE TABLE _sqlx_migrations(version INTEGER, description TEXT, success INTEGER, checksum BLOB, execution_time INTEGER);
      INSERT INTO _sqlx_migrations VALUES ${rows}`);

  test('a version that only a newer Codex knows is accepted, as both known versions accept it', async () => {
    migrated("(1, 'threads', 1, x'627ef191', 0), (99, 'future', 1, x'00', 0)");
    const { problems } = await run(stateDatabasesCheck);
    // Between 1 and 99 the known ones are missing, which is another matter.
    expect(problems[0]?.finding.evidence.every(({ what }) => !what.includes('99'))).toBe(true);
  });

  test('a database whose every checksum differs was made by another build, which is normal on Windows', async () => {
    migrated("(1, 'threads', 1, x'0011', 0), (2, 'logs', 1, x'0022', 0)");
    expect((await run(stateDatabasesCheck)).problems[0]?.finding.cause).toContain('another build of Codex');
    expect((await run(stateDatabasesCheck, { host: { platform: 'win32' } })).problems).toEqual([]);
  });

  test('on a shared Windows drive the databases are parted instead of set aside', async () => {
    migrated("(1, 'threads', 1, x'0011', 0), (2, 'logs', 1, x'0022', 0)");
    await mkdir(join(userHome, 'proc'));
    await writeFile(join(userHome, 'proc', 'mounts'), `C: ${userHome} 9p rw,aname=drvfs 0 0\n`);
    const { problems } = await run(stateDatabasesCheck, { host: { isWsl: true, root: userHome } });
    expect(problems[0]?.finding).toMatchObject({ actor: 'you', fix: { repairId: null } });
    expect(problems[0]?.plan).toBeUndefined();
  });
});

describe('what cannot be looked at', () => {
  test('is skipped with the reason, never called ok', async () => {
    const nowhere = { codexHome: join(userHome, 'none') };
    expect(await run(stateDatabasesCheck, nowhere)).toMatchObject({
      status: 'skipped',
      summary: 'no databases yet',
    });
    expect(await run(statePermissionCheck, nowhere)).toMatchObject({ status: 'skipped' });
    expect(await run(stateDesktopCheck, nowhere)).toMatchObject({ status: 'skipped' });
    expect(await run(stateLocksCheck, { host: { root: join(userHome, 'no-proc') } })).toMatchObject({
      status: 'skipped',
    });
  });
});

test('a damaged global state is left to the person while the app runs', async () => {
  await writeFile(join(home, '.codex-global-state.json'), '{');
  const app: CodexProcess = { ...CODEX, kind: 'desktop', home };
  const { problems } = await run(stateDesktopCheck, { processes: [app] });
  expect(problems[0]?.finding).toMatchObject({ id: 'state.global_state_corrupt', actor: 'you' });
  expect(problems[0]?.plan).toBeUndefined();
});

function mountSmall(path: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'steward-test', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // not root, or a container that may not mount
  }
}

test('a full disk names what could go with its size, and plans nothing', async ({ skip }) => {
  if (!mountSmall(home)) skip('needs the right to mount a small disk');
  try {
    await mkdir(join(home, 'tmp', 'arg0'), { recursive: true });
    await writeFile(join(home, 'core.77'), Buffer.alloc(3_000_000));
    const { problems } = await run(stateDiskCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'state.disk_full',
      severity: 'fail',
      actor: 'you',
      fix: { repairId: null },
    });
    expect(problems[0]?.finding.fix.steps[0]).toBe(`rm -rf ${join(home, 'core.77')}  # crash dump, 3.0 MB`);
    expect(problems[0]?.plan).toBeUndefined();
  } finally {
    execFileSync('umount', [home]);
  }
});

test.each([
  [999, '999 bytes'],
  [1500, '1.5 kB'],
  [999_600, '1.0 MB'],
  [2_147_483_648, '2.1 GB'],
])('%d bytes read as %s', (bytes, text) => expect(sizeText(bytes)).toBe(text));

test.skipIf(!IS_ROOT)(
  "root looking at somebody's home gives a file back to the owner of that home",
  async () => {
    await chown(home, 1000, 1000);
    await writeFile(join(home, 'config.toml'), '');
    const { problems } = await run(statePermissionCheck);
    expect(await problems[0]?.plan?.()).toMatchObject({
      steps: [{ path: join(home, 'config.toml'), uid: 1000 }],
    });
  },
);
