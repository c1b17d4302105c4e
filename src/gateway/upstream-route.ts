/** Where a path below the client's base goes: the model endpoint of the login in use, or the user's own upstream. */
import type { GatewayAccount } from './account-source.ts';

export interface UpstreamBases {
  /** For ChatGPT accounts, without a slash at the end: `https://chatgpt.com/backend-api/codex`. */
  readonly chatgpt: string;
  /** For API keys: `https://api.openai.com/v1`. */
  readonly apiKey: string;
}

/** The official endpoints (Codex 0.133 to 0.169). */
export const OFFICIAL_BASES: UpstreamBases = {
  chatgpt: 'https://chatgpt.com/backend-api/codex',
  apiKey: 'https://api.openai.com/v1',
};

export interface UpstreamTarget {
  readonly origin: string;
  /** With the query. */
  readonly path: string;
}

/** Splits the bases once. Throws a TypeError for a base that is no http(s) URL. */
export function createUpstreamRouter(
  bases: UpstreamBases,
): (kind: GatewayAccount['kind'], path: string, query: string) => UpstreamTarget {
  const prefixes = { chatgpt: split(bases.chatgpt), 'api-key': split(bases.apiKey) };
  return (kind, path, query) => {
    const { origin, prefix } = prefixes[kind];
    return { origin, path: `${prefix}/${path}${query}` };
  };
}

function split(base: string): { readonly origin: string; readonly prefix: string } {
  const url = new URL(base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new TypeError(`not an http(s) URL: ${base}`);
  return { origin: url.origin, prefix: url.pathname.replace(/\/+$/, '') };
}
