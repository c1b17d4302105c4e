/** Puts a newer pair where the account stands: in the pool, else among the flagged accounts. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount, Pool } from '../account.ts';
import { updateFlagged } from '../store/flagged-store.ts';
import { updatePool } from '../store/pool-store.ts';
import { isNewerPair, type TokenPair, withPair } from './token-pair.ts';

/**
 * Stores the pair for that account unless what stands there is newer by now; gives back the account as it is then. An
 * account that is nowhere (removed meanwhile, or a login that the pool does not have) is not added.
 */
export async function storePair(
  scope: CodexScope,
  account: ChatgptAccount,
  pair: TokenPair,
): Promise<ChatgptAccount> {
  const calm = withoutSignal(scope);
  const stored = await updatePool(calm, async (pool) => {
    const index = positionOf(pool, account);
    const row = index === -1 ? undefined : pool.accounts[index];
    if (row?.kind !== 'chatgpt') return { pool, result: null };
    const next = await newest(row, account, pair);
    if (next === row) return { pool, result: row };
    return { pool: { ...pool, accounts: pool.accounts.with(index, next) }, result: next };
  });
  if (stored !== null) return stored;
  const next = withPair(account, pair);
  await storeAmongFlagged(calm, account, next);
  return next;
}

/** The issuer called this login dead. Only the row that still holds that very token is marked. */
export async function markInvalidated(
  scope: CodexScope,
  account: ChatgptAccount,
  code: string | null,
): Promise<ChatgptAccount> {
  const invalidated = { at: scope.host.now(), code };
  await updatePool(withoutSignal(scope), (pool) => {
    const index = positionOf(pool, account);
    const row = pool.accounts[index];
    if (row?.kind !== 'chatgpt' || row.refreshToken !== account.refreshToken) return { pool, result: null };
    const isMarked = row.invalidated !== null && row.invalidated.code === code;
    if (isMarked) return { pool, result: null };
    return { pool: { ...pool, accounts: pool.accounts.with(index, { ...row, invalidated }) }, result: null };
  });
  return { ...account, invalidated };
}

/** Where that account stands: by its token, else by its key. -1 when it is not there. */
export function positionOf(pool: Pool, account: ChatgptAccount): number {
  const byToken = pool.accounts.findIndex(
    (row) => row.kind === 'chatgpt' && row.refreshToken === account.refreshToken,
  );
  if (byToken !== -1) return byToken;
  return pool.accounts.findIndex((row) => row.kind === 'chatgpt' && row.key === account.key);
}

/** What has been paid for with a token is stored, also after Ctrl-C. */
export function withoutSignal(scope: CodexScope): CodexScope {
  return { ...scope, signal: new AbortController().signal };
}

async function newest(
  row: ChatgptAccount,
  account: ChatgptAccount,
  pair: TokenPair,
): Promise<ChatgptAccount> {
  // The row's token is the one that was spent: whatever came out of it is right, also with a clock that says otherwise.
  const isSuccessor = row.refreshToken === account.refreshToken;
  return isSuccessor || (await isNewerPair(pair, row)) ? withPair(row, pair) : row;
}

async function storeAmongFlagged(
  scope: CodexScope,
  account: ChatgptAccount,
  next: ChatgptAccount,
): Promise<void> {
  await updateFlagged(scope, (accounts) => {
    const index = accounts.findIndex((flagged) => flagged.account.refreshToken === account.refreshToken);
    const flagged = accounts[index];
    if (flagged === undefined) return { accounts, result: null };
    return { accounts: accounts.with(index, { ...flagged, account: next }), result: null };
  });
}
