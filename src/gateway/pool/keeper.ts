/**
 * Writes what the traffic has taught to the pool's files, in batches and off the request's path: when an account was used,
 * until when it is limited, how much of its limits is used, and which login is dead. Lost on a crash: a few seconds of that.
 */
import type { Account, Pool } from '../../accounts/account.ts';
import { entryOfUsage } from '../../accounts/quota/usage-entry.ts';
import type { Usage } from '../../accounts/quota/usage-facts.ts';
import { updatePool } from '../../accounts/store/pool-store.ts';
import { writeQuota } from '../../accounts/store/quota-cache.ts';
import type { CodexScope } from '../../codex/home.ts';

/** What changes in the row of one account. */
export interface AccountChange {
  readonly lastUsed?: number;
  /** Limit key to epoch ms. */
  readonly rateLimitResetTimes?: Readonly<Record<string, number>>;
  readonly invalidated?: { readonly at: number; readonly code: string | null; readonly credential: string };
}

export interface Keeper {
  noteChange(key: string, change: AccountChange): void;
  noteQuota(key: string, usage: Usage): void;
  /** Something has gathered that other processes should know soon: a limit, a dead login. */
  isUrgent(): boolean;
  /** Writes what has gathered; errors go to `onError` and are tried again with the next batch. */
  flush(pool: Pool): Promise<void>;
}

/** `auth list` shows when an account was used: it may be this far behind. */
const USE_BEHIND_MS = 5 * 60_000;

export function createKeeper(
  scope: CodexScope,
  deps: { credentialOf(account: Account): string; onError(error: unknown): void },
): Keeper {
  let changes = new Map<string, AccountChange>();
  let quotas = new Map<string, Usage>();
  let isUrgent = false;
  const usesWritten = new Map<string, number>();
  const noteChange = (key: string, change: AccountChange) => {
    const former = changes.get(key);
    const times = { ...former?.rateLimitResetTimes, ...change.rateLimitResetTimes };
    changes.set(key, { ...former, ...change, rateLimitResetTimes: times });
    if (change.invalidated !== undefined || change.rateLimitResetTimes !== undefined) isUrgent = true;
    if ((change.lastUsed ?? 0) > (usesWritten.get(key) ?? 0) + USE_BEHIND_MS) isUrgent = true;
  };
  return {
    noteChange,
    noteQuota: (key, usage) => {
      quotas.set(key, usage);
      if (usage.limitReached) isUrgent = true;
    },
    isUrgent: () => isUrgent,
    flush: async (pool) => {
      const [changed, read] = [changes, quotas];
      changes = new Map();
      quotas = new Map();
      isUrgent = false;
      try {
        if (changed.size > 0) {
          await updatePool(scope, (current) => ({
            pool: applied(current, changed, deps.credentialOf),
            result: null,
          }));
          for (const [key, { lastUsed }] of changed)
            if (lastUsed !== undefined) usesWritten.set(key, lastUsed);
        }
        if (read.size > 0) {
          await writeQuota(scope, pool, new Map([...read].map(([key, usage]) => [key, entryOfUsage(usage)])));
        }
      } catch (error) {
        for (const [key, change] of changed) changes.set(key, { ...change, ...changes.get(key) });
        for (const [key, usage] of read) if (!quotas.has(key)) quotas.set(key, usage);
        deps.onError(error);
      }
    },
  };
}

function applied(
  pool: Pool,
  changes: ReadonlyMap<string, AccountChange>,
  credentialOf: (account: Account) => string,
): Pool {
  let isChanged = false;
  const accounts = pool.accounts.map((account): Account => {
    const change = changes.get(account.key);
    if (change === undefined) return account;
    isChanged = true;
    const lastUsed = Math.max(account.lastUsed, change.lastUsed ?? 0);
    const rateLimitResetTimes = { ...account.rateLimitResetTimes, ...change.rateLimitResetTimes };
    if (account.kind === 'api-key') return { ...account, lastUsed, rateLimitResetTimes };
    const { invalidated } = change;
    // A login that was renewed meanwhile is not the one that was refused.
    const isSame = invalidated !== undefined && invalidated.credential === credentialOf(account);
    return {
      ...account,
      lastUsed,
      rateLimitResetTimes,
      invalidated: isSame ? { at: invalidated.at, code: invalidated.code } : account.invalidated,
    };
  });
  return isChanged ? { ...pool, accounts } : pool;
}
