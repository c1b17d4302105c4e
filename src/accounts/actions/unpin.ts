/** Takes the pin away that `switch` set, so that the gateway chooses again. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account } from '../account.ts';
import { updatePool } from '../store/pool-store.ts';
import { noAccounts } from './account-reference.ts';

export interface UnpinOutcome {
  /** The account that was pinned, and its position; `null` when none was. */
  readonly unpinned: { readonly account: Account; readonly index: number } | null;
  readonly affinityGeneration: number;
}

/** Sticky sessions are let go too: the affinity generation rises even where nothing was pinned, as documented. */
export async function unpinAccount(scope: CodexScope): Promise<UnpinOutcome> {
  return await updatePool(scope, (pool) => {
    if (pool.accounts.length === 0) throw noAccounts();
    const pinned = pool.pinnedIndex === null ? undefined : pool.accounts[pool.pinnedIndex];
    const affinityGeneration = pool.affinityGeneration + 1;
    return {
      pool: { ...pool, pinnedIndex: null, affinityGeneration },
      result: {
        unpinned:
          pinned === undefined || pool.pinnedIndex === null
            ? null
            : { account: pinned, index: pool.pinnedIndex },
        affinityGeneration,
      },
    };
  });
}
