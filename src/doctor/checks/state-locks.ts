/** Does somebody hold a write lock on a database for longer than a Codex ever does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readWriteLocks, type WriteLock } from '../../codex/database-locks.ts';
import { type CodexProcess, readCodexProcesses } from '../../codex/processes.ts';
import { finding } from '../../knowledge/finding.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

/** A transaction of Codex takes milliseconds. */
const SAMPLES = 3;
const SAMPLE_GAP_MS = 120;
const STOP_TIMEOUT_MS = 10_000;

export const stateLocksCheck: Check = {
  id: 'steward.state-locks',
  category: 'state',
  title: 'database locks',
  finds: ['state.sqlite_locked'],
  timeoutMs: 5_000,
  async run(context): Promise<CheckResult> {
    const held = await heldLocks(context);
    if (held === null) {
      return {
        status: 'skipped',
        summary: 'this system does not tell who holds a lock',
        details: {},
        problems: [],
      };
    }
    if (held.length === 0) {
      return { status: 'ok', summary: 'nobody holds a database locked', details: {}, problems: [] };
    }
    const processes = await context.read(readCodexProcesses);
    return {
      status: 'problems',
      summary: `${held.length} held ${held.length === 1 ? 'lock' : 'locks'}`,
      details: { holders: held.map((lock) => `pid ${lock.pid} (${lock.program}): ${lock.database}`) },
      problems: held.map((lock) =>
        problemOf(
          lock,
          processes.find(({ pid }) => pid === lock.pid),
        ),
      ),
    };
  },
};

/** The locks that one process holds through all samples. */
async function heldLocks(context: CheckContext): Promise<readonly WriteLock[] | null> {
  let held = await readWriteLocks(context);
  for (let sample = 1; sample < SAMPLES && held !== null && held.length > 0; sample++) {
    await sleep(SAMPLE_GAP_MS, undefined, { signal: context.signal });
    const again = await readWriteLocks(context);
    if (again === null) return null;
    held = held.filter((lock) =>
      again.some((other) => other.pid === lock.pid && other.database === lock.database),
    );
  }
  return held;
}

function problemOf(lock: WriteLock, codex: CodexProcess | undefined): FoundProblem {
  const who =
    lock.pid > 0
      ? `process ${lock.pid} (${codex?.command ?? (lock.program || 'not visible')})`
      : 'a process that is not visible from here';
  const common = {
    subject: lock.database,
    cause: `${who} holds ${lock.database} locked; every Codex waits for it, and then works without its history.`,
    evidence: [
      {
        source: 'process' as const,
        where: lock.pid > 0 ? `pid ${lock.pid}` : '/proc/locks',
        what: `write lock on ${lock.database} in ${SAMPLES} samples, ${SAMPLE_GAP_MS} ms apart`,
      },
    ],
  };
  if (codex !== undefined && isOrphan(codex)) {
    const repairId = 'state.sqlite_locked.end_orphan';
    return {
      finding: finding('state.sqlite_locked', {
        ...common,
        summary: `End the Codex process ${codex.pid}, whose terminal or app is gone.`,
        repairId,
      }),
      plan: async () => planEndOrphan(codex, repairId),
    };
  }
  const closing =
    codex === undefined
      ? `Let ${who} finish, or close the program it belongs to (a database viewer, a backup, a sync tool)`
      : `Let Codex finish what it does; if it hangs, end it: kill ${codex.pid}`;
  return {
    finding: finding('state.sqlite_locked', {
      ...common,
      actor: 'you',
      command: null,
      summary: 'The holder has to let go; the database itself is fine.',
      steps: [closing, 'Start Codex again'],
    }),
  };
}

/** Its parent died and it is no background service of its own right. */
function isOrphan({ ppid, kind }: CodexProcess): boolean {
  return ppid === 1 && (kind === 'cli' || kind === 'app-server' || kind === 'mcp-server');
}

function planEndOrphan(codex: CodexProcess, repairId: string): RepairPlan {
  return {
    repairId,
    summary: `Ask the orphaned Codex process ${codex.pid} to end`,
    steps: [
      {
        kind: 'stop-process',
        pid: codex.pid,
        startTime: codex.startTime,
        command: codex.command,
        timeoutMs: STOP_TIMEOUT_MS,
      },
    ],
    requiresStopped: 'nothing',
  };
}
