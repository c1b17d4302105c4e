/** Whatever stands where a file of Codex should be: a report, in time, without a trace and without a write. */
import { chmod, lstat, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { alter, sessionFiles } from '../faults/local-state.ts';
import {
  type BadHome,
  copyHome,
  DAMAGES,
  ensureFile,
  giveToUser,
  holdLocked,
  installForUser,
  USER,
} from '../support/bad-input.ts';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { type DoctorJson, idsOf, steward } from '../support/steward.ts';

vi.setConfig({ maxConcurrency: 3 });

const SESSION = 'a session file';

interface Group {
  readonly name: string;
  readonly files: readonly string[];
  /** Whether a Codex is installed, so that its own doctor meets the same file. */
  readonly codex: boolean;
  /** Damages after which Codex works as before, so that nothing is to be found. */
  readonly harmless: readonly string[];
}

/** What Codex reads over: it takes a new id, and passes over lines that it does not understand. */
const OTHER_TEXT = ['cut in half', 'empty', 'of 200 MB', 'of the wrong types', 'full of garbage'];
const GROUPS: readonly Group[] = [
  { name: 'auth.json', files: ['auth.json'], codex: true, harmless: [] },
  { name: 'config.toml', files: ['config.toml'], codex: true, harmless: ['empty'] },
  // A database that is empty is made anew; bytes behind the last page are not read.
  { name: 'state_5.sqlite', files: ['state_5.sqlite'], codex: true, harmless: ['empty', 'of 200 MB'] },
  { name: 'logs_2.sqlite', files: ['logs_2.sqlite'], codex: false, harmless: ['empty', 'of 200 MB'] },
  {
    name: 'the global state',
    files: ['.codex-global-state.json'],
    codex: false,
    harmless: ['of the wrong types', 'of 200 MB'],
  },
  { name: SESSION, files: [SESSION], codex: false, harmless: ['of 200 MB', 'cut in half'] },
  {
    name: 'installation_id or .env',
    files: ['installation_id', '.env'],
    codex: false,
    harmless: OTHER_TEXT,
  },
  {
    name: 'a file of the daemon',
    files: ['app-server-daemon/app-server.pid', 'app-server-daemon/settings.json'],
    codex: false,
    harmless: [],
  },
  {
    name: 'a file that Codex can do without',
    files: [
      'history.jsonl',
      'version.json',
      'models_cache.json',
      'log/codex-tui.log',
      '.codex-global-state.json.bak',
    ],
    codex: false,
    harmless: Object.keys(DAMAGES),
  },
];

let world: FaultWorld;
let entry: string;
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
  await chmod(world.root, 0o755); // the ordinary user has to get in
  for (const name of ['state_5.sqlite', 'logs_2.sqlite'])
    await alter(join(world.codexHome, name), 'SELECT 1');
  entry = await installForUser(join(world.root, 'steward'));
});
afterAll(async () => {
  await world.remove();
});

/** A copy of the home with something done to it, as the user's own. */
async function badHome(name: string, damage: (home: BadHome) => Promise<void>): Promise<BadHome> {
  const home = await copyHome(world, name);
  await giveToUser(home.root);
  await damage(home);
  return home;
}

async function damageFile(home: BadHome, file: string, kind: string): Promise<void> {
  const path =
    file === SESSION ? ((await sessionFiles(home.codexHome))[0] ?? '') : join(home.codexHome, file);
  await ensureFile(path);
  if (file.endsWith('.sqlite'))
    for (const end of ['-wal', '-shm']) await rm(`${path}${end}`, { force: true });
  await DAMAGES[kind]?.(path);
}

/** Runs the doctor on it and expects what must hold for every input. */
async function examine(home: BadHome, args: readonly string[] = ['--json']): Promise<DoctorJson> {
  await giveToUser(home.root);
  const before = await treeOf(home.root);
  const ran = await steward(home, ['doctor', ...args], { ...USER, entry, timeoutMs: 30_000 });
  expect(ran, 'a report and nothing else').toMatchObject({ signal: null, stderr: '' });
  expect(ran.code).toSatisfy((code) => code === 0 || code === 1);
  expect(ran.stdout).not.toMatch(/\n\s+at .*:\d+:\d+|\[object Object\]|\bundefined\b|\bNaN\b/);
  expect(await treeOf(home.root)).toEqual(before);
  if (!args.includes('--json')) return { findings: [], checks: {} } as unknown as DoctorJson;
  const report = JSON.parse(ran.stdout) as DoctorJson;
  const failed = report.findings.filter(({ id }) => id === 'doctor.check_failed');
  expect(failed.map(({ subject, evidence }) => `${subject}: ${evidence[0]?.what}`)).toEqual([]);
  return report;
}

const CASES = GROUPS.flatMap((group) =>
  Object.keys(DAMAGES).map((kind) => ({ name: group.name, kind, group })),
);

describe.concurrent('a report comes although', () => {
  test.concurrent.each(CASES)('$name is $kind', async ({ group, kind }) => {
    const home = await badHome(`${group.name} ${kind}`, async (made) => {
      for (const file of group.files) await damageFile(made, file, kind);
    });
    const report = await examine(group.codex ? home : withoutCodex(home));
    const told = report.findings.filter(
      ({ severity, id }) => severity !== 'info' && !id.startsWith('install.'),
    );
    if (!group.harmless.includes(kind)) expect(told, 'nothing is found').not.toEqual([]);
    await rm(home.root, { recursive: true, force: true });
  });

  test.concurrent.each(Object.keys(DAMAGES))(
    'every file is %s, also on the screen and in a repair',
    async (kind) => {
      const home = await badHome(`every file ${kind}`, async (made) => {
        for (const file of GROUPS.flatMap(({ files }) => files)) await damageFile(made, file, kind);
      });
      await examine(withoutCodex(home), ['--verbose']);
      const fixed = await steward(home, ['doctor', '--fix', '--yes', '--json'], { ...USER, entry });
      expect(fixed).toMatchObject({ signal: null, stderr: '' });
      const { repairs = [] } = JSON.parse(fixed.stdout) as DoctorJson;
      for (const { result, reason } of repairs) {
        if (result !== 'repaired') expect(reason).toMatch(/\w+ \w+/);
      }
      const last = await steward(home, ['explain', '--last'], { ...USER, entry });
      expect(last).toMatchObject({ signal: null, stderr: '' });
    },
  );
});

describe('a report comes when', () => {
  test.each([
    ['state_5.sqlite', 'BEGIN EXCLUSIVE'],
    ['state_5.sqlite', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE mine (a)'],
    ['logs_2.sqlite', 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE mine (a)'],
  ])('%s is locked by another program (%s)', async (name, sql) => {
    const home = await badHome(`locked ${name} ${sql}`, async () => {});
    const release = await holdLocked(join(home.codexHome, name), sql);
    try {
      await examine(home);
    } finally {
      await release();
    }
  });

  test('a database has lost its main file, or all of them have', async () => {
    const home = await badHome('wal alone', async (made) => {
      await writeFile(join(made.codexHome, 'state_5.sqlite-wal'), Buffer.alloc(8192, 7));
      await rm(join(made.codexHome, 'state_5.sqlite'));
    });
    expect(idsOf(await examine(home))).toContain('state.sqlite_corrupt');
    for (const name of await readdir(home.codexHome)) {
      if (name.endsWith('.sqlite')) await rm(join(home.codexHome, name));
    }
    await examine(home);
  });

  test('nothing in the whole home may be written, and a repair says so', async () => {
    const home = await badHome('read-only', (made) =>
      writeFile(join(made.codexHome, 'config.toml'), 'sandbox_mode = "half-open"\n'),
    );
    await giveToUser(home.root);
    for (const name of [...(await readdir(home.root, { recursive: true })), '']) {
      await chmod(
        join(home.root, name),
        name === '' || (await isFolder(join(home.root, name))) ? 0o555 : 0o444,
      );
    }
    const report = await examine(home);
    expect(idsOf(report)).toContain('state.permission');
    const before = await treeOf(home.root);
    const fixed = await steward(home, ['doctor', '--fix', '--yes', '--only', 'config'], { ...USER, entry });
    expect([1, 3]).toContain(fixed.code);
    expect(fixed.stdout + fixed.stderr).toMatch(/EACCES|permission|may not|read-only/i);
    expect(fixed.stdout + fixed.stderr).not.toMatch(/\n\s+at |fault of steward itself/);
    expect(await treeOf(home.root)).toEqual(before);
  });

  test('the home is missing, a file, a loop, closed, or a pipe', async () => {
    const home = await badHome('no home', async () => {});
    await giveToUser(home.root);
    await chmod(home.codexHome, 0o000);
    expect((await examine(home)).overallStatus).toBe('fail');
    await rm(home.codexHome, { recursive: true });
    await examine(home);
    for (const kind of [
      'full of garbage',
      'a loop of links',
      'a pipe that nobody writes to',
      'an endless device',
    ]) {
      await writeFile(home.codexHome, 'x');
      await DAMAGES[kind]?.(home.codexHome);
      const report = await examine(home);
      expect(report.overallStatus, kind).toBe('fail');
      const fixed = await steward(home, ['doctor', '--fix', '--yes'], { ...USER, entry });
      expect(fixed.signal).toBeNull();
      expect(fixed.stdout + fixed.stderr).not.toMatch(/\n\s+at |fault of steward itself/);
      for (const args of [['history'], ['undo']]) {
        const ran = await steward(home, args, { ...USER, entry });
        expect([0, 1, 3], `${args} on ${kind}: ${ran.stderr}`).toContain(ran.code);
      }
      await rm(home.codexHome, { force: true });
    }
  });
});

/** Codex's own doctor takes half of the time, and what it says of these files is no business of these tests. */
function withoutCodex(home: BadHome): BadHome {
  return { ...home, env: { ...home.env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` } };
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path)).isDirectory();
}
