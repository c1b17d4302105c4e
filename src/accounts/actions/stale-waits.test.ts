import { expect, test } from 'vitest';
import { inventedAccount } from '../../../test/support/invented-accounts.ts';
import type { QuotaEntry } from '../store/quota-cache.ts';
import { findStaleWaits } from './stale-waits.ts';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;

function entry(usedPercent: number, updatedAt: number): QuotaEntry {
  const window = { usedPercent, windowMinutes: 300, resetAtMs: NOW + HOUR };
  return {
    updatedAt,
    status: 200,
    model: 'any',
    planType: null,
    primary: window,
    secondary: window,
    rest: {},
  };
}

function cacheOf(found: QuotaEntry | null) {
  return { entryOf: () => found, ageMs: 0 };
}

const limited = inventedAccount(1, {
  lastUsed: NOW - HOUR,
  rateLimitResetTimes: { 'gpt-5.2': NOW + HOUR, codex: NOW - HOUR },
});

test('room that the server told after the last use ends a wait', () => {
  const [wait] = findStaleWaits([limited], cacheOf(entry(40, NOW - 60_000)), NOW);
  expect(wait).toMatchObject({ index: 0, limitKeys: ['gpt-5.2'], hasCooldown: false });
  expect(wait?.proof).toContain('40 % used');
});

test.each([
  ['nothing is known', null],
  ['the answer is older than the last use', entry(40, NOW - 2 * HOUR)],
  ['a window is still full', entry(100, NOW - 60_000)],
])('a wait stays when %s', (_name, found) => {
  expect(findStaleWaits([limited], cacheOf(found), NOW)).toEqual([]);
});

test('a disabled account waits for nothing that matters', () => {
  expect(findStaleWaits([{ ...limited, isEnabled: false }], cacheOf(entry(1, NOW)), NOW)).toEqual([]);
});

test('a wait longer than any limit is stale by itself; one of a week is not', () => {
  const week = inventedAccount(2, { rateLimitResetTimes: { codex: NOW + 7 * 24 * HOUR } });
  const years = inventedAccount(3, {
    rateLimitResetTimes: { codex: NOW + 1000 * 24 * HOUR },
    cooldown: { untilMs: NOW + 48 * HOUR, reason: 'server-error' },
  });
  expect(findStaleWaits([week, years], cacheOf(null), NOW)).toMatchObject([
    { index: 1, limitKeys: ['codex'], hasCooldown: true },
  ]);
});
