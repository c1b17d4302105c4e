/**
 * Asks the machine about an explanation: the doctor's check of a matched failure can prove it here, or find nothing of it.
 * Text that was sent by somebody else simply is not confirmed.
 */
import { resolveCodexHome } from '../codex/home.ts';
import { CHECKS } from '../doctor/checks/index.ts';
import { createContext } from '../doctor/context.ts';
import { runChecks } from '../doctor/engine.ts';
import type { Host } from '../host.ts';
import type { Finding } from '../knowledge/finding.ts';
import type { Explanation, FailureMatch } from '../knowledge/matcher/verdict.ts';

/** `confirmed`: found here now. `not-found`: a check that would see it does not. `unknown`: no check can tell offline. */
export type OnThisMachine =
  | { readonly kind: 'confirmed'; readonly finding: Finding }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unknown' };

export type ConfirmedMatch = FailureMatch & { readonly onThisMachine: OnThisMachine };

/** The matches, those that this machine confirms moved to the front among equals. */
export async function confirmOnMachine(
  explanation: Explanation,
  host: Host,
  signal: AbortSignal,
): Promise<readonly ConfirmedMatch[]> {
  const wanted = new Set<string>(explanation.matches.map((match) => match.id));
  // The logs check would only read back what may be the very text that is being explained.
  const checks = CHECKS.filter(
    (check) => check.id !== 'steward.logs' && check.finds.some((id) => wanted.has(id)),
  );
  if (checks.length === 0) {
    return explanation.matches.map((match) => ({ ...match, onThisMachine: { kind: 'unknown' } }));
  }
  const context = createContext({ host, home: resolveCodexHome(host), live: false, signal });
  const runs = await runChecks(checks, context);
  const findings = runs.flatMap((run) => run.result.problems.map((problem) => problem.finding));
  const looked = new Set(
    runs
      .filter((run) => run.result.status !== 'skipped')
      .flatMap((run) => run.check.finds as readonly string[]),
  );
  const matches = explanation.matches.map((match): ConfirmedMatch => {
    const found = findings.find((finding) => finding.id === match.id);
    if (found !== undefined) return { ...match, onThisMachine: { kind: 'confirmed', finding: found } };
    return { ...match, onThisMachine: { kind: looked.has(match.id) ? 'not-found' : 'unknown' } };
  });
  return matches.sort((a, b) => rank(b) - rank(a));
}

/** A proof on this machine outweighs a small difference in how well the words fit. */
function rank(match: ConfirmedMatch): number {
  return match.score + (match.onThisMachine.kind === 'confirmed' ? 0.3 : 0);
}

/** What that check says of this machine, in one line; `null` where it cannot look. */
export async function summaryOfCheck(id: string, host: Host, signal: AbortSignal): Promise<string | null> {
  const check = CHECKS.find((candidate) => candidate.id === id);
  if (check === undefined) throw new TypeError(`no check is called ${id}`);
  const context = createContext({ host, home: resolveCodexHome(host), live: false, signal });
  const [run] = await runChecks([check], context);
  if (run === undefined || run.result.status === 'skipped') return null;
  return run.result.problems[0]?.finding.cause ?? run.result.summary;
}
