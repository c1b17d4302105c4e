/** `steward doctor`: find, and with `--fix` repair. */
import { resolveCodexHome } from '../../codex/home.ts';
import { CHECKS } from '../../doctor/checks/index.ts';
import type { RunScope } from '../../doctor/context.ts';
import { type Diagnosis, diagnose } from '../../doctor/diagnose.ts';
import { type RepairResult, repairAll } from '../../doctor/repair.ts';
import { type Selection, selectChecks } from '../../doctor/select.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { createHost } from '../../host.ts';
import type { Journal, Recovery } from '../../storage/journal.ts';
import { redact } from '../../storage/redact.ts';
import { openJournal } from '../journal.ts';
import type { CommandDeps } from '../main.ts';
import { createConsent } from '../render/consent.ts';
import type { FindingStyle } from '../render/findings.ts';
import { startProgress } from '../render/progress.ts';
import { redacted } from '../render/redacted.ts';
import { renderRecovered, renderRepair, repairToJson } from '../render/repairs.ts';
import { renderChecks, renderFindings, renderHeader, renderNext } from '../render/report.ts';
import type { Terminal } from '../render/terminal.ts';
import { askOnce, keepOutcomes, readSignalWords } from '../signals-here.ts';

export interface DoctorOptions {
  readonly fix?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly live?: boolean;
  readonly only?: readonly string[];
  readonly verbose?: boolean;
  readonly json?: boolean;
}

/** Runs the doctor and returns the exit code: 1 while a finding of severity "fail" is left, else 0. */
export async function runDoctor(options: DoctorOptions, { terminal, signal }: CommandDeps): Promise<number> {
  const startedAt = performance.now();
  const host = createHost();
  const scope: RunScope = { host, home: resolveCodexHome(host), live: options.live === true, signal };
  const selection = selectChecks(CHECKS, namesOf(options.only));
  const signals = await readSignalWords(scope);
  const style = { userHome: host.userHome, verbose: options.verbose === true, signals };
  const say = (text: string) => {
    if (!options.json) terminal.out(text);
  };
  // A preview is a repair run that stops before the change.
  const dryRun = options.dryRun === true;
  const repairing = options.fix === true || dryRun;
  const journal = openJournal(scope);
  const recovered = dryRun
    ? []
    : await recover(journal, (text) => say(`${terminal.paint('yellow', '▲')} ${text}\n`));
  say(renderRecovered(redacted(recovered), terminal));

  let seen = await look(selection, scope, terminal);
  say(renderScreen(seen, terminal, style));
  let repairs: readonly RepairResult[] = [];
  if (repairing) {
    repairs = await repairAll(seen.runs, {
      scope,
      journal,
      dryRun,
      consent: createConsent(terminal, {
        yes: options.yes === true,
        json: options.json === true,
        userHome: host.userHome,
      }),
      onCheck: (check) => startProgress(terminal, `looking again: ${check.title}`).stop,
      onResult: async (result) => say(await renderRepair(result, terminal, style)),
    });
    if (repairs.some((result) => result.kind === 'done')) seen = await look(selection, scope, terminal);
    if (!dryRun) await keepOutcomes(scope, repairs, terminal);
  }
  say(renderNext(seen.report, terminal, { elapsedMs: performance.now() - startedAt, repairs, dryRun }));
  if (repairing && !dryRun && terminal.interactive && !options.json)
    say(await askOnce(scope, repairs, terminal));

  if (options.json) {
    const payload = {
      ...seen.report,
      signals: Object.fromEntries(
        seen.report.findings.flatMap(({ id }) => (signals.has(id) ? [[id, signals.get(id)]] : [])),
      ),
      ...(repairing ? { dryRun, repairs: repairs.map(repairToJson) } : {}),
      recovered,
    };
    terminal.out(`${JSON.stringify(redacted(payload), null, 2)}\n`);
  }
  return seen.report.overallStatus === 'fail' ? EXIT.problems : EXIT.ok;
}

/** A home that cannot be looked into is what the doctor is asked about: the checks tell it, and it ends nothing. */
async function recover(journal: Journal, say: (text: string) => void): Promise<readonly Recovery[]> {
  try {
    return await journal.recover();
  } catch (error) {
    if (!(error instanceof StewardError) || error.kind !== 'environment') throw error;
    say(redact(error.message));
    return [];
  }
}

async function look(selection: Selection, scope: RunScope, terminal: Terminal): Promise<Diagnosis> {
  const pending = new Set(selection.checks.map((check) => check.title));
  const progress = startProgress(terminal, 'looking at this Codex install');
  try {
    const seen = await diagnose(selection, scope, (event) => {
      if (event.kind !== 'finished') return;
      pending.delete(event.run.check.title);
      const [next] = pending;
      if (next !== undefined)
        progress.update(pending.size > 1 ? `${next} and ${pending.size - 1} more` : next);
    });
    return { ...seen, report: redacted(seen.report) };
  } finally {
    progress.stop();
  }
}

function renderScreen({ report }: Diagnosis, terminal: Terminal, style: FindingStyle): string {
  const parts = [
    renderHeader(report, terminal, style.userHome),
    renderChecks(report, terminal, style),
    renderFindings(report, terminal, style),
  ];
  return `${parts.filter((part) => part !== '').join('\n')}\n`;
}

/** `--only a,b c` and `--only a b c` mean the same; an empty name is a script's unset variable, not a wish for everything. */
function namesOf(only: readonly string[] = []): readonly string[] {
  return only.flatMap((value) => value.split(',')).map((name) => name.trim());
}
