/**
 * What the real Codex makes of our repairs of its state: it starts again, and the sessions are back. The plans are applied
 * by plain file operations here, so that this says nothing about the journal and everything about Codex.
 */
import { spawn } from 'node:child_process';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { STATE_CHECKS } from '../../src/doctor/checks/state.ts';
import { createContext } from '../../src/doctor/context.ts';
import { runChecks } from '../../src/doctor/engine.ts';
import { createHost } from '../../src/host.ts';
import { openDatabase } from '../../src/storage/sqlite.ts';
import type { RepairPlan } from '../../src/storage/steps.ts';
import { LOCAL_STATE_FAULTS } from '../faults/local-state.ts';
import { type CodexTestHome, makeCodexHome } from '../support/codex-home.ts';
import type { FaultWorld } from '../support/fault-world.ts';
import { CODEX_ALIASES, codexBinary } from '../support/real-codex.ts';

async function problemsOf(home: CodexTestHome) {
  const scope = {
    host: createHost(home.host()),
    home: { path: home.path, source: 'env' as const },
    signal: new AbortController().signal,
  };
  const runs = await runChecks(STATE_CHECKS, createContext({ ...scope, live: false }));
  return runs.flatMap((run) => run.result.problems);
}

async function repair(home: CodexTestHome): Promise<void> {
  for (const { plan } of await problemsOf(home)) {
    const planned = await plan?.();
    if (planned === undefined || 'refused' in planned) throw new Error(`no plan: ${JSON.stringify(planned)}`);
    await applyPlainly(planned);
  }
}

async function applyPlainly(plan: RepairPlan): Promise<void> {
  for (const step of plan.steps) {
    if (step.kind === 'move-aside') {
      for (const suffix of ['', ...step.sidecars]) {
        await rename(`${step.path}${suffix}`, `${step.path}${suffix}.aside`).catch(() => {}); // sidecars may not exist
      }
    } else if (step.kind === 'sqlite') {
      const db = await openDatabase(step.path);
      for (const { sql, params } of step.statements) db.run(sql, params);
      await db.close();
    } else if (step.kind === 'text-edit') {
      let text = await readFile(step.path, 'utf8');
      for (const { start, end, text: by } of step.splices) text = text.slice(0, start) + by + text.slice(end);
      await writeFile(step.path, text);
    } else throw new Error(`not applied here: ${step.kind}`);
  }
}

/** Asks a real app-server for its thread list; its last words where it does not start. */
function listThreads(home: CodexTestHome): Promise<string | readonly string[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(codexBinary(home.alias), ['app-server'], {
      cwd: home.cwd,
      env: { PATH: process.env.PATH, HOME: home.userHome, CODEX_HOME: home.path },
    });
    let stdout = '';
    let stderr = '';
    let threads: readonly string[] | undefined;
    child.stderr.on('data', (text) => (stderr += text));
    child.stdout.on('data', (text) => {
      stdout += text;
      const line = stdout.split('\n').find((candidate) => /^\{"id":1,.*\}$/.test(candidate));
      if (line === undefined || threads !== undefined) return;
      const answer = JSON.parse(line) as {
        result: { data: readonly { preview: string; modelProvider: string }[] };
      };
      threads = answer.result.data
        .map(({ preview, modelProvider }) => `${preview} (${modelProvider})`)
        .sort();
      child.kill('SIGTERM');
    });
    child.on('error', reject);
    child.on('close', () => resolve(threads ?? stderr));
    child.stdin.on('error', () => {}); // a server that does not start closes it
    const send = (message: unknown) => child.stdin.write(`${JSON.stringify(message)}\n`);
    send({
      id: 0,
      method: 'initialize',
      params: { clientInfo: { name: 'test', title: null, version: '1' } },
    });
    send({ method: 'initialized' });
    send({ id: 1, method: 'thread/list', params: { limit: 10, sourceKinds: ['exec'] } });
  });
}

function query(home: CodexTestHome, sql: string): readonly unknown[] {
  const db = new DatabaseSync(join(home.path, 'state_5.sqlite'), { readOnly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

const BOTH = ['say hello, number 1 (openai)', 'say hello, number 2 (openai)'];

describe.each(CODEX_ALIASES)('a broken home of %s', (alias) => {
  let home: CodexTestHome;
  const inject = async (name: string) => {
    const fault = LOCAL_STATE_FAULTS.find((candidate) => candidate.name === name);
    if (!fault) throw new Error(`no fault "${name}"`);
    await fault.inject({
      codexHome: home.path,
      root: home.userHome,
      env: home.host().env,
    } as unknown as FaultWorld);
  };

  beforeAll(async () => {
    home = await makeCodexHome(alias, { login: 'chatgpt', threads: 2 });
  });
  afterAll(() => home.remove());
  afterEach(() => home.reset());

  it('lists its sessions while it is healthy', async () => {
    expect(await listThreads(home)).toEqual(BOTH);
  });

  it.each([
    [
      'a migration of the state database was modified',
      'migration 30 was previously applied but has been modified',
    ],
    ['a migration of the state database is half done', 'migration 30 is partially applied'],
    ['a migration of the state database is not recorded', 'failed to initialize'],
  ])('%s: Codex refuses to start, and after the repair its sessions are back', async (name, words) => {
    await inject(name);
    expect(await listThreads(home)).toContain(words);
    await repair(home);
    expect(await listThreads(home)).toEqual(BOTH);
    expect(await problemsOf(home)).toEqual([]);
  });

  it.each([
    'the state database is cut in half',
    'the state database is binary garbage',
    'pages in the middle of the state database are overwritten',
    'the log database is binary garbage',
    'the state database is gone and its -wal is left',
    'a folder stands in place of the state database',
  ])('%s: after the repair its sessions are back', async (name) => {
    await inject(name);
    await repair(home);
    expect(await listThreads(home)).toEqual(BOTH);
    expect((await problemsOf(home)).map(({ finding }) => finding.cause)).toEqual([]);
  });

  it('an index build left by a dead Codex is finished by the next one after the repair', async () => {
    await inject('a Codex died while it built the session index');
    await repair(home);
    expect((await home.exec('one more')).code).toBe(0);
    expect(query(home, 'SELECT status FROM backfill_state')).toEqual([{ status: 'complete' }]);
    expect(await listThreads(home)).toHaveLength(3);
  });

  it('sessions of a provider that is gone are listed again under the one in use, their content unchanged', async () => {
    await inject('the sessions belong to a provider that is configured no more');
    expect(await listThreads(home)).toEqual([]);
    await repair(home);
    expect(await listThreads(home)).toEqual(BOTH);
    expect(await problemsOf(home)).toEqual([]);
    const resumed = await home.exec('go on', ['resume', '--last']);
    expect(resumed.code).toBe(0);
  });

  it('without installation_id as a folder it starts again', async () => {
    await inject('a folder stands in place of installation_id');
    expect(await listThreads(home)).toContain('Is a directory (os error 21)');
    await repair(home);
    expect(await listThreads(home)).toEqual(BOTH);
    await rm(`${home.path}/installation_id.aside`, { recursive: true });
  });
});
