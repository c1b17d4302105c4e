/**
 * The headers that go upstream: the client's own, in their order and spelling, less what belongs to this hop, plus the
 * chosen account's credential. What is bound to another account stays behind.
 */
import { TOKEN_HEADER } from './admission.ts';

/** Of one connection only (RFC 9110 7.6.1), or set anew by the HTTP client. */
const THIS_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'content-length',
  'expect',
  TOKEN_HEADER,
]);
/** Names an account or a session with it; cookies are the edge's notes about one account's connection. */
const OF_THE_LOGIN: ReadonlySet<string> = new Set([
  'authorization',
  'chatgpt-account-id',
  'cookie',
  'x-api-key',
]);
/** Routes to a place where only the account that was told of it is served (Codex 0.169). */
const OF_THE_ACCOUNT: ReadonlySet<string> = new Set([
  'x-openai-account-routing-override',
  'x-codex-routing-hint',
]);
/** The server's note from an earlier answer of this turn, for the account that got it. */
const OF_THE_TURN = 'x-codex-turn-state';
const SOCKET_HANDSHAKE = /^sec-websocket-/;

export interface UpstreamLogin {
  readonly bearer: string;
  /** `null`: no such header. */
  readonly accountId: string | null;
}

export interface RequestHeaderOptions {
  /** `null`: the client's own login goes through. */
  readonly login: UpstreamLogin | null;
  /** The account is not the one that the client is logged in to. */
  readonly isOtherAccount: boolean;
  /** The account is not the one that served this thread so far. */
  readonly isMove: boolean;
  /** Left out besides, lower case. */
  readonly without?: ReadonlySet<string>;
}

/** Names and values in turn, as they are sent. */
export function requestHeaders(raw: readonly string[], options: RequestHeaderOptions): string[] {
  const dropped = connectionNames(raw);
  const headers: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (THIS_HOP.has(lower) || SOCKET_HANDSHAKE.test(lower)) continue;
    if (dropped?.has(lower) || options.without?.has(lower)) continue;
    if (options.login !== null && OF_THE_LOGIN.has(lower)) continue;
    if (options.isOtherAccount && OF_THE_ACCOUNT.has(lower)) continue;
    if (options.isMove && lower === OF_THE_TURN) continue;
    headers.push(name, raw[index + 1] ?? '');
  }
  if (options.login !== null) {
    headers.push('authorization', `Bearer ${options.login.bearer}`);
    if (options.login.accountId !== null) headers.push('chatgpt-account-id', options.login.accountId);
  }
  return headers;
}

/** The names that `Connection` declares to be of this hop. */
export function connectionNames(raw: readonly string[]): ReadonlySet<string> | null {
  let names: Set<string> | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const token of (raw[index + 1] ?? '').split(',')) {
      const lower = token.trim().toLowerCase();
      if (lower === '' || lower === 'close' || lower === 'keep-alive') continue;
      names ??= new Set();
      names.add(lower);
    }
  }
  return names;
}
