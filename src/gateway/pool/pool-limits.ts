/**
 * How full the pool is as a whole: the mean of what each account has used of its short and of its long window. It reaches
 * 100 only when all are used up, so that a client that goes by it never thinks itself blocked before that.
 */
import type { Usage, UsageWindow } from '../../accounts/quota/usage-facts.ts';
import type { PoolLimits } from '../account-source.ts';

export interface LimitReading {
  readonly quota: Usage | null;
  /** Its limit is reached, whatever the windows say. */
  readonly isLimited: boolean;
  /** Epoch ms at which that ends. */
  readonly limitedUntilMs: number | null;
}

const DAY_MINUTES = 1440;

/** `null` while no account's limits are known. */
export function poolLimits(readings: readonly LimitReading[], now: number): PoolLimits | null {
  const short = combine('primary', readings, (window) => (window.windowMinutes ?? 0) <= DAY_MINUTES, now);
  const long = combine('secondary', readings, (window) => (window.windowMinutes ?? 0) > DAY_MINUTES, now);
  const windows = [short, long].filter((window) => window !== null);
  return windows.length === 0 ? null : { windows };
}

function combine(
  name: 'primary' | 'secondary',
  readings: readonly LimitReading[],
  isOfKind: (window: UsageWindow) => boolean,
  now: number,
): PoolLimits['windows'][number] | null {
  let known = 0;
  let used = 0;
  let minutes: number | null = null;
  let resetsAtMs = Number.POSITIVE_INFINITY;
  for (const { quota, isLimited, limitedUntilMs } of readings) {
    const window = quota?.windows.find(isOfKind);
    if (window === undefined) continue;
    known += 1;
    const isOver = window.resetsAt !== null && window.resetsAt <= now;
    used += isLimited ? 100 : isOver ? 0 : window.usedPercent;
    minutes ??= window.windowMinutes;
    const back = isLimited ? limitedUntilMs : window.resetsAt;
    if (back !== null && back > now) resetsAtMs = Math.min(resetsAtMs, back);
  }
  if (known === 0) return null;
  return {
    name,
    usedPercent: used / known,
    windowMinutes: minutes,
    resetsAtMs: Number.isFinite(resetsAtMs) ? resetsAtMs : null,
  };
}
