/**
 * Tells an outage from an account's own trouble. When every account has failed lately and for some seconds none has
 * succeeded, trying them all again for each request would only make it worse.
 */
const WINDOW_MS = 10_000;
/** With many requests at once, all accounts may fail between two successes by chance; not for so long. */
const AT_LEAST_MS = 3000;
/**
 * Nor so often: time in which nothing was tried (all wait for a limit to pass, or the machine stands still) says nothing,
 * and of the tries that begin together after it the refused ones end first.
 */
const AT_LEAST_MOMENTS = 4;
const MOMENT_MS = 500;

export interface TroubleWatch {
  failed(key: string): void;
  succeeded(): void;
  /** These accounts (two or more) have all failed lately, and nobody has succeeded for a while. */
  isEverywhere(keys: readonly string[]): boolean;
}

export function createTroubleWatch(now: () => number): TroubleWatch {
  const failedAt = new Map<string, number>();
  let since = Number.POSITIVE_INFINITY;
  let moments = 0;
  let lastMoment = Number.NEGATIVE_INFINITY;
  return {
    failed: (key) => {
      const at = now();
      since = Math.min(since, at);
      failedAt.set(key, at);
      if (at - lastMoment < MOMENT_MS) return;
      lastMoment = at;
      moments += 1;
    },
    succeeded: () => {
      if (failedAt.size === 0) return;
      since = Number.POSITIVE_INFINITY;
      moments = 0;
      lastMoment = Number.NEGATIVE_INFINITY;
      failedAt.clear();
    },
    isEverywhere: (keys) => {
      const at = now();
      const isRecent = (key: string) => at - (failedAt.get(key) ?? Number.NEGATIVE_INFINITY) < WINDOW_MS;
      const isLong = at - since >= AT_LEAST_MS && moments >= AT_LEAST_MOMENTS;
      return keys.length > 1 && isLong && keys.every(isRecent);
    },
  };
}
