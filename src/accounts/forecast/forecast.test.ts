import { describe, expect, it } from 'vitest';
import {
  chatgpt,
  demandOf,
  type FactsChanges,
  factsOf,
  HOUR,
  NOON,
  reading,
} from '../../../test/support/account-facts.ts';
import type { Account } from '../account.ts';
import { prepareCandidates } from '../selection/candidate.ts';
import type { SelectionInput } from '../selection/choose.ts';
import { clockTime, quotaWords, waitWords } from '../selection/words.ts';
import { forecastPool } from './forecast.ts';

function forecast(rows: readonly (readonly [Account, FactsChanges?])[], more: Partial<SelectionInput> = {}) {
  const demand = demandOf();
  const facts = rows.map(([account, changes]) => factsOf(account, changes));
  const input = {
    candidates: prepareCandidates(facts, demand),
    model: null,
    strategy: demand.settings.strategy,
    now: NOON,
  };
  return forecastPool({ ...input, ...more });
}

describe('the forecast', () => {
  it('names the account now, the next one, and when everything is reset', () => {
    const { recommendedIndex, next, fullAgainMs, summary } = forecast([
      [chatgpt('a'), { quota: reading([40, 2], [20, 30]) }],
      [chatgpt('b'), { quota: reading([100, 1], [90, 90]) }],
      [chatgpt('off', { isEnabled: false }), { quota: reading([50, 4], [50, 160]) }],
    ]);
    expect({ recommendedIndex, next }).toEqual({
      recommendedIndex: 0,
      next: { index: 1, atMs: NOON + HOUR },
    });
    expect(fullAgainMs).toBe(NOON + 90 * HOUR);
    expect(summary).toEqual({ total: 3, ready: 1, delayed: 1, unavailable: 1, highRisk: 1 });
  });

  it('recommends another account where the pinned one cannot serve, and says what a request gets', () => {
    const rows = [[chatgpt('a'), { quota: reading([100, 1], [9, 9]) }], [chatgpt('b')]] as const;
    const { now, recommendedIndex, accounts } = forecast(rows, { pinnedIndex: 0 });
    expect(now).toEqual({ kind: 'none', hard: { reason: 'pinned', index: 0 }, soonestMs: NOON + HOUR });
    expect(recommendedIndex).toBe(1);
    expect(accounts.map(({ isSelected }) => isSelected)).toEqual([false, false]);
    expect(accounts[0]).toMatchObject({ waitMs: HOUR, riskLevel: 'medium' });
  });

  it('counts a risk from the fullest limit that still runs', () => {
    const risks = forecast([
      [chatgpt('fresh'), { quota: reading([0, 2], [0, 90]) }],
      [chatgpt('used'), { quota: reading([90, 2], [10, 90]) }],
      [chatgpt('was-reset'), { quota: reading([90, -1], [10, 90]) }],
      [chatgpt('nearly-out'), { quota: reading([97, 2], [10, 90]) }],
      [chatgpt('unknown')],
    ]).accounts.map(({ riskScore, riskLevel }) => [riskScore, riskLevel]);
    expect(risks).toEqual([
      [0, 'low'],
      [54, 'medium'],
      [6, 'low'],
      [75, 'high'],
      [20, 'low'],
    ]);
  });

  it('of an empty pool recommends nobody', () => {
    expect(forecast([])).toMatchObject({
      recommendedIndex: null,
      next: null,
      fullAgainMs: null,
      unknownCount: 0,
    });
  });
});

describe('words', () => {
  // In whatever zone the machine is: local times are made the same way here.
  const local = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime();
  const now = local(21, 12);

  it('give the time of today, the weekday of this week, the date beyond', () => {
    expect(clockTime(local(21, 14, 5), now)).toBe('14:05');
    expect(clockTime(local(24, 9), now)).toBe('Tue 09:00');
    expect(clockTime(local(28, 9), now)).toBe('28 Nov 09:00');
    expect(clockTime(local(20, 9), now)).toBe('20 Nov 09:00');
  });

  it('round waiting up', () => {
    expect([1, 60_000, 60_001, 2 * HOUR, 50 * HOUR, 48 * HOUR].map(waitWords)).toEqual([
      '1 min',
      '1 min',
      '2 min',
      '2 h',
      '2 d 2 h',
      '2 d',
    ]);
  });

  it('say a limit, with its reset, also when that is over', () => {
    const window = { name: 'weekly', usedPercent: 81.6, windowMinutes: 10_080, resetsAt: local(24, 14) };
    expect(quotaWords(window, now)).toBe('weekly limit 82 % used, resets Tue 14:00');
    expect(quotaWords({ ...window, resetsAt: null }, now)).toBe('weekly limit 82 % used');
    expect(quotaWords({ ...window, resetsAt: local(21, 11) }, now)).toBe('weekly limit was reset 11:00');
  });
});
