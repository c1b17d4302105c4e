/** The pool's near future: which account serves now, which would be next, and when everything is there again. Pure. */
import { type Availability, availabilityOf } from '../selection/availability.ts';
import type { Candidate } from '../selection/candidate.ts';
import { chooseAccount, type Selection, type SelectionInput } from '../selection/choose.ts';
import { explainCandidates } from '../selection/explain.ts';

export type RiskLevel = 'low' | 'medium' | 'high';

export interface AccountForecast {
  /** Position in the pool, from 0. */
  readonly index: number;
  readonly availability: Availability;
  /** A request made now goes to it. */
  readonly isSelected: boolean;
  /** 0 to 100: how likely it fails a request soon; 100 when it cannot serve until somebody acts. */
  readonly riskScore: number;
  readonly riskLevel: RiskLevel;
  /** Milliseconds until it can serve; 0 when it can, `null` when somebody has to act first. */
  readonly waitMs: number | null;
  /** In plain words, the most important first; never empty. */
  readonly reasons: readonly string[];
}

export interface PoolForecast {
  /** What a request made now gets, with the user's pin. */
  readonly now: Selection;
  /** The account to use: the one that serves now, else the best one without the pin. */
  readonly recommendedIndex: number | null;
  /** Who takes over when the present one cannot serve any more; `atMs` 0: it could at once. */
  readonly next: { readonly index: number; readonly atMs: number } | null;
  /** Epoch ms at which all limits of the usable accounts are reset; `null` when none is in use. */
  readonly fullAgainMs: number | null;
  /** Usable ChatGPT accounts whose limits are not known; `fullAgainMs` leaves them out. */
  readonly unknownCount: number;
  /** In the pool's order. */
  readonly accounts: readonly AccountForecast[];
  readonly summary: {
    readonly total: number;
    readonly ready: number;
    readonly delayed: number;
    readonly unavailable: number;
    readonly highRisk: number;
  };
}

/** Looks ahead from `input.now`. */
export function forecastPool(input: SelectionInput): PoolForecast {
  const now = chooseAccount(input);
  const selected = now.kind === 'chosen' ? now.index : null;
  const unpinned = { ...input, pinnedIndex: null };
  const best = selected === null ? chooseAccount(unpinned) : now;
  const accounts = forecastAccounts(input, now);
  const count = (kind: Availability['kind']) =>
    accounts.filter(({ availability }) => availability.kind === kind).length;
  return {
    now,
    recommendedIndex: best.kind === 'chosen' ? best.index : null,
    next: nextOf(unpinned, selected, accounts),
    fullAgainMs: fullAgainOf(input),
    unknownCount: input.candidates.filter(
      ({ account, blockedFor, quota }) => account.kind === 'chatgpt' && blockedFor === null && quota === null,
    ).length,
    accounts,
    summary: {
      total: accounts.length,
      ready: count('ready'),
      delayed: count('delayed'),
      unavailable: count('unavailable'),
      highRisk: accounts.filter(({ riskLevel }) => riskLevel === 'high').length,
    },
  };
}

function forecastAccounts(input: SelectionInput, selection: Selection): readonly AccountForecast[] {
  return explainCandidates(input, selection).map(({ index, availability, isChosen, reasons }) => {
    const riskScore = riskOf(availability, input.candidates[index], input.now);
    return {
      index,
      availability,
      isSelected: isChosen,
      riskScore,
      riskLevel: riskScore < 40 ? 'low' : riskScore < 70 ? 'medium' : 'high',
      waitMs: waitOf(availability, input.now),
      reasons: reasons.length > 0 ? reasons : ['ready'],
    };
  });
}

function waitOf(availability: Availability, now: number): number | null {
  if (availability.kind === 'ready') return 0;
  return availability.kind === 'delayed' ? availability.untilMs - now : null;
}

/** Ready: by its fullest limit (60 at 100 %); waiting: 50 and more by the hour; somebody has to act: 100. */
function riskOf(availability: Availability, candidate: Candidate | undefined, now: number): number {
  if (availability.kind === 'unavailable') return 100;
  if (availability.kind === 'delayed') {
    return Math.round(50 + Math.min(45, (availability.untilMs - now) / 3_600_000));
  }
  if (availability.tier === 'deferred') return 75;
  const windows = candidate?.quota?.windows ?? [];
  const used = windows.map(({ usedPercent, resetsAt }) =>
    resetsAt !== null && resetsAt <= now ? 0 : usedPercent,
  );
  const unknown = candidate?.quota === null && candidate.account.kind === 'chatgpt' ? 20 : 0;
  return Math.round(Math.min(60, Math.max(0, ...used) * 0.6 + unknown));
}

/** The next one in rank; when nobody else can serve now, whoever comes back first (the present one included). */
function nextOf(
  input: SelectionInput,
  selected: number | null,
  accounts: readonly AccountForecast[],
): PoolForecast['next'] {
  if (selected !== null) {
    const next = chooseAccount({ ...input, excluded: new Set([...(input.excluded ?? []), selected]) });
    if (next.kind === 'chosen') return { index: next.index, atMs: 0 };
  }
  let soonest: { readonly index: number; readonly atMs: number } | null = null;
  for (const { index, availability } of accounts) {
    if (availability.kind !== 'delayed' || input.candidates[index]?.isDrained === true) continue;
    if (soonest === null || availability.untilMs < soonest.atMs)
      soonest = { index, atMs: availability.untilMs };
  }
  return soonest;
}

function fullAgainOf({ candidates, model, now }: SelectionInput): number | null {
  let full = 0;
  for (const candidate of candidates) {
    const availability = availabilityOf(candidate, model, now);
    if (availability.kind === 'unavailable') continue;
    if (availability.kind === 'delayed') full = Math.max(full, availability.untilMs);
    for (const { usedPercent, resetsAt } of candidate.quota?.windows ?? []) {
      if (usedPercent > 0 && resetsAt !== null && resetsAt > now) full = Math.max(full, resetsAt);
    }
  }
  return full === 0 ? null : full;
}
