import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseRateLimitHeaders } from './rate-limit-headers.ts';
import { parseUsageAnswer } from './usage-answer.ts';
import type { Usage } from './usage-facts.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const IN_AN_HOUR = NOW / 1000 + 3600;

/** What every reading promises, whatever it was read from. */
function expectSane(usage: Usage | null): void {
  if (usage === null) return;
  const windows = [...usage.windows, ...usage.additional.flatMap((limit) => limit.windows)];
  for (const { usedPercent, windowMinutes, resetsAt, name } of windows) {
    expect(usedPercent).toBeGreaterThanOrEqual(0);
    expect(usedPercent).toBeLessThanOrEqual(100);
    expect(windowMinutes === null || (Number.isInteger(windowMinutes) && windowMinutes >= 0)).toBe(true);
    expect(resetsAt === null || (Number.isInteger(resetsAt) && resetsAt > 0)).toBe(true);
    expect(name).toMatch(/^[a-z0-9]+$/);
  }
  const texts = [
    usage.planType,
    usage.reachedType,
    usage.credits?.balance,
    ...usage.additional.map((l) => l.name),
  ];
  for (const text of texts) expect(text ?? '').not.toMatch(/\p{C}/u);
  expect(usage.additional.length).toBeLessThanOrEqual(33);
}

describe('headers of a model answer', () => {
  test('the two windows, credits and plan', () => {
    const usage = parseRateLimitHeaders(
      {
        'X-Codex-Primary-Used-Percent': '42.5',
        'x-codex-primary-window-minutes': '300',
        'x-codex-primary-reset-at': String(IN_AN_HOUR),
        'x-codex-secondary-used-percent': ['100', '7'],
        'x-codex-secondary-window-minutes': '10080',
        'x-codex-secondary-reset-after-seconds': '60',
        'x-codex-credits-has-credits': 'True',
        'x-codex-credits-balance': '12.50',
        'x-codex-plan-type': 'plus',
      },
      NOW,
    );
    expect(usage).toEqual({
      planType: 'plus',
      windows: [
        { name: '5h', usedPercent: 42.5, windowMinutes: 300, resetsAt: IN_AN_HOUR * 1000 },
        { name: 'weekly', usedPercent: 100, windowMinutes: 10_080, resetsAt: NOW + 60_000 },
      ],
      additional: [],
      limitReached: true,
      reachedType: null,
      credits: { hasCredits: true, isUnlimited: false, balance: '12.50' },
      hasCredits: true,
      fetchedAt: NOW,
    });
  });

  test('a limit of one model stands beside the general ones, and does not close the account', () => {
    const usage = parseRateLimitHeaders(
      {
        'x-codex-active-limit': 'codex_bengal_fox',
        'x-codex-bengal-fox-primary-used-percent': '100',
        'x-codex-bengal-fox-primary-window-minutes': '1440',
        'x-codex-bengal-fox-limit-name': 'Bengal\u0007 Fox',
        'x-codex-primary-used-percent': '3',
        'x-codex-primary-window-minutes': '43200',
      },
      NOW,
    );
    expect(usage?.windows).toMatchObject([{ name: 'monthly', usedPercent: 3 }]);
    expect(usage?.limitReached).toBe(false);
    expect(usage?.additional).toEqual([
      {
        id: 'codex_bengal_fox',
        name: 'Bengal Fox',
        limitReached: true,
        windows: [{ name: '1d', usedPercent: 100, windowMinutes: 1440, resetsAt: null }],
      },
    ]);
  });

  test('the type of a limit that was reached counts without any window', () => {
    expect(
      parseRateLimitHeaders({ 'x-codex-rate-limit-reached-type': 'workspace_member_credits_depleted' }, NOW),
    ).toMatchObject({ limitReached: true, reachedType: 'workspace_member_credits_depleted', windows: [] });
  });

  test('an answer without limits says nothing, and a window of zeros is none', () => {
    expect(
      parseRateLimitHeaders({ 'content-type': 'text/html', 'x-codex-promo-message': 'hi' }, NOW),
    ).toBeNull();
    expect(
      parseRateLimitHeaders(
        { 'x-codex-secondary-used-percent': '0', 'x-codex-secondary-window-minutes': '0' },
        NOW,
      ),
    ).toBeNull();
  });

  test.each(['NaN', 'Infinity', '-5', '0x10', '1e9', '', ' ', '12%', '9'.repeat(400), '１２'])(
    'a used share of %j is no share',
    (text) => {
      expect(parseRateLimitHeaders({ 'x-codex-primary-used-percent': text }, NOW)).toBeNull();
    },
  );

  test('whatever the headers hold, the reading is sane', () => {
    const name = fc.oneof(
      fc
        .tuple(
          fc.constantFrom('', 'a-', 'primary-', '__proto__-', 'x'.repeat(60)),
          fc.constantFrom('primary', 'secondary'),
          fc.constantFrom('used-percent', 'window-minutes', 'reset-at', 'reset-after-seconds', 'limit-name'),
        )
        .map(([group, which, what]) => `x-codex-${group}${which}-${what}`),
      fc.constantFrom(
        'x-codex-credits-has-credits',
        'x-codex-credits-balance',
        'x-codex-plan-type',
        'x-codex-rate-limit-reached-type',
        'X-CODEX-A-LIMIT-NAME',
      ),
      fc.string(),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.double().map(String),
      fc.integer().map(String),
      fc.array(fc.string(), { maxLength: 2 }),
    );
    fc.assert(
      fc.property(
        fc.dictionary(name, value, { maxKeys: 30 }),
        fc.integer({ min: 0, max: 2 * NOW }),
        (headers, now) => {
          expectSane(parseRateLimitHeaders(headers, now));
        },
      ),
    );
  });
});

describe('the usage endpoint', () => {
  const window = (used_percent: number, seconds: number) => ({
    used_percent,
    limit_window_seconds: seconds,
    reset_after_seconds: 60,
    reset_at: 1,
  });

  test('further limits, a third window, credits as a number, a typed reason', () => {
    const usage = parseUsageAnswer(
      JSON.stringify({
        plan_type: 'team',
        rate_limit: {
          allowed: false,
          limit_reached: true,
          primary_window: window(1, 18_000),
          secondary_window: null,
          monthly_window: window(50, 30 * 86_400),
        },
        code_review_rate_limit: { primary_window: window(5, 604_800) },
        additional_rate_limits: [
          {
            limit_name: 'Fox',
            metered_feature: 'codex_fox',
            rate_limit: { primary_window: window(7, 3600) },
          },
          { limit_name: 'none', rate_limit: null },
          'nonsense',
        ],
        credits: { has_credits: false, unlimited: true, balance: 5.39 },
        rate_limit_reached_type: { type: 'workspace_owner_usage_limit_reached' },
        future: { a: 1 },
      }),
      NOW,
    );
    expect(usage).toMatchObject({
      planType: 'team',
      windows: [
        { name: '5h', usedPercent: 1, resetsAt: NOW + 60_000 },
        { name: 'monthly', usedPercent: 50 },
      ],
      additional: [
        { id: 'code_review', windows: [{ name: 'weekly', usedPercent: 5 }] },
        { id: 'codex_fox', name: 'Fox', windows: [{ name: '1h', usedPercent: 7 }] },
      ],
      limitReached: true,
      reachedType: 'workspace_owner_usage_limit_reached',
      credits: { hasCredits: false, isUnlimited: true, balance: '5.39' },
      hasCredits: true,
    });
  });

  test.each(['', '<html>', '[]', 'null', '"x"', '{}', '{"detail":"Not Found"}'])(
    '%j is no answer',
    (text) => {
      expect(parseUsageAnswer(text, NOW)).toBeNull();
    },
  );

  test('whatever JSON comes, the reading is sane', () => {
    const member = fc.oneof(
      fc.json().map((text): unknown => JSON.parse(text)),
      fc.double(),
      fc.constant(null),
    );
    const limit = fc.record(
      { limit_reached: member, primary_window: fc.record({ used_percent: fc.double(), reset_at: member }) },
      { requiredKeys: [] },
    );
    const answer = fc.record(
      {
        plan_type: member,
        rate_limit: fc.oneof(limit, member),
        additional_rate_limits: fc.oneof(
          member,
          fc.array(fc.record({ limit_name: member, rate_limit: limit })),
        ),
        credits: member,
        rate_limit_reached_type: member,
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(answer, (json) => expectSane(parseUsageAnswer(JSON.stringify(json), NOW))));
  });
});
