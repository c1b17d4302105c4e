/** Why the choice fell as it did: each account in the order in which it would serve, with its reasons in plain words. */
import { type Availability, availabilityOf, type Tier } from './availability.ts';
import type { Candidate } from './candidate.ts';
import { groupOf, meritOf, paceOf, type Selection, type SelectionInput } from './choose.ts';
import { clockTime, quotaWords, unavailableWords } from './words.ts';

export interface Considered {
  readonly index: number;
  readonly availability: Availability;
  readonly isChosen: boolean;
  /** 0 to 100: how well it fits among those that can serve; `null` when it cannot. Equal scores share the work. */
  readonly score: number | null;
  /** The most important first; never empty. */
  readonly reasons: readonly string[];
}

/** Every candidate, explained; the chosen one first, then as the strategy ranks them, then those that cannot serve. */
export function explainChoice(input: SelectionInput, selection: Selection): readonly Considered[] {
  const chosen = selection.kind === 'chosen' ? selection.index : null;
  const explained = input.candidates.map((candidate) => explainOne(candidate, input, chosen));
  const merit = new Map(explained.map(({ considered, order }) => [considered.index, order]));
  return explained
    .map(({ considered }) => considered)
    .sort((a, b) => compare(merit.get(a.index) ?? [], merit.get(b.index) ?? []));
}

function explainOne(candidate: Candidate, input: SelectionInput, chosen: number | null) {
  const { index } = candidate;
  const availability = availabilityOf(candidate, input.model, input.now);
  const isChosen = index === chosen;
  const isReady = availability.kind === 'ready';
  const considered: Considered = {
    index,
    availability,
    isChosen,
    score: isReady ? scoreOf(candidate, availability.tier, input.now) : null,
    reasons: reasonsOf(candidate, availability, input),
  };
  const waits = availability.kind === 'delayed' ? availability.untilMs : Number.POSITIVE_INFINITY;
  const order = [
    isChosen ? 0 : isReady && !candidate.isDrained ? 1 : isReady ? 2 : 3,
    isReady ? groupOf(candidate, input.now) : waits,
    isReady ? -meritOf(candidate, input) : 0,
    candidate.runtime.inflight,
    Math.max(candidate.runtime.lastUsed, candidate.account.lastUsed),
    index,
  ];
  return { considered, order };
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

/** For people: half of it is how much is left in the fullest limit, half how much would be lost by waiting. */
function scoreOf(candidate: Candidate, tier: Tier, now: number): number {
  const limits = [candidate.shortLimit, candidate.longLimit].filter((limit) => limit !== null);
  const left = Math.min(
    1,
    ...limits.map((limit) => (limit.resetsAt > 0 && limit.resetsAt <= now ? 1 : limit.remaining)),
  );
  const pace = Math.min(2, paceOf(candidate.longLimit, now)) / 2;
  const most = tier === 'normal' ? 1 : tier === 'deferred' ? 0.3 : 0.1;
  return Math.round(100 * most * ((left + pace) / 2));
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [place, value] of a.entries()) {
    const other = b[place] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}
