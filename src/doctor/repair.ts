/**
 * `--fix`: applies repairs one after the other. Each is planned afresh from what stands on disk at that moment, because
 * an earlier repair may have changed or cured it, and is verified by the check that found it.
 */
import type { Finding } from '../knowledge/finding.ts';
import type { ApplyOutcome, Journal } from '../storage/journal.ts';
import type { RepairPlan } from '../storage/steps.ts';
import type { Check, FoundProblem } from './check.ts';
import { createContext, type RunScope } from './context.ts';
import { type CheckRun, runChecks } from './engine.ts';

/** What became of one finding's repair. */
export type RepairResult = { readonly finding: Finding; readonly plan: RepairPlan | null } & (
  | { readonly kind: 'done'; readonly outcome: ApplyOutcome }
  /** `--dry-run`: what would be done. */
  | { readonly kind: 'planned' }
  | { readonly kind: 'declined' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Gone by itself, or cured by an earlier repair of this run. */
  | { readonly kind: 'gone' }
);

export interface RepairOptions {
  readonly scope: RunScope;
  readonly journal: Journal;
  readonly dryRun: boolean;
  /** Asked for class C repairs; class A needs no answer. */
  consent(finding: Finding, plan: RepairPlan): Promise<boolean>;
  /** A check is run again, which may take as long as the first time; the returned function is called when it is over. */
  onCheck?(check: Check): () => void;
  onResult?(result: RepairResult): Promise<void>;
}

/** Repairs what these runs found and what may be repaired, in the order of the findings given. */
export async function repairAll(
  runs: readonly CheckRun[],
  options: RepairOptions,
): Promise<readonly RepairResult[]> {
  const results: RepairResult[] = [];
  for (const run of runs) {
    for (const problem of run.result.problems) {
      if (problem.plan === undefined) continue;
      const result = await repairOne(run.check, problem.finding, options);
      results.push(result);
      await options.onResult?.(result);
    }
  }
  return results;
}

async function repairOne(check: Check, stale: Finding, options: RepairOptions): Promise<RepairResult> {
  const problem = await findAgain(check, stale, options);
  if (problem === undefined) return { kind: 'gone', finding: stale, plan: null };
  const { finding } = problem;
  if (problem.plan === undefined) return { kind: 'refused', finding, plan: null, reason: finding.cause };

  const plan = await problem.plan();
  if ('refused' in plan) return { kind: 'refused', finding, plan: null, reason: plan.refused };
  if (options.dryRun) return { kind: 'planned', finding, plan };
  if (!finding.fix.automatic && !(await options.consent(finding, plan))) {
    return { kind: 'declined', finding, plan };
  }

  const outcome = await options.journal.apply(plan, {
    verify: async () => {
      const left = await findAgain(check, finding, options);
      return left === undefined
        ? { kind: 'verified' }
        : { kind: 'not-verified', reason: `still there after the change: ${left.finding.cause}` };
    },
  });
  return { kind: 'done', finding, plan, outcome };
}

/** Runs the check anew and returns the problem with that id and subject, if it is (still) there. */
async function findAgain(
  check: Check,
  wanted: Finding,
  { scope, onCheck }: RepairOptions,
): Promise<FoundProblem | undefined> {
  const over = onCheck?.(check);
  const [run] = await runChecks([check], createContext(scope)).finally(over);
  return run?.result.problems.find(
    ({ finding }) =>
      (finding.id === wanted.id && finding.subject === wanted.subject) ||
      // A check that cannot look any more has not been cured.
      (finding.id === 'doctor.check_failed' && finding.subject === check.id),
  );
}
