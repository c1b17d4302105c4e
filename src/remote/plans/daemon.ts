/** Clears the way for the app-server daemon: leftovers are moved aside, an orphan is asked to end. Nothing else is touched. */
import { type ControlSocket, type DaemonRecord, readDaemonFiles } from '../../codex/daemon-files.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { CodexProcess } from '../../codex/processes.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, RepairRefusal, Step } from '../../storage/steps.ts';

const STOP_TIMEOUT_MS = 10_000;

/** A record that does not name a running daemon: Codex cannot use it, and nobody else does. */
export function isStaleRecord(record: DaemonRecord): boolean {
  return record.record.kind === 'malformed' || record.state === 'gone' || record.state === 'foreign';
}

/** Something stands at the socket's path on which nobody can listen. */
export function isStaleSocket(socket: ControlSocket): boolean {
  return socket.kind === 'deserted' || socket.kind === 'dangling' || socket.kind === 'not-a-socket';
}

/** Moves one stale pid record aside, or the dead socket, as they stand now. */
export async function planClearLeftover(
  scope: CodexScope,
  path: string,
): Promise<RepairPlan | RepairRefusal> {
  const files = await readDaemonFiles(scope);
  const stale =
    files.records.some((record) => record.path === path && isStaleRecord(record)) ||
    (files.socket.path === path && isStaleSocket(files.socket));
  if (!stale) return { refused: `${path} is in use again` };
  return {
    repairId: 'remote.socket_or_daemon.clear',
    summary: `Move the leftover ${path} aside.`,
    steps: [await aside(path)],
    requiresStopped: 'nothing',
  };
}

/** Asks those processes to end; each step is refused unless pid, start time and command still are the same. */
export function planStopProcesses(
  processes: readonly CodexProcess[],
  repair: { repairId: string; summary: string },
): RepairPlan {
  return {
    ...repair,
    steps: processes.map(
      ({ pid, startTime, command }): Step => ({
        kind: 'stop-process',
        pid,
        startTime,
        command,
        timeoutMs: STOP_TIMEOUT_MS,
      }),
    ),
    requiresStopped: 'nothing',
  };
}

async function aside(path: string): Promise<Step> {
  return { kind: 'move-aside', path, expect: await fingerprint(path), sidecars: [] };
}
