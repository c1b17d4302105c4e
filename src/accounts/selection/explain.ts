/** Why the choice fell as it did: each account in the order in which it would serve, with its reasons in plain words. */
import { type Availability, availabilityOf, type Tier } from './availability.ts';
import type { Candidate } from './candidate.ts';
import { groupOf, meritOf, paceOf, type Selection, type SelectionInput } from './choose.ts';
import { clockTime, quotaWords, unavailableWords } from './words.ts';

export interface Considered {
  readonly index: number;
  readonly availability: Availability;
  readonly isChosen: boolean;
  /** 0 to 180, higher goes first, equal ones share the work; `null` when it cannot serve. */
  readonly score: number | null;
  /** The most important first; never empty. */
  readonly reasons: readonly string[];
}

/** Every candidate, explained; the chosen one first, then as the strategy ranks them, then those that cannot serve. */
export function explainChoice(input: SelectionInput, selection: Selection): readonly Considered[] {
  const considered = explainCandidates(input, selection);
  const order = new Map(considered.map((each) => [each.index, orderOf(each, input)]));
  return [...considered].sort((a, b) => compare(order.get(a.index) ?? [], order.get(b.index) ?? []));
}

/** The same in the pool's order. */
export function explainCandidates(input: SelectionInput, selection: Selection): readonly Considered[] {
  const chosen = selection.kind === 'chosen' ? selection.index : null;
  return input.candidates.map((candidate) => {
    const availability = availabilityOf(candidate, input.model, input.now);
    return {
      index: candidate.index,
      availability,
      isChosen: candidate.index === chosen,
      score: availability.kind === 'ready' ? scoreOf(candidate, input) : null,
      reasons: reasonsOf(candidate, availability, input),
    };
  });
}

function orderOf({ index, availability, isChosen }: Considered, input: SelectionInput): readonly number[] {
  const candidate = input.candidates[index];
  if (isChosen || candidate === undefined) return [0];
  if (availability.kind !== 'ready') {
    return [3, availability.kind === 'delayed' ? availability.untilMs : Number.POSITIVE_INFINITY, index];
  }
  return [
    candidate.isDrained ? 2 : 1,
    groupOf(candidate, input.now),
    -meritOf(candidate, input),
    candidate.runtime.inflight,
    Math.max(candidate.runtime.lastUsed, candidate.account.lastUsed),
    index,
  ];
}

function reasonsOf(
  candidate: Candidate,
  availability: Availability,
  input: SelectionInput,
): readonly string[] {
  const { now } = input;
  const reasons: string[] = [];
  const cannot = unavailableWords(availability, now);
  if (cannot !== null) reasons.push(cannot);
  if (candidate.isDrained) reasons.push('drained: keeps its threads, gets no new ones');
  if (input.excluded?.has(candidate.index) === true) reasons.push('already tried for this request');
  if (availability.kind === 'ready') reasons.push(...tierWords(candidate, availability.tier, now));
  for (const window of candidate.quota?.windows ?? []) reasons.push(quotaWords(window, now));
  const { account, quota, runtime, weight, tagRank, longLimit } = candidate;
  if (quota === null && account.kind === 'chatgpt') reasons.push('no reading of its limits yet');
  if (availability.kind === 'ready' && paceOf(longLimit, now) >= 2) {
    reasons.push('more is left than time to use it: would be lost at the reset');
  }
  if (tagRank !== 1)
    reasons.push(
      tagRank === 0 ? 'has a tag that this project prefers' : 'has a tag that this project avoids',
    );
  if (weight !== 1) reasons.push(weight === 0 ? 'weight 0: a last resort' : `weight ${weight}`);
  if (runtime.inflight > 0)
    reasons.push(`${runtime.inflight} request${runtime.inflight === 1 ? '' : 's'} under way`);
  return reasons;
}

function tierWords(candidate: Candidate, tier: Tier, now: number): readonly string[] {
  if (tier === 'deferred') {
    return [
      `little is left: held back until ${clockTime(candidate.deferredUntilMs, now)} while others can serve`,
    ];
  }
  if (tier === 'normal') return [];
  return [
    candidate.account.kind === 'api-key'
      ? 'an API key costs money: used last'
      : 'would use bought credits: used last',
  ];
}

/** Group and merit in one number: ten for each group that it goes before, and up to ten for its merit. */
function scoreOf(candidate: Candidate, input: SelectionInput): number {
  const merit = meritOf(candidate, input);
  const share = shareOf(merit, input);
  return (17 - groupOf(candidate, input.now)) * 10 + Math.round(100 * share) / 10;
}

/** 0 to 1, rising with the merit. */
function shareOf(merit: number, { strategy, now }: SelectionInput): number {
  if (merit === Number.NEGATIVE_INFINITY) return 0;
  switch (strategy) {
    case 'hybrid': {
      const wanted = 2 ** (merit / 4);
      return wanted / (1 + wanted);
    }
    case 'sequential':
      return 1 / (1 - merit);
    case 'reset-first':
      return 1 / (1 + Math.max(0, -merit - now / 60_000) / 1440);
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [place, value] of a.entries()) {
    const other = b[place] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
