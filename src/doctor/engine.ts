/**
 * Runs checks side by side, each with its own deadline. A check that crashes or overruns is reported as a problem of
 * that check; it never ends the run, and it is never counted as "ok".
 */
import { setTimeout as sleep } from 'node:timers/promises';
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

/** How long the others wait at most for the first programs to be on their way. */
const HEAD_START_MS = 25;

/** How long a check that is told to stop has for ending what it started (an MCP server gets 0.5 s to end by itself). */
const STOP_MS = 1_000;

/**
 * The results of all these checks, in the order given. Rejects only when the context's signal aborts, with its reason.
 *
 * Checks that start a program go first: it works on another core while the other checks keep this one busy.
 */
export async function runChecks(
  checks: readonly Check[],
  context: CheckContext,
  onEvent: (event: DoctorEvent) => void = () => {},
): Promise<readonly CheckRun[]> {
  let left = checks.length;
  const start = async (check: Check, own: CheckContext): Promise<CheckRun> => {
    onEvent({ kind: 'started', check });
    const startedAt = performance.now();
    const result = await runOne(check, own);
    context.signal.throwIfAborted();
    const run = { check, result, durationMs: Math.round(performance.now() - startedAt) };
    left -= 1;
    onEvent({ kind: 'finished', run, left });
    return run;
  };
  const runs = new Map<Check, Promise<CheckRun>>();
  const launches: Promise<unknown>[] = [];
  for (const check of checks.filter(({ startsProgram }) => startsProgram === true)) {
    const { context: own, launched } = watchLaunch(context);
    const run = start(check, own);
    runs.set(check, run);
    launches.push(Promise.race([launched, run.catch(() => {})])); // its failure is reported with the run below
  }
  if (launches.length > 0) await Promise.race([Promise.all(launches), sleep(HEAD_START_MS)]);
  const all = checks.map((check) => runs.get(check) ?? start(check, context));
  await Promise.allSettled(all); // a cancelled run is over when the last check has let go, not the first
  return await Promise.all(all);
}

/** The same context, telling when a first program has been started through it. */
function watchLaunch(context: CheckContext): {
  readonly context: CheckContext;
  readonly launched: Promise<void>;
} {
  let tell = () => {};
  const launched = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const host: CheckContext['host'] = {
    ...context.host,
    run: (...args) => {
      const ran = context.host.run(...args);
      tell();
      return ran;
    },
  };
  return { context: { ...context, host }, launched };
}

async function runOne(check: Check, context: CheckContext): Promise<CheckResult> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), check.timeoutMs);
  // Facts are shared between checks, so only the check's own work sees its deadline.
  const own = { ...context, signal: AbortSignal.any([context.signal, deadline.signal]) };
  const running = Promise.resolve().then(() => check.run(own));
  try {
    return await Promise.race([running, rejectOnAbort(own.signal)]);
  } catch (error) {
    // What it says now comes too late; that it ends matters, because its programs must not outlive us.
    if (own.signal.aborted) await stopped(running);
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

/** Waits until it has ended, but not for ever. */
async function stopped(running: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const patience = sleep(STOP_MS, undefined, { signal: ended.signal });
  await Promise.race([running, patience]).catch(() => {}); // how it ended does not matter any more
  ended.abort();
  await patience.catch(() => {});
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
