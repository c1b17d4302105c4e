/** One look at a Codex home: run the checks, put the report together. What `steward doctor` and the library call. */
import { type CodexBinary, readCodexBinaries, workingBinary } from '../codex/binaries.ts';
import { createContext, type RunScope } from './context.ts';
import { type CheckRun, type DoctorEvent, runChecks } from './engine.ts';
import { createReport, type DoctorReport } from './report.ts';
import type { Selection } from './select.ts';

export interface Diagnosis {
  readonly runs: readonly CheckRun[];
  readonly report: DoctorReport;
  /** The copy of Codex that works when a shell starts `codex`. */
  readonly codex: CodexBinary | null;
}

/** Runs the selected checks. Changes nothing; uses the network only with `scope.live`. */
export async function diagnose(
  selection: Selection,
  scope: RunScope,
  onEvent?: (event: DoctorEvent) => void,
): Promise<Diagnosis> {
  const stop = new AbortController();
  const context = createContext({ ...scope, signal: AbortSignal.any([scope.signal, stop.signal]) });
  try {
    // Most checks that start a program need this; alone it is read much faster than in the crowd.
    const binaries = await context.read(readCodexBinaries);
    const runs = selection.narrow(await runChecks(selection.checks, context, onEvent));
    const codex = workingBinary(binaries);
    const report = createReport({
      runs,
      codexHome: scope.home.path,
      codexVersion: codex?.version ?? null,
      now: scope.host.now(),
    });
    return { runs, report, codex };
  } finally {
    stop.abort(); // whatever a check that overran still holds (sockets, children) ends here
  }
}
