/** Whatever the pool looks like: nobody who cannot serve is chosen, and while somebody can, somebody is. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastPool } from '../../src/accounts/forecast/forecast.ts';
import { availabilityOf } from '../../src/accounts/selection/availability.ts';
import { prepareCandidates } from '../../src/accounts/selection/candidate.ts';
import { chooseAccount, groupOf, meritOf, type SelectionInput } from '../../src/accounts/selection/choose.ts';
import { explainChoice } from '../../src/accounts/selection/explain.ts';
import { type AccountFacts, type Demand, STRATEGIES } from '../../src/accounts/selection/facts.ts';
import { apiKey, chatgpt, demandOf, factsOf, HOUR, NOON, reading } from '../support/account-facts.ts';

const MODELS = ['gpt-5.5', 'gpt-5.3-codex', 'gpt-5.1'] as const;
const percent = fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom(0, 95, 100));
const hours = fc.double({ min: -10, max: 200, noNaN: true });
const moment = hours.map((h) => Math.round(NOON + h * HOUR));

const facts: fc.Arbitrary<AccountFacts> = fc
  .record({
    isKey: fc.boolean(),
    isEnabled: fc.boolean(),
    isDead: fc.boolean(),
    lastUsed: fc.nat({ max: 5 }),
    limited: fc.option(fc.tuple(fc.constantFrom('gpt-5.2', 'gpt-5-codex', 'gpt-5.2:gpt-5.5'), moment)),
    cooldown: fc.option(moment),
    quota: fc.option(
      fc.record({
        short: fc.tuple(percent, hours),
        long: fc.tuple(percent, hours),
        hasCredits: fc.boolean(),
      }),
    ),
    preferences: fc.record({
      tags: fc.subarray(['work', 'home']),
      weight: fc.constantFrom(0, 0.5, 1, 2, 10),
      isPaused: fc.boolean(),
      isDrained: fc.boolean(),
    }),
    runtime: fc.record({
      inflight: fc.nat({ max: 4 }),
      lastUsed: fc.nat({ max: 5 }),
      blocked: fc.option(moment.map((untilMs) => ({ untilMs, reason: 'server-error' }))),
      refusedModels: fc.subarray([...MODELS]),
    }),
    name: fc.uuid(),
  })
  .map((row) => {
    const limits = row.limited === null ? {} : { [row.limited[0]]: row.limited[1] };
    const base = {
      isEnabled: row.isEnabled,
      lastUsed: row.lastUsed,
      rateLimitResetTimes: limits,
      cooldown: row.cooldown === null ? null : { untilMs: row.cooldown, reason: 'network-error' as const },
    };
    const invalidated = row.isDead ? { at: NOON, code: null } : null;
    const account = row.isKey
      ? { ...apiKey(row.name), ...base }
      : chatgpt(row.name, { ...base, invalidated });
    const quota =
      row.quota === null
        ? null
        : { ...reading(row.quota.short, row.quota.long), hasCredits: row.quota.hasCredits };
    return factsOf(account, { quota, preferences: row.preferences, runtime: row.runtime });
  });

const pools = fc.array(facts, { maxLength: 12 });
const demands: fc.Arbitrary<Demand> = fc
  .record({
    model: fc.option(fc.constantFrom(...MODELS), { nil: undefined }),
    strategy: fc.constantFrom(...STRATEGIES),
    profile: fc.option(
      fc.record({ preferredTags: fc.subarray(['work']), avoidTags: fc.subarray(['home']) }),
      {
        nil: undefined,
      },
    ),
  })
  .map(({ model, strategy, profile }) =>
    demandOf({
      settings: { strategy },
      ...(model === undefined ? {} : { model }),
      ...(profile === undefined ? {} : { profile }),
    }),
  );

function inputOf(pool: readonly AccountFacts[], demand: Demand): SelectionInput {
  return {
    candidates: prepareCandidates(pool, demand),
    model: demand.model,
    strategy: demand.settings.strategy,
    now: NOON,
  };
}

function canServe(input: SelectionInput, index: number): boolean {
  const candidate = input.candidates[index];
  return candidate !== undefined && availabilityOf(candidate, input.model, input.now).kind === 'ready';
}

describe('the chooser', () => {
  it('never chooses an account that cannot serve', () => {
    const places = fc.option(fc.nat({ max: 12 }));
    fc.assert(
      fc.property(pools, demands, places, places, places, (pool, demand, owner, pinned, affinity) => {
        const input = {
          ...inputOf(pool, demand),
          ownerIndex: owner,
          pinnedIndex: pinned,
          affinityIndex: affinity,
        };
        const selection = chooseAccount(input);
        if (selection.kind === 'chosen') expect(canServe(input, selection.index)).toBe(true);
        if (owner !== null && selection.kind === 'chosen') expect(selection.index).toBe(owner);
        if (selection.kind === 'none' && selection.soonestMs !== null) {
          expect(selection.soonestMs).toBeGreaterThan(NOON);
        }
      }),
    );
  });

  it('chooses somebody while somebody can serve and takes new work', () => {
    fc.assert(
      fc.property(pools, demands, (pool, demand) => {
        const input = inputOf(pool, demand);
        const open = input.candidates.some(({ index, isDrained }) => !isDrained && canServe(input, index));
        expect(chooseAccount(input).kind).toBe(open ? 'chosen' : 'none');
      }),
    );
  });

  it('finds somebody at the time it names as the soonest', () => {
    fc.assert(
      fc.property(pools, demands, (pool, demand) => {
        const input = inputOf(pool, demand);
        const selection = chooseAccount(input);
        if (selection.kind === 'chosen' || selection.soonestMs === null) return;
        expect(chooseAccount({ ...input, now: selection.soonestMs }).kind).toBe('chosen');
        expect(chooseAccount({ ...input, now: selection.soonestMs - 1 }).kind).toBe('none');
      }),
    );
  });

  it('chooses as well whatever the order of the list', () => {
    const shuffled = pools.chain((pool) =>
      fc.tuple(
        fc.constant(pool),
        fc.shuffledSubarray([...pool.keys()], { minLength: pool.length, maxLength: pool.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, demands, ([pool, order], demand) => {
        if (demand.settings.strategy === 'sequential') return; // there the order is the point
        const quality = (input: SelectionInput) => {
          const selection = chooseAccount(input);
          const candidate = selection.kind === 'chosen' ? input.candidates[selection.index] : undefined;
          if (candidate === undefined) return selection;
          const lastUsed = Math.max(candidate.account.lastUsed, candidate.runtime.lastUsed);
          return [groupOf(candidate, NOON), meritOf(candidate, input), candidate.runtime.inflight, lastUsed];
        };
        const permuted = order.flatMap((index) => pool[index] ?? []);
        expect(quality(inputOf(permuted, demand))).toEqual(quality(inputOf(pool, demand)));
      }),
    );
  });

  it('never drops the chosen account when its weight rises', () => {
    fc.assert(
      fc.property(pools, demands, fc.double({ min: 1, max: 10, noNaN: true }), (pool, demand, factor) => {
        const before = chooseAccount(inputOf(pool, demand));
        if (before.kind === 'none') return;
        const heavier = pool.map((each, index) =>
          index === before.index
            ? { ...each, preferences: { ...each.preferences, weight: each.preferences.weight * factor } }
            : each,
        );
        const after = chooseAccount(inputOf(heavier, demand));
        expect(after.kind === 'chosen' && after.index).toBe(before.index);
      }),
    );
  });

  it('explains every account, the chosen one first, with a reason for each that cannot serve', () => {
    fc.assert(
      fc.property(pools, demands, (pool, demand) => {
        const input = inputOf(pool, demand);
        const selection = chooseAccount(input);
        const considered = explainChoice(input, selection);
        expect(considered.map(({ index }) => index).sort((a, b) => a - b)).toEqual([...pool.keys()]);
        if (selection.kind === 'chosen') expect(considered[0]?.index).toBe(selection.index);
        for (const { availability, reasons, score } of considered) {
          expect(score === null).toBe(availability.kind !== 'ready');
          if (availability.kind !== 'ready') expect(reasons[0]).toBeTruthy();
        }
      }),
    );
  });
});

describe('the forecast', () => {
  it('names who serves, somebody else as next, and no time that is over', () => {
    fc.assert(
      fc.property(pools, demands, fc.option(fc.nat({ max: 12 })), (pool, demand, pinnedIndex) => {
        const input = { ...inputOf(pool, demand), pinnedIndex };
        const forecast = forecastPool(input);
        const { ready, delayed, unavailable, total } = forecast.summary;
        expect(ready + delayed + unavailable).toBe(total);
        if (forecast.now.kind === 'chosen') {
          expect(forecast.accounts.filter(({ isSelected }) => isSelected)).toHaveLength(1);
          expect(forecast.recommendedIndex).toBe(forecast.now.index);
          expect(forecast.next?.index).not.toBe(forecast.now.index);
        }
        if (forecast.next !== null && forecast.next.atMs > 0)
          expect(forecast.next.atMs).toBeGreaterThan(NOON);
        if (forecast.fullAgainMs !== null) expect(forecast.fullAgainMs).toBeGreaterThan(NOON);
        for (const { riskScore, reasons } of forecast.accounts) {
          expect(riskScore).toBeGreaterThanOrEqual(0);
          expect(riskScore).toBeLessThanOrEqual(100);
          expect(reasons.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});
