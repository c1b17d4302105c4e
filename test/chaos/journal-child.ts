/**
 * One steward process for the chaos tests:
 * `node child.mjs apply|recover|undo HOME PLAN.json KILL_AT` prints `{ outcome, boundaries }`, or dies of SIGKILL at
 * the boundary with that number (-1: never).
 */
import { lstat, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createHost } from '../../src/host.ts';
import { createJournal, type Verification } from '../../src/storage/journal.ts';
import { openDatabase } from '../../src/storage/sqlite.ts';
import type { RepairPlan } from '../../src/storage/steps.ts';
import { readProcess } from './journal-home.ts';

const [mode = '', home = '', planFile = '', killAt = '-1', pause = '0'] = process.argv.slice(2);
const boundaries: string[] = [];

const journal = createJournal({
  codexHome: home,
  host: createHost(),
  runningProcesses: async () => ({ app: [], all: [] }),
  readProcess: async (pid) => readProcess(pid),
  onBoundary: async (name) => {
    if (boundaries.push(name) - 1 === Number(killAt)) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => {});
    }
    if (name !== 'locked' || pause === '0') return;
    process.stderr.write('locked\n');
    await new Promise((resolve) => setTimeout(resolve, Number(pause)));
  },
});

const plan: RepairPlan = JSON.parse(await readFile(planFile, 'utf8'));
const outcome =
  mode === 'apply'
    ? await journal.apply(plan, { verify })
    : mode === 'undo'
      ? await journal.undoLatest()
      : await journal.recover();
process.stdout.write(JSON.stringify({ outcome, boundaries }));

/** Looks at every file anew, as a check would. */
async function verify(): Promise<Verification> {
  const text = async (name: string) => (await readFile(join(home, name), 'utf8')).trim();
  const db = await openDatabase(join(home, 'state.sqlite'), { readOnly: true });
  const rows = JSON.stringify(db.all('SELECT a FROM t'));
  await db.close();
  const facts: Record<string, boolean> = {
    config:
      (await text('config.toml')) === 'model = "new" # mine' ||
      (await text('config.toml')) === '\uFEFFmodel = "new" # mine',
    link: (await lstat(join(home, 'config.toml'))).isSymbolicLink(),
    json: (await text('state.json')) === '{\n  "keep": 1\n}',
    broken: (await text('broken.toml')) === 'a = "x"\nb = 2',
    agents: (await text('AGENTS.md')) === 'new text',
    logs: (await text('logs.sqlite')) === 'fresh',
    inside: (await text('log/deep/file')) === 'inside',
    mode: ((await lstat(join(home, 'auth.json'))).mode & 0o777) === 0o600,
    owner: (await lstat(join(home, 'owned'))).uid === 1234,
    rows: rows === '[{"a":2}]',
    tool: (await text('tree/tool')) === 'new',
    treeLink: (await readlink(join(home, 'tree/link'))) === 'sub',
  };
  const wrong = Object.keys(facts).filter((name) => !facts[name]);
  return wrong.length === 0
    ? { kind: 'verified' }
    : { kind: 'not-verified', reason: `wrong: ${wrong.join(', ')}` };
}
