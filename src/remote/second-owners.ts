/** App-servers of one home that stand in each other's way: the server lets only one of them be online. */
import { readDaemonFiles } from '../codex/daemon-files.ts';
import type { CodexReader } from '../codex/home.ts';
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../codex/processes.ts';

/** Those with remote control that the daemon's record does not name; empty while no daemon runs. */
export const readSecondOwners: CodexReader<readonly CodexProcess[]> = async (scope) => {
  const [processes, files] = await Promise.all([readCodexProcesses(scope), readDaemonFiles(scope)]);
  const recorded = files.records.flatMap((entry) =>
    entry.state === 'running' && entry.record.kind === 'ok' ? [entry.record.value.pid] : [],
  );
  return processesOfHome(processes, scope.home.path).filter(
    ({ kind, home, pid }) =>
      kind === 'daemon' && home !== null && recorded.length > 0 && !recorded.includes(pid),
  );
};
