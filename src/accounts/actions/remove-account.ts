/**
 * Takes an account out of the pool. The login itself stays good: nothing is revoked on the server, and Codex's own
 * `auth.json` is left alone, even where it holds that account.
 */
import type { CodexScope } from '../../codex/home.ts';
import type { Account } from '../account.ts';
import { removeAccount } from '../store/identity.ts';
import { updatePool } from '../store/pool-store.ts';

export interface RemoveOutcome {
  readonly removed: Account;
  readonly index: number;
  readonly wasActive: boolean;
  readonly wasPinned: boolean;
  readonly remaining: number;
}

/** `null`: it had gone already. The account is named by its key, because positions may have moved since it was chosen. */
export async function removeFromPool(scope: CodexScope, accountKey: string): Promise<RemoveOutcome | null> {
  return await updatePool(scope, (pool) => {
    const index = pool.accounts.findIndex(({ key }) => key === accountKey);
    const removed = pool.accounts[index];
    if (removed === undefined) return { pool, result: null };
    const next = removeAccount(pool, index);
    return {
      pool: next,
      result: {
        removed,
        index,
        wasActive: pool.activeIndex === index,
        wasPinned: pool.pinnedIndex === index,
        remaining: next.accounts.length,
      },
    };
  });
}
