/**
 * The token endpoint: a code or a refresh token goes in, tokens come out. One request each, never repeated here: a refresh
 * token is good once, and only who knows what became of it may ask again (`refresh/`).
 */
import * as v from 'valibot';
import type { Http, HttpOutcome } from '../../codex/http.ts';
import { decodeTokenClaims } from '../../codex/jwt-claims.ts';
import type { AuthEndpoints } from './endpoints.ts';
import { parseServerError } from './server-error.ts';

export interface OauthDeps {
  readonly http: Http;
  readonly endpoints: AuthEndpoints;
  /** Epoch ms. */
  now(): number;
}

export type TokenOutcome =
  | {
      readonly kind: 'tokens';
      readonly idToken: string | null;
      readonly accessToken: string;
      /** `null`: the server gave no new one, the old one stays good. */
      readonly refreshToken: string | null;
      /** Epoch ms. */
      readonly expiresAt: number;
    }
  /** The server understood and said no. `isPermanent`: asking again with the same credential is useless. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string | null;
      readonly message: string;
      readonly isPermanent: boolean;
    }
  /** It did not come to an answer that means anything. `isSent`: the server may have acted on it all the same. */
  | {
      readonly kind: 'failed';
      readonly reason: 'network' | 'timeout' | 'aborted' | 'malformed' | 'server';
      readonly message: string;
      readonly status: number | null;
      readonly isSent: boolean;
    };

export type Tokens = Extract<TokenOutcome, { readonly kind: 'tokens' }>;

const TIMEOUT_MS = 30_000;
/** For an access token that says nothing of its end; the server's 401 then tells. */
const ASSUMED_LIFETIME_MS = 3_600_000;

/** Exchanges an authorization code; a login needs all three tokens, so a missing one is `malformed` and named. */
export async function exchangeCode(
  deps: OauthDeps,
  grant: { readonly code: string; readonly verifier: string; readonly redirectUri: string },
): Promise<TokenOutcome> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: grant.code,
    redirect_uri: grant.redirectUri,
    client_id: deps.endpoints.clientId,
    code_verifier: grant.verifier,
  });
  const outcome = await deps.http.request({
    method: 'POST',
    url: deps.endpoints.tokenUrl,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: body.toString(),
    timeoutMs: TIMEOUT_MS,
  });
  return parseTokens(outcome, ['id_token', 'access_token', 'refresh_token'], deps.now());
}

/** Spends a refresh token, as Codex 0.169 does (JSON). The caller has to store what comes back before anything else. */
export async function spendRefreshToken(deps: OauthDeps, refreshToken: string): Promise<TokenOutcome> {
  const outcome = await deps.http.request({
    method: 'POST',
    url: deps.endpoints.refreshUrl,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({
      client_id: deps.endpoints.clientId,
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
    }),
    timeoutMs: TIMEOUT_MS,
  });
  return parseTokens(outcome, ['access_token'], deps.now());
}

const Token = v.optional(v.nullable(v.string()), null);

const TokenAnswer = v.looseObject({
  id_token: Token,
  access_token: Token,
  refresh_token: Token,
  expires_in: v.optional(v.fallback(v.nullable(v.pipe(v.number(), v.gtValue(0))), null), null),
});

type TokenField = 'id_token' | 'access_token' | 'refresh_token';

async function parseTokens(
  outcome: HttpOutcome,
  required: readonly TokenField[],
  now: number,
): Promise<TokenOutcome> {
  if (outcome.kind === 'failed') {
    const { message, isSent } = outcome;
    const reason = outcome.reason === 'too-large' ? 'malformed' : outcome.reason;
    return { kind: 'failed', reason, message, status: null, isSent };
  }
  const { status, text } = outcome;
  const failed = (reason: 'malformed' | 'server', message: string): TokenOutcome => {
    return { kind: 'failed', reason, message, status, isSent: true };
  };
  if (status < 200 || status > 299) return refusalOf(status, text);
  const answer = parseAnswer(text);
  if (answer === null) return failed('malformed', 'the answer is not a JSON object with tokens');
  const missing = required.find((field) => (answer[field] ?? '') === '');
  if (missing !== undefined) return failed('malformed', `missing field ${missing}`);
  const accessToken = answer.access_token ?? '';
  return {
    kind: 'tokens',
    idToken: answer.id_token === '' ? null : answer.id_token,
    accessToken,
    refreshToken: answer.refresh_token === '' ? null : answer.refresh_token,
    expiresAt: await expiryOf(accessToken, answer.expires_in, now),
  };
}

function parseAnswer(text: string): v.InferOutput<typeof TokenAnswer> | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // the caller says so; the text itself may hold tokens
  }
  const parsed = v.safeParse(TokenAnswer, json);
  return parsed.success && !Array.isArray(json) ? parsed.output : null;
}

/** The lifetime in the answer counts from now, on this machine's clock; the token's own claim is the server's clock. */
async function expiryOf(accessToken: string, seconds: number | null, now: number): Promise<number> {
  if (seconds !== null) return now + seconds * 1000;
  return (await decodeTokenClaims(accessToken))?.expiresAt ?? now + ASSUMED_LIFETIME_MS;
}

/** With 400 and 403 only these are final: both also come from a gateway on the way, with a page instead of a code. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'invalid_grant',
  'invalid_client',
  'unauthorized_client',
  'token_expired',
  'refresh_token_expired',
  'refresh_token_reused',
  'refresh_token_invalidated',
  'app_session_terminated',
]);

function refusalOf(status: number, text: string): TokenOutcome {
  const { code, message } = parseServerError(text);
  if (status >= 500 || status === 408 || status === 429 || status < 400) {
    const words = [code, message].filter((part) => part !== null && part !== '').join(': ');
    const said = words === '' ? '' : ` (${words})`;
    return {
      kind: 'failed',
      reason: 'server',
      message: `the sign-in server answered ${status}${said}`,
      status,
      isSent: true,
    };
  }
  const isPermanent = status === 401 || (code !== null && FINAL_CODES.has(code));
  return { kind: 'refused', status, code, message, isPermanent };
}
