/** Which account Codex itself is logged in with: `auth.json` seen with the pool beside it. */
import { setTimeout as pause } from 'node:timers/promises';
import { type AuthFile, readAuth } from '../../codex/auth-file.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { Reading } from '../../codex/reading.ts';
import type { Account, ApiKeyAccount, ChatgptAccount, Pool } from '../account.ts';
import { isNewerPair, isSameLogin } from '../refresh/token-pair.ts';
import { accountKey, findSameAccount } from '../store/identity.ts';

/** The login in `auth.json`. */
export type CodexLogin =
  /** Codex is logged out, or keeps its login elsewhere. */
  | { readonly kind: 'none' }
  /** An account of the pool; `isNewer`: its tokens are newer than the pool's. `held`: as `auth.json` has it. */
  | {
      readonly kind: 'pool';
      readonly account: Account;
      readonly index: number;
      readonly isNewer: boolean;
      readonly held: Account;
    }
  /** A login that the pool does not have; as it would stand there. */
  | { readonly kind: 'stranger'; readonly account: Account }
  /** An agent identity, personal access token, …: nothing that a pool can hold. */
  | { readonly kind: 'other'; readonly mode: string }
  /** Cannot be read. `message` names file and reason, no secrets. */
  | { readonly kind: 'unreadable'; readonly message: string };

/** Reads only. */
export async function readCodexLogin(scope: CodexScope, pool: Pool): Promise<CodexLogin> {
  return await judgeLogin(scope, await readSettledAuth(scope), pool);
}

/** As {@link readAuth}, but a file that is broken at this moment is looked at again: Codex 0.133 rewrites it in place. */
export async function readSettledAuth(scope: CodexScope): Promise<Reading<AuthFile>> {
  const first = await readAuth(scope);
  if (first.kind !== 'malformed') return first;
  await pause(60);
  return await readAuth(scope);
}

/** What that reading of `auth.json` is to that pool. */
export async function judgeLogin(
  scope: CodexScope,
  auth: Reading<AuthFile>,
  pool: Pool,
): Promise<CodexLogin> {
  if (auth.kind === 'missing') return { kind: 'none' };
  if (auth.kind === 'malformed') {
    const at = auth.line === undefined ? '' : `:${auth.line}`;
    return { kind: 'unreadable', message: `${auth.path}${at}: ${auth.message}` };
  }
  if (auth.kind === 'unreadable') {
    return { kind: 'unreadable', message: `${auth.path}: ${auth.message} (${auth.code})` };
  }
  const held = accountOf(auth.value, scope.host.now());
  if (held === null) {
    const { mode, defects } = auth.value;
    const isEmpty = defects.includes('tokens-missing') || defects.includes('api-key-missing');
    return isEmpty ? { kind: 'none' } : { kind: 'other', mode };
  }
  const index = await positionOf(pool, held);
  const account = index === null ? undefined : pool.accounts[index];
  if (index === null || account === undefined) return { kind: 'stranger', account: held };
  const isNewer = held.kind === 'chatgpt' && account.kind === 'chatgpt' && (await isNewerPair(held, account));
  return { kind: 'pool', account, index, isNewer, held };
}

/** The very token first, for it leaves no doubt; a match by name alone must be the same person too. */
async function positionOf(pool: Pool, held: Account): Promise<number | null> {
  if (held.kind === 'api-key') return findSameAccount(pool, held);
  const sameToken = pool.accounts.findIndex(
    (account) => account.kind === 'chatgpt' && account.refreshToken === held.refreshToken,
  );
  if (sameToken !== -1) return sameToken;
  const index = findSameAccount(pool, held);
  const account = index === null ? undefined : pool.accounts[index];
  return account?.kind === 'chatgpt' && (await isSameLogin(account, held)) ? index : null;
}

/** The login as an account; `null` for one that a pool cannot hold. */
export function accountOf(
  auth: Pick<AuthFile, 'mode' | 'apiKey' | 'tokens' | 'identity' | 'access'>,
  now: number,
): Account | null {
  const base = {
    key: '',
    label: null,
    isEnabled: true,
    addedAt: now,
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
  };
  if (auth.mode === 'apikey') {
    if (auth.apiKey === null || auth.apiKey === '') return null;
    const account: ApiKeyAccount = { ...base, kind: 'api-key', email: null, apiKey: auth.apiKey };
    return { ...account, key: accountKey(account) };
  }
  const { tokens, identity, access } = auth;
  if (auth.mode !== 'chatgpt' || tokens === null || tokens.refreshToken.trim() === '') return null;
  const claimed = tokens.accountId ?? identity?.accountId ?? access?.accountId ?? null;
  const account: ChatgptAccount = {
    ...base,
    kind: 'chatgpt',
    email: (identity?.email ?? access?.email)?.toLowerCase() ?? null,
    refreshToken: tokens.refreshToken,
    accessToken: tokens.accessToken,
    expiresAt: access?.expiresAt ?? null,
    idToken: tokens.idToken,
    accountId: claimed,
    accountIdSource: claimed === null ? null : 'token',
    invalidated: null,
    workspaces: [],
    currentWorkspaceIndex: null,
    recordId: null,
  };
  return { ...account, key: accountKey(account) };
}
