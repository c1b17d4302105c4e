/** Switches remote control off, and ends the updater that the official command leaves running. */
import { readDaemonFiles } from '../codex/daemon-files.ts';
import type { CodexScope } from '../codex/home.ts';
import { processesOfHome, readCodexProcesses } from '../codex/processes.ts';
import type { Journal } from '../storage/journal.ts';
import { storeError } from './last-error-store.ts';
import { type OfficialRun, requireOfficialCodex, runOfficial } from './official.ts';
import { planStopProcesses } from './plans/daemon.ts';

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

/** Runs the official `codex remote-control stop`, then ends the updater of this home and no other process. */
export async function stopHost(scope: CodexScope, journal: Journal): Promise<StopResult> {
  const codex = await requireOfficialCodex(scope);
  const official = await runOfficial(scope, codex, ['stop', '--json'], { timeoutMs: STOP_TIMEOUT_MS });
  const daemon =
    official.exitCode !== 0 ? 'failed' : /"notRunning"/.test(official.stdout) ? 'not-running' : 'stopped';
  const updaters = daemon === 'failed' ? { ended: [], left: [] } : await endUpdaters(scope, journal);
  if (daemon !== 'failed') await storeError(scope, null);
  return { official, daemon, updaters: updaters.ended, left: updaters.left };
}

async function endUpdaters(scope: CodexScope, journal: Journal) {
  const ended: number[] = [];
  const left: { pid: number; reason: string }[] = [];
  const found = processesOfHome(await readCodexProcesses(scope), scope.home.path).filter(
    ({ kind, home }) => kind === 'updater' && home !== null,
  );
  for (const updater of found) {
    const { pid } = updater;
    const plan = planStopProcesses([updater], {
      repairId: 'remote.stop.updater',
      summary: `End the left-over updater of the app-server daemon, pid ${pid}.`,
    });
    const outcome = await journal.apply(plan, {
      verify: async () => {
        const records = (await readDaemonFiles(scope)).records;
        const stands = records.some(
          ({ role, state, record }) =>
            role === 'updater' && state === 'running' && record.kind === 'ok' && record.value.pid === pid,
        );
        return stands ? { kind: 'not-verified', reason: 'it still runs' } : { kind: 'verified' };
      },
    });
    if (outcome.kind === 'repaired') ended.push(pid);
    else left.push({ pid, reason: outcome.reason });
  }
  return { ended, left };
}
