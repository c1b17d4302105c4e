/**
 * Runs checks side by side, each with its own deadline. A check that crashes or overruns is reported as a problem of
 * that check; it never ends the run, and it is never counted as "ok".
 */
import { messageOf } from '../errors.ts';
import { finding } from '../knowledge/finding.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from './check.ts';

export interface CheckRun {
  readonly check: Check;
  readonly result: CheckResult;
  readonly durationMs: number;
}

export type DoctorEvent =
  | { readonly kind: 'started'; readonly check: Check }
  | { readonly kind: 'finished'; readonly run: CheckRun; readonly left: number };

/**
 * The results of all these checks, in the order given. Rejects only when the context's signal aborts, with its reason.
 */
export async function runChecks(
  checks: readonly Check[],
  context: CheckContext,
  onEvent: (event: DoctorEvent) => void = () => {},
): Promise<readonly CheckRun[]> {
  let left = checks.length;
  return await Promise.all(
    checks.map(async (check) => {
      onEvent({ kind: 'started', check });
      const startedAt = performance.now();
      const result = await runOne(check, context);
      context.signal.throwIfAborted();
      const run = { check, result, durationMs: Math.round(performance.now() - startedAt) };
      left -= 1;
      onEvent({ kind: 'finished', run, left });
      return run;
    }),
  );
}

async function runOne(check: Check, context: CheckContext): Promise<CheckResult> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), check.timeoutMs);
  // Facts are shared between checks, so only the check's own work sees its deadline.
  const own = { ...context, signal: AbortSignal.any([context.signal, deadline.signal]) };
  try {
    return await Promise.race([check.run(own), rejectOnAbort(own.signal)]);
  } catch (error) {
    const overran = deadline.signal.aborted;
    const what = overran ? `no answer within ${check.timeoutMs / 1000} s` : messageOf(error);
    return {
      status: 'problems',
      summary: overran ? `${check.title}: took too long` : `${check.title}: the check itself failed`,
      details: {},
      problems: [{ finding: failedCheck(check, what, overran) }],
    };
  } finally {
    clearTimeout(timer);
  }
}

function failedCheck(check: Check, what: string, overran: boolean): FoundProblem['finding'] {
  return finding('doctor.check_failed', {
    subject: check.id,
    severity: 'warn',
    cause: `The check "${check.title}" ${overran ? 'did not end in time' : 'failed'}, so nothing is known about what it looks at.`,
    evidence: [{ source: 'process', where: check.id, what }],
    command: `steward doctor --only ${check.id}`,
  });
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
