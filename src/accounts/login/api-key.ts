/** Whether an API key can be one, and whether the server takes it: asked at the model list, which costs nothing. */
import { apiKeyFault } from '../../codex/api-key-shape.ts';
import type { Http } from '../../codex/http.ts';
import { parseServerError } from '../oauth/server-error.ts';

export type ApiKeyVerdict =
  | { readonly kind: 'accepted' }
  /** 401, with the server's code. */
  | { readonly kind: 'refused'; readonly code: string | null; readonly message: string }
  /** Nobody could tell; `reason` is for people. `isNetwork`: no server was reached. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isNetwork: boolean };

const OFFICIAL_BASE = 'https://api.openai.com/v1';
const TIMEOUT_MS = 15_000;

/** What is wrong with the text as a key, or `null`. `isOfficial`: keys of other services are none here. */
export function shapeFault(key: string, options: { readonly isOfficial: boolean }): string | null {
  const fault = apiKeyFault(key, { foreign: options.isOfficial });
  if (fault !== null) return fault;
  return key.length < 20 ? 'too short to be a key' : null;
}

/** Asks. `baseUrl`: where this Codex sends model traffic, `null` for the official address. */
export async function checkApiKey(http: Http, baseUrl: string | null, key: string): Promise<ApiKeyVerdict> {
  const base = (baseUrl ?? OFFICIAL_BASE).replace(/\/+$/, '');
  const outcome = await http.request({
    method: 'GET',
    url: `${base}/models`,
    headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
    timeoutMs: TIMEOUT_MS,
    maxBytes: 8 * 1024 * 1024,
  });
  if (outcome.kind === 'failed') return { kind: 'unknown', reason: outcome.message, isNetwork: true };
  const { status, text } = outcome;
  if (status === 401) return { kind: 'refused', ...parseServerError(text) };
  // 403: a key whose project may not list models; 429: one that is known and out of quota.
  if ((status >= 200 && status <= 299) || status === 403 || status === 429) return { kind: 'accepted' };
  return { kind: 'unknown', reason: `the server answered ${status}`, isNetwork: false };
}
