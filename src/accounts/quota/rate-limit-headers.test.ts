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
      limitReached: false, // the credits serve on
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

  // As the server sends it to a Pro account (published by users), and as Codex's backend client declares it.
  test('a model with limits of its own', () => {
    const usage = parseUsageAnswer(
      `{"plan_type":"pro","rate_limit":{"allowed":true,"limit_reached":false,
        "primary_window":{"used_percent":82,"limit_window_seconds":604800,"reset_after_seconds":565127,"reset_at":1784666240},
        "secondary_window":null},
      "code_review_rate_limit":null,
      "additional_rate_limits":[{"limit_name":"GPT-5.3-Codex-Spark","metered_feature":"codex_bengalfox",
        "rate_limit":{"allowed":true,"limit_reached":false,
          "primary_window":{"used_percent":0,"limit_window_seconds":18000,"reset_after_seconds":18000,"reset_at":1784705933},
          "secondary_window":{"used_percent":61,"limit_window_seconds":604800,"reset_after_seconds":604800,"reset_at":1784705933}}},
        {"limit_name":"later","metered_feature":"codex_later"}],
      "credits":{"has_credits":false,"unlimited":false,"overage_limit_reached":false,"balance":"0"},
      "spend_control":{"reached":false,"individual_limit":null},
      "rate_limit_reached_type":null,"rate_limit_reset_credits":{"available_count":1}}`,
      NOW,
    );
    expect(usage).toEqual({
      planType: 'pro',
      windows: [{ name: 'weekly', usedPercent: 82, windowMinutes: 10_080, resetsAt: NOW + 565_127_000 }],
      additional: [
        {
          id: 'codex_bengalfox',
          name: 'GPT-5.3-Codex-Spark',
          limitReached: false,
          windows: [
            { name: '5h', usedPercent: 0, windowMinutes: 300, resetsAt: NOW + 18_000_000 },
            { name: 'weekly', usedPercent: 61, windowMinutes: 10_080, resetsAt: NOW + 604_800_000 },
          ],
        },
      ],
      limitReached: false,
      reachedType: null,
      credits: { hasCredits: false, isUnlimited: false, balance: '0' },
      hasCredits: false,
      fetchedAt: NOW,
    });
  });

  test("a workspace's cap on a member's credits is a limit, on a usage-based plan the only one", () => {
    const answer = (reached: boolean) =>
      parseUsageAnswer(
        JSON.stringify({
          plan_type: 'business',
          rate_limit: null,
          credits: { has_credits: true, unlimited: false, balance: null },
          spend_control: {
            reached,
            individual_limit: {
              source: 'workspace_spend_controls',
              limit: '4300',
              used: '3604.349905371666',
              remaining: '695.650094628334',
              used_percent: 84,
              remaining_percent: 16,
              reset_after_seconds: 380_033,
              reset_at: 1_788_220_801,
            },
          },
        }),
        NOW,
      );
    expect(answer(false)).toMatchObject({
      windows: [{ name: 'spend', usedPercent: 84, windowMinutes: null, resetsAt: NOW + 380_033_000 }],
      limitReached: false,
      hasCredits: true,
    });
    expect(answer(true)?.limitReached).toBe(true); // no credits help against that
  });

  test('a limit that is reached is none where the server goes on, on credits', () => {
    const answer = (allowed: boolean, hasCredits: boolean) =>
      parseUsageAnswer(
        JSON.stringify({
          rate_limit: { allowed, limit_reached: true, primary_window: window(100, 18_000) },
          credits: { has_credits: hasCredits, unlimited: false, balance: '3' },
        }),
        NOW,
      )?.limitReached;
    expect([answer(true, true), answer(false, true), answer(true, false), answer(false, false)]).toEqual([
      false,
      true,
      true,
      true,
    ]);
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
