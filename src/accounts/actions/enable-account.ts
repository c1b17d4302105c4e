/** The user's own switch on an account: one that is disabled is neither chosen nor asked about, and keeps its login. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account } from '../account.ts';
import { updatePool } from '../store/pool-store.ts';

export interface EnableOutcome {
  readonly account: Account;
  readonly index: number;
  /** `false`: it was so already. */
  readonly changed: boolean;
  readonly isActive: boolean;
  readonly isPinned: boolean;
  /** How many accounts of the pool are enabled now. */
  readonly enabledCount: number;
}

/** Enables or disables the account with that key; `null`: it is not there (any more). */
export async function setEnabled(
  scope: CodexScope,
  accountKey: string,
  isEnabled: boolean,
): Promise<EnableOutcome | null> {
  return await updatePool(scope, (pool) => {
    const index = pool.accounts.findIndex(({ key }) => key === accountKey);
    const found = pool.accounts[index];
    if (found === undefined) return { pool, result: null };
    const changed = found.isEnabled !== isEnabled;
    const account = changed ? { ...found, isEnabled } : found;
    const accounts = changed ? pool.accounts.with(index, account) : pool.accounts;
    return {
      pool: changed ? { ...pool, accounts } : pool,
      result: {
        account,
        index,
        changed,
        isActive: pool.activeIndex === index,
        isPinned: pool.pinnedIndex === index,
        enabledCount: accounts.filter((each) => each.isEnabled).length,
      },
    };
  });
}
