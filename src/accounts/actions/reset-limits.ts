/** Forgets remembered limits and waits that lie in the future: for when the server let go earlier than it had said. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account } from '../account.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';

export interface LimitReset {
  readonly index: number;
  readonly account: Account;
  readonly clearedRateLimitKeys: readonly string[];
  readonly clearedCoolingDown: boolean;
}

export interface LimitResetOptions {
  /** Only this account, by its key; without it, all. */
  readonly onlyKey?: string;
  /** Say what would be forgotten; write nothing. */
  readonly dryRun: boolean;
}

export interface LimitResetOutcome {
  readonly scanned: number;
  readonly changes: readonly LimitReset[];
}

export async function resetLimits(scope: CodexScope, options: LimitResetOptions): Promise<LimitResetOutcome> {
  const now = scope.host.now();
  const judge = (accounts: readonly Account[]) => {
    const chosen = accounts.map((account, index) => ({ account, index }));
    const inScope = chosen.filter(
      ({ account }) => options.onlyKey === undefined || account.key === options.onlyKey,
    );
    return {
      scanned: inScope.length,
      changes: inScope.flatMap((entry) => {
        const change = waitsOf(entry.account, entry.index, now);
        return change === null ? [] : [change];
      }),
    };
  };
  if (options.dryRun) return judge((await requirePool(scope)).accounts);
  return await updatePool(scope, (pool) => {
    const result = judge(pool.accounts);
    if (result.changes.length === 0) return { pool, result };
    const byIndex = new Map(result.changes.map((change) => [change.index, change]));
    const accounts = pool.accounts.map((account, index) => {
      const change = byIndex.get(index);
      return change === undefined ? account : withoutWaits(account, change);
    });
    return { pool: { ...pool, accounts }, result };
  });
}

/** What an account still waits for; `null` when nothing. */
function waitsOf(account: Account, index: number, now: number): LimitReset | null {
  const clearedRateLimitKeys = Object.entries(account.rateLimitResetTimes).flatMap(([key, at]) =>
    at > now ? [key] : [],
  );
  const clearedCoolingDown = account.cooldown !== null && account.cooldown.untilMs > now;
  if (clearedRateLimitKeys.length === 0 && !clearedCoolingDown) return null;
  return { index, account, clearedRateLimitKeys, clearedCoolingDown };
}

function withoutWaits(account: Account, change: LimitReset): Account {
  const kept = Object.entries(account.rateLimitResetTimes).filter(
    ([key]) => !change.clearedRateLimitKeys.includes(key),
  );
  return {
    ...account,
    rateLimitResetTimes: Object.fromEntries(kept),
    cooldown: change.clearedCoolingDown ? null : account.cooldown,
  };
}
