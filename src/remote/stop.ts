/** Switches remote control off, and ends the updater that the official command leaves running. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../codex/home.ts';
import { processesOfHome, readCodexProcesses } from '../codex/processes.ts';
import { messageOf, systemCode } from '../errors.ts';
import { storeError } from './last-error-store.ts';
import { type OfficialRun, requireOfficialCodex, runOfficial } from './official.ts';

export interface StopResult {
  readonly official: OfficialRun;
  /** The official word: it was running, or not. `failed`: see `official.stderr`. */
  readonly daemon: 'stopped' | 'not-running' | 'failed';
  /** Pids of left-over updaters that were ended. */
  readonly updaters: readonly number[];
  /** Left-over updaters that could not be ended, and why. */
  readonly left: readonly { readonly pid: number; readonly reason: string }[];
}

const STOP_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 5000;

/** Runs the official `codex remote-control stop`, then ends the updater of this home and no other process. */
export async function stopHost(scope: CodexScope): Promise<StopResult> {
  const codex = await requireOfficialCodex(scope);
  const official = await runOfficial(scope, codex, ['stop', '--json'], { timeoutMs: STOP_TIMEOUT_MS });
  const daemon =
    official.exitCode !== 0 ? 'failed' : /"notRunning"/.test(official.stdout) ? 'not-running' : 'stopped';
  const updaters = daemon === 'failed' ? { ended: [], left: [] } : await endUpdaters(scope);
  if (daemon !== 'failed') await storeError(scope, null);
  return { official, daemon, updaters: updaters.ended, left: updaters.left };
}

/** Not a repair that `undo` could take back: the next start brings an updater of its own. */
async function endUpdaters(scope: CodexScope) {
  const ended: number[] = [];
  const left: { pid: number; reason: string }[] = [];
  const found = processesOfHome(await readCodexProcesses(scope), scope.home.path).filter(
    ({ kind, home }) => kind === 'updater' && home !== null,
  );
  for (const { pid, startTime } of found) {
    const reason = await endProcess(scope, pid, startTime);
    if (reason === null) ended.push(pid);
    else left.push({ pid, reason });
  }
  return { ended, left };
}

/** Asks it to end and waits; the reason why it still runs, or `null`. A pid given to somebody else is left alone. */
async function endProcess(scope: CodexScope, pid: number, startTime: string): Promise<string | null> {
  const isThere = async () =>
    (await readCodexProcesses(scope)).some((one) => one.pid === pid && one.startTime === startTime);
  try {
    if (await isThere()) process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return null;
    return messageOf(error);
  }
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (await isThere()) {
    if (performance.now() > deadline) return `it did not end within ${END_TIMEOUT_MS / 1000} s`;
    await sleep(50, undefined, { signal: scope.signal });
  }
  return null;
}
