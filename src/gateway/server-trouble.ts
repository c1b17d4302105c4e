/**
 * Tells an outage from an account's own trouble. When every account has failed in the same few seconds and none has
 * succeeded since, trying them all again for each request would only make it worse.
 */
const WINDOW_MS = 10_000;

export interface TroubleWatch {
  failed(key: string): void;
  succeeded(): void;
  /** At least two accounts, that one among them, have failed lately, and nobody has succeeded since. */
  isEverywhere(keys: readonly string[]): boolean;
}

export function createTroubleWatch(now: () => number): TroubleWatch {
  const failedAt = new Map<string, number>();
  return {
    failed: (key) => void failedAt.set(key, now()),
    succeeded: () => failedAt.clear(),
    isEverywhere: (keys) =>
      keys.length > 1 &&
      keys.every((key) => now() - (failedAt.get(key) ?? Number.NEGATIVE_INFINITY) < WINDOW_MS),
  };
}
