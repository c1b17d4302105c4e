/** When a limited account can serve again, from whatever the answer says: body, window headers, `Retry-After`, text. */
import { type Failure, headerOf } from './failure.ts';

/** Epoch ms at which the usage limit resets, or `null` when the answer does not say. */
export function usageResetMs(failure: Failure, nowMs: number): number | null {
  if (failure.resetsAtMs !== null) return failure.resetsAtMs;
  // Both windows may be full: the account is back when the later one is.
  const full = ['primary', 'secondary'].flatMap((window) => {
    const used = numberOf(failure, `x-codex-${window}-used-percent`);
    const resetAt = numberOf(failure, `x-codex-${window}-reset-at`);
    return used !== null && used >= 100 && resetAt !== null ? [resetAt * 1000] : [];
  });
  return full.length > 0 ? Math.max(...full) : retryAtMs(failure, nowMs);
}

/** Epoch ms at which the server wants to be asked again: `Retry-After` (seconds or date), `retry-after-ms`, or "try again in 1.2s". */
export function retryAtMs(failure: Failure, nowMs: number): number | null {
  const ms = numberOf(failure, 'retry-after-ms');
  if (ms !== null) return nowMs + ms;
  const header = headerOf(failure.headers, 'retry-after');
  if (header !== null) {
    const seconds = Number(header);
    const date = Number.isFinite(seconds) ? nowMs + seconds * 1000 : Date.parse(header);
    if (Number.isFinite(date)) return date;
  }
  // The client reads the same phrase (Codex 0.133 to 0.169).
  const said = /try again in\s+(\d+(?:\.\d+)?)\s*(ms|s|seconds?|m|minutes?)\b/i.exec(failure.message);
  if (said?.[1] === undefined || said[2] === undefined) return null;
  const unit = said[2].toLowerCase();
  const factor = unit === 'ms' ? 1 : unit.startsWith('m') ? 60_000 : 1000;
  return nowMs + Number(said[1]) * factor;
}

function numberOf(failure: Failure, name: string): number | null {
  const text = headerOf(failure.headers, name);
  const value = text === null || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}
