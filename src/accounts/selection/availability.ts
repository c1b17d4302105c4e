/** Whether an account can serve now, and if not, until when or what has to happen. */
import type { BlockedFor, Candidate, WaitsFor } from './candidate.ts';

/** `normal`; `deferred`: little is left; `paid`: it would cost money. */
export type Tier = 'normal' | 'deferred' | 'paid';

export type Availability =
  | { readonly kind: 'ready'; readonly tier: Tier }
  | {
      readonly kind: 'delayed';
      /** Epoch ms. */
      readonly untilMs: number;
      readonly cause: WaitsFor | 'gateway';
      readonly what: string;
    }
  | { readonly kind: 'unavailable'; readonly cause: BlockedFor };

/** Epoch ms from which the account can serve: 0 is now, `Infinity` not before somebody acts. */
export function servesFrom(candidate: Candidate, model: string | null, now: number): number {
  if (candidate.blockedFor !== null) return Number.POSITIVE_INFINITY;
  const { runtime, wait } = candidate;
  if (model !== null && runtime.refusedModels.length > 0 && runtime.refusedModels.includes(model)) {
    return Number.POSITIVE_INFINITY;
  }
  let from = wait !== null && wait.untilMs > now ? wait.untilMs : 0;
  const { blocked } = runtime;
  if (blocked !== null && blocked.untilMs > now && blocked.untilMs > from) from = blocked.untilMs;
  return from;
}

/** The same with its cause. */
export function availabilityOf(candidate: Candidate, model: string | null, now: number): Availability {
  const from = servesFrom(candidate, model, now);
  if (from === 0) return { kind: 'ready', tier: tierOf(candidate, now) };
  if (from === Number.POSITIVE_INFINITY) {
    return { kind: 'unavailable', cause: candidate.blockedFor ?? 'model-refused' };
  }
  const { wait, runtime } = candidate;
  if (wait !== null && wait.untilMs === from) {
    return { kind: 'delayed', untilMs: from, cause: wait.cause, what: wait.what };
  }
  return { kind: 'delayed', untilMs: from, cause: 'gateway', what: runtime.blocked?.reason ?? '' };
}

/** How an account that can serve would be used. */
export function tierOf(candidate: Candidate, now: number): Tier {
  if (candidate.paidUntilMs > now) return 'paid';
  return candidate.deferredUntilMs > now ? 'deferred' : 'normal';
}
