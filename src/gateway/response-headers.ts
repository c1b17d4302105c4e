/**
 * The headers that go back to the client: the upstream's own, less what belongs to that hop, with the limits of one account
 * replaced by those of the pool, so that the client does not think itself blocked while another account has quota.
 */
import type { PoolLimits } from './account-source.ts';
import { connectionNames } from './request-headers.ts';

const THIS_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // The edge's notes about one account's connection; they must not reach another account through the client.
  'set-cookie',
]);
const SOCKET_HANDSHAKE = /^sec-websocket-/;
const OF_ONE_ACCOUNT =
  /^x-codex-(?:primary|secondary)-(?:used-percent|window-minutes|reset-at|reset-after-seconds)$/;

/** Names and values in turn. `limits` is `null` when nothing is known, or when one account alone is meant. */
export function responseHeaders(raw: readonly string[], limits: PoolLimits | null): string[] {
  const dropped = connectionNames(raw);
  const headers: string[] = [];
  let hasLimits = false;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (THIS_HOP.has(lower) || SOCKET_HANDSHAKE.test(lower) || dropped?.has(lower)) continue;
    if (limits !== null && OF_ONE_ACCOUNT.test(lower)) {
      hasLimits = true;
      continue;
    }
    headers.push(name, raw[index + 1] ?? '');
  }
  if (limits !== null && hasLimits) headers.push(...limitHeaders(limits));
  return headers;
}

/** The limits in the form that Codex 0.133 to 0.169 read: percent, minutes, Unix seconds. */
export function limitHeaders(limits: PoolLimits): string[] {
  return limits.windows.flatMap(({ name, usedPercent, windowMinutes, resetsAtMs }) => [
    `x-codex-${name}-used-percent`,
    String(Math.round(usedPercent * 10) / 10),
    ...(windowMinutes === null ? [] : [`x-codex-${name}-window-minutes`, String(windowMinutes)]),
    ...(resetsAtMs === null ? [] : [`x-codex-${name}-reset-at`, String(Math.ceil(resetsAtMs / 1000))]),
  ]);
}

/** The headers of an answer as names and values in turn, from either form that the HTTP client hands out. */
export function flatHeaders(raw: unknown): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((part: unknown) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
}
