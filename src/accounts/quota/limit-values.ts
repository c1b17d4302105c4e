/** Numbers and words about limits as servers send them: what makes no sense becomes `null`, never a wrong number. */
import type { UsageWindow } from './usage-facts.ts';
import { windowName } from './usage-facts.ts';

const DAY_MS = 24 * 3600 * 1000;
/** A reset further away than this is no reset of a plan's limit. */
const FURTHEST_MS = 400 * DAY_MS;
const MAX_MINUTES = 400 * 24 * 60;

export interface RawWindow {
  readonly usedPercent: number | null;
  readonly windowMinutes: number | null;
  /** Unix seconds, or milliseconds. */
  readonly resetAt: number | null;
  readonly resetAfterSeconds: number | null;
}

/** The window, or `null` where the numbers are missing or all zero, which is how an absent window is sent. */
export function windowOf(raw: RawWindow, now: number): UsageWindow | null {
  const { usedPercent, windowMinutes } = raw;
  if (usedPercent === null || !Number.isFinite(usedPercent)) return null;
  const isLength = windowMinutes !== null && windowMinutes > 0 && windowMinutes <= MAX_MINUTES;
  const minutes = isLength ? Math.round(windowMinutes) : null;
  const resetsAt = resetTime(raw, now);
  if (usedPercent === 0 && minutes === null && resetsAt === null) return null;
  return {
    name: windowName(minutes),
    usedPercent: Math.min(100, Math.max(0, usedPercent)),
    windowMinutes: minutes,
    resetsAt,
  };
}

/** Epoch ms. The distance counts before the time of day: it does not depend on how this clock is set. */
function resetTime({ resetAt, resetAfterSeconds }: RawWindow, now: number): number | null {
  const given =
    resetAfterSeconds !== null && resetAfterSeconds > 0
      ? now + resetAfterSeconds * 1000
      : resetAt !== null && resetAt > 0
        ? resetAt > 1e11
          ? resetAt
          : resetAt * 1000
        : null;
  if (given === null || !Number.isFinite(given) || Math.abs(given - now) > FURTHEST_MS) return null;
  return Math.round(given);
}
