import { expect, it } from 'vitest';
import { NOON, reading } from '../../../test/support/account-facts.ts';
import { entryOfUsage, usageOfEntry } from './usage-entry.ts';

const usage = {
  ...reading([42, 3], [18, 70]),
  additional: [
    {
      id: 'codex_other',
      name: 'Other',
      limitReached: false,
      windows: [{ name: '5h', usedPercent: 1, windowMinutes: 300, resetsAt: NOON }],
    },
  ],
  credits: { hasCredits: true, isUnlimited: false, balance: '12.5' },
  hasCredits: true,
};

it('comes back from the cache as it went in', () => {
  expect(usageOfEntry(entryOfUsage(usage))).toEqual(usage);
});

it('has the documented members for other tools', () => {
  const { primary, secondary, status, planType } = entryOfUsage(usage);
  expect({ primary, secondary, status, planType }).toEqual({
    primary: { usedPercent: 42, windowMinutes: 300, resetAtMs: NOON + 3 * 3_600_000 },
    secondary: { usedPercent: 18, windowMinutes: 10_080, resetAtMs: NOON + 70 * 3_600_000 },
    status: 200,
    planType: 'plus',
  });
});

it('believes the documented members when another tool has renewed them', () => {
  const renewed = {
    ...entryOfUsage(usage),
    updatedAt: NOON + 1,
    primary: { usedPercent: 99, windowMinutes: 300, resetAtMs: null },
  };
  expect(usageOfEntry(renewed)).toMatchObject({
    fetchedAt: NOON + 1,
    additional: [],
    hasCredits: false,
    windows: [{ name: '5h', usedPercent: 99, resetsAt: null }, { name: 'weekly' }],
  });
});
