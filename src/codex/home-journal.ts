/** The journal of the Codex home in play, told by the process list what runs there. */
import { createJournal, type Journal } from '../storage/journal.ts';
import type { CodexScope } from './home.ts';
import { processesOfHome, readCodexProcesses } from './processes.ts';

/** Opens nothing yet. */
export function openJournal(scope: CodexScope): Journal {
  return createJournal({
    codexHome: scope.home.path,
    host: scope.host,
    runningProcesses: async () => {
      // The updater only ever starts programs; it holds no state of the home.
      const all = processesOfHome(await readCodexProcesses(scope), scope.home.path).filter(
        ({ kind }) => kind !== 'updater',
      );
      return { all, app: all.filter(({ kind }) => kind === 'desktop') };
    },
    readProcess: async (pid) => (await readCodexProcesses(scope)).find((process) => process.pid === pid),
  });
}
