import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../host.ts';
import { fingerprint } from './fingerprint.ts';
import { prune } from './journal/retention.ts';
import { createWorld } from './journal/world.ts';
import { createJournal, type JournalDeps, type Verification } from './journal.ts';
import { openDatabase } from './sqlite.ts';
import type { RepairPlan, Step } from './steps.ts';

let home: string;
let now: number;
beforeEach(async () => {
  home = await mkdtemp('/var/tmp/steward-unit-journal-');
  now = Date.now();
});
afterEach(() => rm(home, { recursive: true, force: true }));

const at = (name: string) => join(home, name);
const put = (name: string, content: string) => writeFile(at(name), content);
const text = (name: string) => readFile(at(name), 'utf8');

function deps(overrides: Partial<JournalDeps> = {}): JournalDeps {
  return {
    codexHome: home,
    host: createHost({ now: () => now }),
    runningProcesses: async () => ({ app: [], all: [] }),
    readProcess: async () => undefined,
    ...overrides,
  };
}
const journal = (overrides: Partial<JournalDeps> = {}) => createJournal(deps(overrides));

const yes = { verify: async (): Promise<Verification> => ({ kind: 'verified' }) };
const no = { verify: async (): Promise<Verification> => ({ kind: 'not-verified', reason: 'still there' }) };
const plan = (steps: readonly Step[], more: Partial<RepairPlan> = {}): RepairPlan => ({
  repairId: 'test.repair',
  summary: 'Repair it',
  requiresStopped: 'nothing',
  steps,
  ...more,
});
const setModel = async (value = 'new'): Promise<Step> => ({
  kind: 'toml-edit',
  path: at('config.toml'),
  expect: await fingerprint(at('config.toml')),
  edits: [{ op: 'set', key: ['model'], value }],
});

describe('apply', () => {
  it('takes everything back when the check still finds the problem', async () => {
    await put('config.toml', 'model = "old"\n');
    await utimes(at('config.toml'), 1000, 1000);
    const outcome = await journal().apply(plan([await setModel()]), no);
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: 'still there', left: [] });
    expect(await text('config.toml')).toBe('model = "old"\n');
    expect((await stat(at('config.toml'))).mtimeMs).toBe(1_000_000);
    expect((await journal().history())[0]).toMatchObject({ state: 'rolled-back' });
    expect(await journal().undoLatest()).toMatchObject({ kind: 'refused', refusal: { kind: 'unknown' } });
  });

  it('takes back the earlier steps when a later one fails, and says why without the secret', async () => {
    await put('config.toml', 'model = "old"\n');
    const failing: Step = {
      kind: 'command',
      argv: ['/bin/sh', '-c', 'echo "bad token sk-proj-abcdefgh12345678" >&2; exit 3'],
      env: {},
      touches: [],
      timeoutMs: 5000,
    };
    const outcome = await journal().apply(plan([await setModel(), failing]), yes);
    expect(outcome).toMatchObject({ kind: 'rolled-back', code: 'ERR_STORAGE_COMMAND' });
    expect(outcome.kind === 'rolled-back' && outcome.reason).toMatch(
      /ended with code 3: bad token <redacted>/,
    );
    expect(await text('config.toml')).toBe('model = "old"\n');
  });

  it('refuses when the file is not what was planned against', async () => {
    await put('config.toml', 'model = "old"\n');
    const planned = plan([await setModel()]);
    await put('config.toml', 'model = "mine"\n');
    expect(await journal().apply(planned, no)).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'changed', path: at('config.toml') },
    });
    expect(await journal().apply(planned, yes)).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'already-repaired' },
    });
    expect(await text('config.toml')).toBe('model = "mine"\n');
    expect(await journal().history()).toEqual([]);
  });

  it('refuses while Codex runs, naming pid and command; what the plan itself stops does not count', async () => {
    await put('config.toml', 'model = "old"\n');
    const app = { pid: 41, command: 'Codex --token abc123def' };
    const running = journal({
      runningProcesses: async () => ({ app: [app], all: [app, { pid: 42, command: 'codex' }] }),
    });
    const steps = [await setModel()];
    expect(await running.apply(plan(steps, { requiresStopped: 'app' }), yes)).toEqual({
      kind: 'refused',
      reason: 'close Codex first: Codex --token <redacted> (pid 41)',
      refusal: { kind: 'running', processes: [{ pid: 41, command: 'Codex --token <redacted>' }] },
    });
    expect(await running.apply(plan(steps), yes)).toMatchObject({ kind: 'repaired' });

    const stop: Step = {
      kind: 'stop-process',
      pid: 41,
      startTime: '1',
      command: app.command,
      timeoutMs: 100,
    };
    const next = [stop, await setModel('newer')];
    const stays = journal({ runningProcesses: async () => ({ app: [app], all: [app] }) });
    expect(await stays.apply(plan(next, { requiresStopped: 'all' }), yes)).toMatchObject({
      kind: 'rolled-back',
      reason: expect.stringContaining('pid 41'),
    });
    expect(await text('config.toml')).toBe('model = "new"\n');
  });

  it('refuses an edit that cannot be proved, and leaves no trace in the history', async () => {
    await put('config.toml', 'model = \n');
    expect(await journal().apply(plan([await setModel()]), yes)).toMatchObject({
      kind: 'refused',
      refusal: { kind: 'impossible', code: 'ERR_STORAGE_TOML_SYNTAX' },
    });
    expect(await journal().history()).toEqual([]);
  });

  it('does not overwrite what another program saves between the check and the change', async () => {
    await put('config.toml', 'model = "old"\n');
    const racing = journal({
      onBoundary: async (name) => {
        if (name === 'begun-0') await put('config.toml', 'model = "raced"\n');
      },
    });
    expect(await racing.apply(plan([await setModel()]), yes)).toMatchObject({
      kind: 'rolled-back',
      code: 'ERR_STORAGE_CHANGED',
      left: [at('config.toml')],
    });
    expect(await text('config.toml')).toBe('model = "raced"\n');
  });

  it('writes through a symbolic link and keeps link, mode and time of the rest', async () => {
    await mkdir(at('dotfiles'));
    await put('dotfiles/config.toml', 'model = "old"\n');
    await chmod(at('dotfiles/config.toml'), 0o604);
    await symlink('dotfiles/config.toml', at('config.toml'));
    await journal().apply(plan([await setModel()]), yes);
    expect((await lstat(at('config.toml'))).isSymbolicLink()).toBe(true);
    expect(await text('dotfiles/config.toml')).toBe('model = "new"\n');
    expect((await stat(at('config.toml'))).mode & 0o777).toBe(0o604);
  });

  it('refuses to stop a process that only has the same pid', async () => {
    const stop: Step = {
      kind: 'stop-process',
      pid: process.pid,
      startTime: '5',
      command: 'codex app-server',
      timeoutMs: 100,
    };
    const other = journal({ readProcess: async () => ({ startTime: '5', command: 'vim' }) });
    await expect(other.apply(plan([stop]), yes)).rejects.toMatchObject({ code: 'ERR_STORAGE_WRONG_PROCESS' });
    // Another start time: the process that was meant has ended, so there is nothing to stop.
    const gone = journal({ readProcess: async () => ({ startTime: '6', command: 'vim' }) });
    expect(await gone.apply(plan([stop]), yes)).toMatchObject({ kind: 'repaired' });
  });

  it('rolls a database back when it is locked by another program', async () => {
    const db = await openDatabase(at('state.sqlite'));
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    db.exec('BEGIN IMMEDIATE');
    const expected = await fingerprint(at('state.sqlite'));
    const step: Step = {
      kind: 'sqlite',
      path: at('state.sqlite'),
      expect: expected,
      statements: [{ sql: 'DELETE FROM t', params: [] }],
    };
    expect(await journal().apply(plan([step]), yes)).toMatchObject({
      kind: 'rolled-back',
      code: 'ERR_STORAGE_DATABASE_LOCKED',
      left: [],
    });
    db.exec('ROLLBACK');
    await db.close();
    expect(await journal().apply(plan([step]), yes)).toMatchObject({ kind: 'repaired' });
  });

  it('does not take back what another program commits while we fail', async () => {
    const db = await openDatabase(at('state.sqlite'));
    db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    const expected = await fingerprint(at('state.sqlite'));
    db.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (2)');
    const step: Step = {
      kind: 'sqlite',
      path: at('state.sqlite'),
      expect: expected,
      statements: [{ sql: 'DELETE FROM t', params: [] }],
    };
    const failing = journal({
      onBoundary: (name) => {
        if (name === 'rollback-begun') db.exec('COMMIT');
      },
    });
    expect(await failing.apply(plan([step]), yes)).toMatchObject({ kind: 'rolled-back' });
    expect(db.all('SELECT a FROM t')).toEqual([{ a: 1 }, { a: 2 }]);
    await db.close();
  });
});

describe('undo', () => {
  it('refuses when the file changed since, naming it, and keeps the change', async () => {
    await put('config.toml', 'model = "old"\n');
    await journal().apply(plan([await setModel()]), yes);
    await put('config.toml', 'model = "mine"\n');
    expect(await journal().undoLatest()).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('config.toml changed since the repair'),
      refusal: { kind: 'changed', path: at('config.toml') },
    });
    expect(await text('config.toml')).toBe('model = "mine"\n');
  });

  it('refuses when Codex has made a new file where one was moved away', async () => {
    await put('state.sqlite', 'broken');
    const step: Step = {
      kind: 'move-aside',
      path: at('state.sqlite'),
      expect: await fingerprint(at('state.sqlite')),
      sidecars: [],
    };
    await journal().apply(plan([step]), yes);
    await put('state.sqlite', 'new threads');
    expect(await journal().undoLatest()).toMatchObject({
      refusal: { kind: 'changed', path: at('state.sqlite') },
    });
    await rm(at('state.sqlite'));
    expect(await journal().undoLatest()).toMatchObject({ kind: 'undone' });
    expect(await text('state.sqlite')).toBe('broken');
  });

  it('touches nothing at all when one of several files changed', async () => {
    await put('config.toml', 'model = "old"\n');
    await put('other.json', '{"a":1}');
    const edit: Step = {
      kind: 'json-edit',
      path: at('other.json'),
      expect: await fingerprint(at('other.json')),
      edits: [{ op: 'set', path: ['a'], value: 2 }],
    };
    await journal().apply(plan([await setModel(), edit]), yes);
    await put('config.toml', 'model = "mine"\n');
    await journal().undoLatest();
    expect(await text('other.json')).toBe('{"a":2}');
  });

  it('undoes repairs one after the other, newest first, each once', async () => {
    await put('config.toml', 'model = "a"\n');
    for (const value of ['b', 'c']) {
      now += 1000;
      await journal().apply(plan([await setModel(value)]), yes);
    }
    const [newest, oldest] = await journal().history();
    expect(await journal().undo(oldest?.id ?? '')).toMatchObject({ refusal: { kind: 'changed' } });
    expect(await journal().undoLatest()).toMatchObject({ kind: 'undone', id: newest?.id });
    expect(await text('config.toml')).toBe('model = "b"\n');
    expect(await journal().undo(newest?.id ?? '')).toMatchObject({ refusal: { kind: 'not-in-effect' } });
    expect(await journal().undoLatest()).toMatchObject({ kind: 'undone', id: oldest?.id });
    expect(await journal().undoLatest()).toMatchObject({ refusal: { kind: 'unknown' } });
    expect(await text('config.toml')).toBe('model = "a"\n');
  });

  it('keeps no old token: the images of a repair of credentials are gone when it succeeds', async () => {
    await put('auth.json', '{"tokens":{"refresh_token":"rt_old-old-old"}}');
    const step: Step = {
      kind: 'json-edit',
      path: at('auth.json'),
      expect: await fingerprint(at('auth.json')),
      edits: [{ op: 'set', path: ['tokens', 'refresh_token'], value: 'rt_new-new-new' }],
    };
    const outcome = await journal().apply(plan([step], { credentials: true }), yes);
    expect(outcome.kind).toBe('repaired');
    expect(await journal().undoLatest()).toMatchObject({
      refusal: { kind: 'no-images' },
      reason: expect.stringContaining('inverse operation'),
    });
    const [id = ''] = await readdir(at('steward/journal'));
    expect((await readdir(at(`steward/journal/${id}`))).sort()).toEqual(['intent.json', 'progress.log']);
    expect(await text(`steward/journal/${id}/intent.json`)).not.toMatch(/rt_(old|new)/);
  });

  it('puts a database back with what stood in its -wal', async () => {
    const db = await openDatabase(at('s.sqlite'));
    db.exec('PRAGMA journal_mode = wal; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    await db.close();
    const before = await readFile(at('s.sqlite'));
    const step: Step = {
      kind: 'sqlite',
      path: at('s.sqlite'),
      expect: await fingerprint(at('s.sqlite')),
      statements: [{ sql: 'UPDATE t SET a = ?', params: [9] }],
    };
    await journal().apply(plan([step]), yes);
    expect(await readFile(at('s.sqlite'))).not.toEqual(before);
    await journal().undoLatest();
    expect(await readFile(at('s.sqlite'))).toEqual(before);
    expect((await readdir(home)).sort()).toEqual(['s.sqlite', 'steward']);
  });
});

describe('recover', () => {
  const crash = async (step: Step, boundary: string) => {
    // It stays at that point for ever, with its lock held, as a process that is stopped would.
    const dead = journal({
      onBoundary: async (name) => {
        if (name === boundary) await new Promise(() => {});
      },
    });
    void dead.apply(plan([step]), yes);
    for (let tries = 0; tries < 400; tries++) {
      const log = await readdir(at('steward/journal')).catch(() => []);
      const progress =
        log[0] === undefined ? '' : await text(`steward/journal/${log[0]}/progress.log`).catch(() => '');
      if (progress.includes('step-done')) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('it never came to that point');
  };

  it('leaves alone what the person changed after the crash, and names it', async () => {
    await put('config.toml', 'model = "old"\n');
    await crash(await setModel(), 'done-0');
    await put('config.toml', 'model = "mine"\n');
    await rm(at('steward/lock.db')); // a killed process would hold it no more
    expect(await journal().recover()).toMatchObject([{ kind: 'rolled-back', left: [at('config.toml')] }]);
    expect(await text('config.toml')).toBe('model = "mine"\n');
    expect((await journal().history())[0]).toMatchObject({ state: 'rolled-back', left: [at('config.toml')] });
  });

  it('reads only, and creates nothing, where there is nothing to recover', async () => {
    expect(await journal().recover()).toEqual([]);
    expect(await readdir(home)).toEqual([]);
  });
});

describe('the journal', () => {
  it('lists what was done without values', async () => {
    await put('config.toml', 'model = "old"\n');
    await journal().apply(
      plan([await setModel('sk-proj-abcdefgh12345678')], { summary: 'For anna@example.com' }),
      yes,
    );
    expect(await journal().history()).toMatchObject([
      {
        repairId: 'test.repair',
        summary: 'For a…@e…',
        state: 'repaired',
        steps: [`${at('config.toml')}: set model`],
      },
    ]);
    const [id = ''] = await readdir(at('steward/journal'));
    expect(await text(`steward/journal/${id}/intent.json`)).not.toContain('sk-proj');
  });

  it('is bounded by number, size and age, but keeps what was moved aside until it is old', async () => {
    await put('config.toml', 'model = "0"\n');
    await put('logs', 'mine');
    const move: Step = {
      kind: 'move-aside',
      path: at('logs'),
      expect: await fingerprint(at('logs')),
      sidecars: [],
    };
    await journal().apply(plan([move]), yes);
    for (const value of ['1', '2', '3']) {
      now += 1000;
      await journal().apply(plan([await setModel(value)]), yes);
    }
    const world = createWorld(deps());
    await prune(world, { maxAgeMs: 1_000_000, maxCount: 2, maxBytes: 1e9 });
    const left = await journal().history();
    expect(left.map(({ steps }) => steps[0])).toEqual([
      `${at('config.toml')}: set model`,
      `${at('config.toml')}: set model`,
      `${at('logs')}: move aside`,
    ]);
    await prune(world, { maxAgeMs: 1_000_000, maxCount: 9, maxBytes: 1 });
    expect(await journal().history()).toHaveLength(2);
    now += 2_000_000;
    await prune(createWorld(deps()), { maxAgeMs: 1_000_000, maxCount: 9, maxBytes: 1e9 });
    expect(await journal().history()).toHaveLength(1);
  });

  it('survives a progress record that was cut off', async () => {
    await put('config.toml', 'model = "old"\n');
    await journal().apply(plan([await setModel()]), yes);
    const [id = ''] = await readdir(at('steward/journal'));
    const path = at(`steward/journal/${id}/progress.log`);
    await truncate(path, (await stat(path)).size - 5); // as if `repaired` was being written
    expect((await journal().history())[0]).toMatchObject({ state: 'unfinished' });
    expect(await journal().recover()).toMatchObject([{ kind: 'rolled-back', left: [] }]);
    expect(await text('config.toml')).toBe('model = "old"\n');
  });
});
