/** What each report of the traffic does to an account's state. The pauses that the server did not name are ours. */
import { parseRateLimitHeaders } from '../../accounts/quota/rate-limit-headers.ts';
import { familyOf } from '../../accounts/selection/model-family.ts';
import type { AttemptReport } from '../account-source.ts';
import { blockUntil, credentialOf, growingPause, refuseModel, takeQuota } from './account-state.ts';
import type { BoundedMemory } from './bounded-memory.ts';
import type { Keeper } from './keeper.ts';
import type { LivePool } from './live-pool.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Until a probe or the next try tells; the server named no time. */
const UNTOLD_MS = { 'usage-limit': 15 * MINUTE_MS, credits: 30 * MINUTE_MS, plan: 6 * HOUR_MS } as const;
const BUSY_MS = { first: 5000, longest: MINUTE_MS };
const TROUBLE_MS = { first: 10_000, longest: 2 * MINUTE_MS };
const MODEL_REFUSED_MS = HOUR_MS;

export interface ReportDeps {
  readonly live: LivePool;
  readonly keeper: Keeper;
  readonly threads: BoundedMemory<string>;
  readonly owners: BoundedMemory<string>;
  now(): number;
}

export function takeReport(deps: ReportDeps, report: AttemptReport): void {
  const { live, keeper, now } = deps;
  const { key } = report;
  const state = live.stateOf(key);
  switch (report.kind) {
    case 'started':
      state.inflight += 1;
      if (report.isWork) state.lastUsed = now();
      return;
    case 'finished':
      state.inflight = Math.max(0, state.inflight - 1);
      return;
    case 'headers': {
      const usage = parseRateLimitHeaders(report.headers, now());
      if (usage === null || usage.windows.length === 0) return;
      takeQuota(state, usage);
      live.refreshCandidate(key);
      keeper.noteQuota(key, usage);
      return;
    }
    case 'served':
      state.failures = 0;
      // It works: whatever pause was in force is over.
      if (state.blocked !== null && state.blocked.reason !== 'rate-limit') state.blocked = null;
      if (report.threadId !== null) deps.threads.set(report.threadId, key);
      if (state.lastUsed > 0) keeper.noteChange(key, { lastUsed: state.lastUsed });
      return;
    case 'owns':
      deps.owners.set(report.responseId, key);
      return;
    case 'limited':
      takeLimit(deps, report);
      return;
    case 'rejected': {
      const account = live.accountAt(live.indexOf(key) ?? -1);
      if (account === undefined) return;
      state.refusedCredential = credentialOf(account);
      blockUntil(state, 'auth-failure', Number.POSITIVE_INFINITY, now());
      keeper.noteChange(key, {
        invalidated: { at: now(), code: report.code, credential: credentialOf(account) },
      });
      return;
    }
    case 'deactivated':
      blockUntil(state, 'deactivated', now() + UNTOLD_MS.plan, now());
      return;
    case 'model-unsupported':
      if (report.model !== null) refuseModel(state, report.model, now() + MODEL_REFUSED_MS);
      return;
    case 'trouble':
      blockUntil(state, report.why, now() + growingPause(state, TROUBLE_MS.first, TROUBLE_MS.longest), now());
      return;
  }
}

function takeLimit(deps: ReportDeps, report: Extract<AttemptReport, { readonly kind: 'limited' }>): void {
  const { live, keeper, now } = deps;
  const { key, why, model, planType } = report;
  const state = live.stateOf(key);
  if (planType !== null) state.planType = planType;
  if (why === 'too-many-requests') {
    const untilMs = report.untilMs ?? now() + growingPause(state, BUSY_MS.first, BUSY_MS.longest);
    blockUntil(state, 'rate-limit', untilMs, now());
    return;
  }
  const untilMs = report.untilMs ?? now() + UNTOLD_MS[why];
  blockUntil(state, why === 'usage-limit' ? 'rate-limit' : why, untilMs, now());
  if (why === 'usage-limit' && report.untilMs !== null && model !== null)
    keeper.noteChange(key, { rateLimitResetTimes: { [familyOf(model)]: report.untilMs } });
}
