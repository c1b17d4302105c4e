/** Running Codex sessions that were started with the gateway's address: they have no other way to the model. */
import type { CodexScope } from '../codex/home.ts';
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../codex/processes.ts';

/** Those of this home that go to that port of this machine. */
export async function readSessionsAt(scope: CodexScope, port: number): Promise<readonly CodexProcess[]> {
  const processes = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  return processes.filter(({ localPorts }) => localPorts.includes(port));
}
