/**
 * A reading of limits as the documented quota cache keeps it. Its two windows hold the fastest and the slowest limit; what
 * it has no place for stands in a member of its own, which other tools leave alone.
 */
import * as v from 'valibot';
import type { QuotaEntry, QuotaWindow } from '../store/quota-cache.ts';
import { type Usage, type UsageWindow, windowName } from './usage-facts.ts';

const OWN_MEMBER = 'steward';

const NullableNumber = v.nullable(v.number());
const NullableText = v.nullable(v.string());
const Window = v.object({
  name: v.string(),
  usedPercent: v.number(),
  windowMinutes: NullableNumber,
  resetsAt: NullableNumber,
});
const Own = v.object({
  windows: v.array(Window),
  additional: v.array(
    v.object({ id: v.string(), name: NullableText, limitReached: v.boolean(), windows: v.array(Window) }),
  ),
  limitReached: v.boolean(),
  reachedType: NullableText,
  credits: v.nullable(v.object({ hasCredits: v.boolean(), isUnlimited: v.boolean(), balance: NullableText })),
  hasCredits: v.boolean(),
  /** The entry it was written with: another tool may have renewed the documented members since. */
  updatedAt: v.number(),
});

/** The entry to store for a reading. No model was asked; the place says what was. */
export function entryOfUsage(usage: Usage): QuotaEntry {
  const { planType, fetchedAt, windows, additional, limitReached, reachedType, credits, hasCredits } = usage;
  const ordered = [...windows].sort((a, b) => (a.windowMinutes ?? 0) - (b.windowMinutes ?? 0));
  const own = { windows, additional, limitReached, reachedType, credits, hasCredits, updatedAt: fetchedAt };
  return {
    updatedAt: fetchedAt,
    status: limitReached ? 429 : 200,
    model: 'wham/usage',
    planType,
    primary: cached(ordered[0]),
    secondary: cached(ordered.length > 1 ? ordered.at(-1) : undefined),
    rest: { [OWN_MEMBER]: own },
  };
}

/** The reading that an entry holds, whichever tool wrote it. */
export function usageOfEntry(entry: QuotaEntry): Usage {
  const { planType, updatedAt: fetchedAt } = entry;
  const stored = entry.rest[OWN_MEMBER];
  const own = stored === undefined ? null : v.safeParse(Own, stored); // other tools write none, and issues are costly to make
  if (own?.success === true && own.output.updatedAt === fetchedAt) {
    const { windows, additional, limitReached, reachedType, credits, hasCredits } = own.output;
    return { planType, windows, additional, limitReached, reachedType, credits, hasCredits, fetchedAt };
  }
  return {
    planType,
    windows: [entry.primary, entry.secondary].flatMap(windowOf),
    additional: [],
    limitReached: entry.status === 429,
    reachedType: null,
    credits: null,
    hasCredits: false,
    fetchedAt,
  };
}

function cached(window: UsageWindow | undefined): QuotaWindow {
  if (window === undefined) return { usedPercent: null, windowMinutes: null, resetAtMs: null };
  const { usedPercent, windowMinutes, resetsAt } = window;
  return { usedPercent, windowMinutes, resetAtMs: resetsAt };
}

function windowOf({ usedPercent, windowMinutes, resetAtMs }: QuotaWindow): readonly UsageWindow[] {
  if (usedPercent === null) return [];
  return [{ name: windowName(windowMinutes), usedPercent, windowMinutes, resetsAt: resetAtMs }];
}
