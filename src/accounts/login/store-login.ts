/** From tokens to an account in use: into the pool, made active there, and written to Codex's own `auth.json`. */
import type { CodexScope } from '../../codex/home.ts';
import {
  type Account,
  type ApiKeyAccount,
  type ChatgptAccount,
  MODEL_FAMILIES,
  type ModelFamily,
  type Pool,
} from '../account.ts';
import { type ImportedLogin, importCodexLogin } from '../actions/switch-account.ts';
import { withTurn } from '../actions/turn.ts';
import { type WriteLoginOutcome, writeCodexLogin } from '../codex-login/write-codex-login.ts';
import type { Tokens } from '../oauth/token-endpoint.ts';
import { accountKey, addAccount } from '../store/identity.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { updatePool } from '../store/pool-store.ts';
import type { LoginIdentity } from './login-identity.ts';

/** The account that those tokens are, as it stands in no pool yet. `now`: epoch ms. */
export function chatgptAccount(tokens: Tokens, identity: LoginIdentity, now: number): ChatgptAccount {
  const { email, accountId, accountIdSource, workspaces } = identity;
  const current = workspaces.findIndex(({ id }) => id === accountId);
  return {
    ...freshBase(now),
    kind: 'chatgpt',
    key: accountKey({ kind: 'chatgpt', accountId, email, addedAt: now }),
    email,
    refreshToken: tokens.refreshToken ?? '',
    accessToken: tokens.accessToken,
    expiresAt: tokens.expiresAt,
    idToken: tokens.idToken,
    accountId,
    accountIdSource,
    invalidated: null,
    workspaces,
    currentWorkspaceIndex: current === -1 ? null : current,
    recordId: null,
  };
}

/** The account that an API key is. */
export function apiKeyAccount(apiKey: string, now: number): ApiKeyAccount {
  return {
    ...freshBase(now),
    kind: 'api-key',
    key: accountKey({ kind: 'api-key', apiKey }),
    email: null,
    apiKey,
  };
}

function freshBase(now: number) {
  return {
    label: null,
    isEnabled: true,
    addedAt: now,
    lastUsed: now,
    lastSwitchReason: 'initial',
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
  } as const;
}

export interface StoredLogin {
  readonly account: Account;
  readonly index: number;
  /** It was not in the pool before. */
  readonly isNew: boolean;
  /** A pin on another account stays, and decides for sessions through the gateway. */
  readonly pinnedIndex: number | null;
  /** The login Codex had before and the pool did not: it is in the pool now. */
  readonly imported: ImportedLogin | null;
  readonly codexLogin: WriteLoginOutcome;
}

/** Stores the login and makes it active. Once this began it is not interrupted: the tokens exist nowhere else. */
export async function storeLogin(scope: CodexScope, fresh: Account): Promise<StoredLogin> {
  const lasting: CodexScope = { ...scope, signal: new AbortController().signal };
  const imported = await importCodexLogin(lasting);
  const { lockFile } = await resolveAccountPaths(lasting);
  return await withTurn(lasting, `${lockFile}.switch`, async () => {
    const stored = await updatePool(lasting, (pool) => activated(pool, fresh));
    const codexLogin = await writeCodexLogin(lasting, stored.account);
    // What Codex had may have been this very account.
    if (imported?.account.key === stored.account.key) {
      return { ...stored, isNew: true, imported: null, codexLogin };
    }
    return { ...stored, imported, codexLogin };
  });
}

function activated(pool: Pool, fresh: Account) {
  const { pool: next, index, isNew } = addAccount(pool, fresh);
  const account = next.accounts[index] ?? fresh;
  const activeIndexByFamily = Object.fromEntries(
    MODEL_FAMILIES.map((family): [ModelFamily, number] => [family, index]),
  );
  const { pinnedIndex } = next;
  return {
    pool: { ...next, activeIndex: index, activeIndexByFamily },
    result: { account, index, isNew, pinnedIndex },
  };
}
