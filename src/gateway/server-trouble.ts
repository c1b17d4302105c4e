/**
 * Tells an outage from an account's own trouble. When every account has failed lately and for some seconds none has
 * succeeded, trying them all again for each request would only make it worse.
 */
const WINDOW_MS = 10_000;
/** With many requests at once, all accounts may fail between two successes by chance; not for so long. */
const AT_LEAST_MS = 3000;

export interface TroubleWatch {
  failed(key: string): void;
  succeeded(): void;
  /** These accounts (two or more) have all failed lately, and nobody has succeeded for a while. */
  isEverywhere(keys: readonly string[]): boolean;
}

export function createTroubleWatch(now: () => number): TroubleWatch {
  const failedAt = new Map<string, number>();
  let since = Number.POSITIVE_INFINITY;
  return {
    failed: (key) => {
      since = Math.min(since, now());
      failedAt.set(key, now());
    },
    succeeded: () => {
      if (failedAt.size === 0) return;
      since = Number.POSITIVE_INFINITY;
      failedAt.clear();
    },
    isEverywhere: (keys) => {
      const at = now();
      const isRecent = (key: string) => at - (failedAt.get(key) ?? Number.NEGATIVE_INFINITY) < WINDOW_MS;
      return keys.length > 1 && at - since >= AT_LEAST_MS && keys.every(isRecent);
    },
  };
}
