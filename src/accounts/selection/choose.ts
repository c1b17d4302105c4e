/**
 * Which account serves: one pure function for the gateway's requests and for what the commands tell. It knows no limits
 * but those of the server and of the user, and never refuses while an account can serve.
 *
 * Order: the account that this run was started with; the one that owns the response being continued; the user's pin; the
 * thread's account; then the best of the rest. The first three are hard: nobody else is taken in their place.
 */
import { servesFrom, tierOf } from './availability.ts';
import type { Candidate, LimitState } from './candidate.ts';
import type { Strategy } from './facts.ts';

export interface SelectionInput {
  /** From `prepareCandidates`, for this model. */
  readonly candidates: readonly Candidate[];
  readonly model: string | null;
  readonly strategy: Strategy;
  /** Epoch ms. */
  readonly now: number;
  /** `--account` of this run. */
  readonly forcedIndex?: number | null;
  /** The account that made the response that the request continues. */
  readonly ownerIndex?: number | null;
  /** The user's `switch`. */
  readonly pinnedIndex?: number | null;
  /** The account that this thread used so far. */
  readonly affinityIndex?: number | null;
  /** Where `sequential` begins. */
  readonly currentIndex?: number;
  /** Accounts that already failed for this request. */
  readonly excluded?: ReadonlySet<number>;
}

/** Why an account alone came into question. */
export type HardReason = 'forced' | 'owner' | 'pinned';

export type Selection =
  | {
      readonly kind: 'chosen';
      readonly index: number;
      /** `best`: by the strategy; `only`: nobody else could serve. */
      readonly reason: HardReason | 'affinity' | 'best' | 'only';
    }
  | {
      readonly kind: 'none';
      /** Why nobody else was asked; `null` when nobody can serve. */
      readonly hard: { readonly reason: HardReason; readonly index: number } | null;
      /** Epoch ms at which the first of those in question comes back; `null` when somebody has to act first. */
      readonly soonestMs: number | null;
    };

/** Chooses. The same input gives the same answer. */
export function chooseAccount(input: SelectionInput): Selection {
  const hard = hardChoice(input);
  if (hard !== null) {
    const candidate = input.candidates[hard.index];
    const from =
      candidate === undefined ? Number.POSITIVE_INFINITY : servesFrom(candidate, input.model, input.now);
    if (from === 0 && input.excluded?.has(hard.index) !== true) return { kind: 'chosen', ...hard };
    return { kind: 'none', hard, soonestMs: Number.isFinite(from) && from > 0 ? from : null };
  }
  const kept = input.affinityIndex ?? null;
  const keptCandidate = kept === null ? undefined : input.candidates[kept];
  if (kept !== null && keptCandidate !== undefined && input.excluded?.has(kept) !== true) {
    if (servesFrom(keptCandidate, input.model, input.now) === 0) {
      return { kind: 'chosen', index: kept, reason: 'affinity' };
    }
  }
  return chooseBest(input);
}

function hardChoice(input: SelectionInput): { readonly reason: HardReason; readonly index: number } | null {
  if (typeof input.forcedIndex === 'number') return { reason: 'forced', index: input.forcedIndex };
  if (typeof input.ownerIndex === 'number') return { reason: 'owner', index: input.ownerIndex };
  if (typeof input.pinnedIndex === 'number') return { reason: 'pinned', index: input.pinnedIndex };
  return null;
}

/** One pass; `excluded` and drained accounts are no choice, a drained one not even when it is the last. */
function chooseBest(input: SelectionInput): Selection {
  const { candidates, model, now, excluded } = input;
  let best: Candidate | null = null;
  let bestGroup = 0;
  let bestMerit = 0;
  let usable = 0;
  let soonest = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.isDrained || excluded?.has(candidate.index) === true) continue;
    const from = servesFrom(candidate, model, now);
    if (from !== 0) {
      if (from < soonest) soonest = from;
      continue;
    }
    usable += 1;
    const group = groupOf(candidate, now);
    if (best !== null && group > bestGroup) continue;
    const merit = meritOf(candidate, input);
    if (best !== null && group === bestGroup) {
      if (merit < bestMerit || (merit === bestMerit && !isFresher(candidate, best))) continue;
    }
    best = candidate;
    bestGroup = group;
    bestMerit = merit;
  }
  if (best === null) {
    return { kind: 'none', hard: null, soonestMs: Number.isFinite(soonest) ? soonest : null };
  }
  return { kind: 'chosen', index: best.index, reason: usable === 1 ? 'only' : 'best' };
}

/** Lower groups go first, whatever the merit: free before held back before paid, preferred tags before others. */
export function groupOf(candidate: Candidate, now: number): number {
  const tier = tierOf(candidate, now);
  const costs = tier === 'paid' ? 12 : tier === 'deferred' ? 6 : 0;
  return costs + (candidate.weight === 0 ? 3 : 0) + candidate.tagRank;
}

/** What the strategy makes of an account that can serve: higher is better, equal merits share the work. */
export function meritOf(candidate: Candidate, input: SelectionInput): number {
  switch (input.strategy) {
    case 'sequential': {
      const count = input.candidates.length;
      return -((candidate.index - (input.currentIndex ?? 0) + count) % count);
    }
    case 'reset-first': {
      const resetsAt = candidate.longLimit?.resetsAt ?? 0;
      return resetsAt > input.now ? -Math.round(resetsAt / 60_000) : Number.NEGATIVE_INFINITY;
    }
    case 'hybrid': {
      const wanted = paceOf(candidate.longLimit, input.now) * reserveOf(candidate.shortLimit, input.now);
      return steps((candidate.weight * wanted) / (1 + candidate.runtime.inflight));
    }
  }
}

/** Steps of a fifth: finer differences are noise, and would send everything to one account. */
function steps(score: number): number {
  return score <= 0 ? Number.NEGATIVE_INFINITY : Math.round(Math.log2(score) * 4);
}

/** Beyond this an account is as urgent as can be: otherwise one reset would draw all work at once. */
const MOST_URGENT = 8;

/**
 * How far the account lags behind an even use of its slowest limit: 1 when it is used evenly, 4 when four times as much
 * is left as time, so that quota which would be lost at the reset goes first. 1 when nothing is known.
 */
export function paceOf(limit: LimitState | null, now: number): number {
  if (limit === null || limit.resetsAt <= now || limit.windowMs === 0) return 1;
  const timeLeft = Math.min(1, (limit.resetsAt - now) / limit.windowMs);
  return Math.min(MOST_URGENT, limit.remaining / timeLeft);
}

/** An account whose fast limit is nearly used up would leave the work in its middle: below a quarter, ever less wanted. */
function reserveOf(limit: LimitState | null, now: number): number {
  if (limit === null || limit.resetsAt <= now || limit.remaining >= 0.25) return 1;
  return (limit.remaining * 4) ** 2;
}

/** Among equals: the least under way, then the least recently used, then the order of the list. */
function isFresher(a: Candidate, b: Candidate): boolean {
  if (a.runtime.inflight !== b.runtime.inflight) return a.runtime.inflight < b.runtime.inflight;
  const usedA = lastUsedOf(a);
  const usedB = lastUsedOf(b);
  return usedA === usedB ? a.index < b.index : usedA < usedB;
}

function lastUsedOf({ account, runtime }: Candidate): number {
  return runtime.lastUsed > account.lastUsed ? runtime.lastUsed : account.lastUsed;
}
