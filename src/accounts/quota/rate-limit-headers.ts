/** The limits that ride on every model answer: the one place that reads these headers. */
import type { Usage } from './usage-facts.ts';

/** `null` when the answer carries no limits. Never throws; a header that makes no sense is as good as none. */
export function parseRateLimitHeaders(
  _headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  _now: number,
): Usage | null {
  throw new Error('under construction');
}
