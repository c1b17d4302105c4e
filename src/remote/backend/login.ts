/** Who asks the remote-control backend: the ChatGPT login of this Codex home, with what its token says about itself. */
import { accountOf } from '../../accounts/codex-login/codex-login.ts';
import { readAuth } from '../../codex/auth-file.ts';
import type { CodexReader, CodexScope } from '../../codex/home.ts';

export interface RemoteLogin {
  readonly kind: 'ok';
  /** Goes into a request to the backend and nowhere else. */
  readonly accessToken: string;
  readonly accountId: string;
  readonly userId: string | null;
  /** As it stands in the token: mask it before it is shown. */
  readonly email: string | null;
  readonly planType: string | null;
  /** How this session signed in: `pwd`, `mfa`, `otp`, …; empty where the token names none. */
  readonly authMethods: readonly string[];
  /** Epoch ms. */
  readonly expiresAt: number | null;
}

export type RemoteLoginReading =
  | RemoteLogin
  /** `api-key` cannot use remote control at all; `none` is also a login that Codex keeps in a keyring. */
  | { readonly kind: 'api-key' | 'none' | 'unreadable'; readonly message: string };

const MIN_VALIDITY_MS = 60_000;

/** The login in `auth.json`. */
export const readRemoteLogin: CodexReader<RemoteLoginReading> = async (scope) => {
  const auth = await readAuth(scope);
  if (auth.kind === 'missing') return { kind: 'none', message: 'there is no login in auth.json' };
  if (auth.kind !== 'ok') return { kind: 'unreadable', message: `auth.json: ${auth.message}` };
  const { mode, tokens, identity, access } = auth.value;
  if (mode === 'apikey') return { kind: 'api-key', message: 'the login is an API key' };
  const accountId = tokens?.accountId ?? access?.accountId ?? identity?.accountId ?? null;
  if (tokens === null || tokens.accessToken === '' || accountId === null) {
    return { kind: 'none', message: 'the login names no ChatGPT account' };
  }
  return {
    kind: 'ok',
    accessToken: tokens.accessToken,
    accountId,
    userId: access?.userId ?? identity?.userId ?? null,
    email: identity?.email ?? access?.email ?? null,
    planType: identity?.planType ?? access?.planType ?? null,
    authMethods: access?.authMethods ?? [],
    expiresAt: access?.expiresAt ?? null,
  };
};

/**
 * The same login with an access token that is still good: refreshed, if it has expired, as every other use of this login
 * refreshes it (one at a time, and Codex's `auth.json` gets the new pair).
 */
export async function withFreshToken(
  scope: CodexScope,
  login: RemoteLogin,
): Promise<RemoteLogin | { readonly kind: 'expired'; readonly message: string }> {
  const { expiresAt } = login;
  if (expiresAt === null || expiresAt - scope.host.now() > MIN_VALIDITY_MS) return login;
  const auth = await readAuth(scope);
  const account = auth.kind === 'ok' ? accountOf(auth.value, scope.host.now()) : null;
  if (account?.kind !== 'chatgpt') return login; // nothing to refresh it with: the server has the word
  const { ensureFreshTokens } = await import('../../accounts/refresh/refresh-account.ts');
  const outcome = await ensureFreshTokens(scope, account, { minValidityMs: MIN_VALIDITY_MS });
  if (outcome.kind === 'refused' || outcome.kind === 'failed') {
    return { kind: 'expired', message: `the login has expired and cannot be renewed: ${outcome.message}` };
  }
  const { accessToken, expiresAt: until } = outcome.account;
  return accessToken === null ? login : { ...login, accessToken, expiresAt: until };
}

/** Whether that account user id, as the desktop app stores it, is this login's: the user, alone or within the account. */
export function isOwnAccountUser(login: RemoteLogin, accountUserId: string | null): boolean {
  if (accountUserId === null || login.userId === null) return false;
  return accountUserId === login.userId || accountUserId === `${login.userId}__${login.accountId}`;
}
