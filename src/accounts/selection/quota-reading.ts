/** A quota reading from the documented cache entry. */
import type { QuotaWindow as CachedWindow, QuotaEntry } from '../store/quota-cache.ts';
import type { QuotaReading, QuotaWindow } from './facts.ts';

/** The entry as selection sees it: its two windows, named by their length. */
export function readingOfEntry(entry: QuotaEntry): QuotaReading {
  const windows = [entry.primary, entry.secondary].flatMap((window) => windowOf(window));
  return {
    planType: entry.planType,
    windows,
    limitReached: entry.status === 429,
    hasCredits: false,
    fetchedAt: entry.updatedAt,
  };
}

function windowOf({ usedPercent, windowMinutes, resetAtMs }: CachedWindow): readonly QuotaWindow[] {
  if (usedPercent === null) return [];
  return [{ name: windowName(windowMinutes), usedPercent, windowMinutes, resetsAt: resetAtMs }];
}

function windowName(minutes: number | null): string {
  if (minutes === null) return 'usage';
  if (minutes <= 600) return `${Math.round(minutes / 60)}h`;
  if (minutes <= 2 * 1440) return 'daily';
  return minutes <= 10 * 1440 ? 'weekly' : 'monthly';
}
