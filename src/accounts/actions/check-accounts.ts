/** Asks the server about each account, a few at a time, and keeps what it says about their limits. */

import type { CodexScope } from '../../codex/home.ts';
import { messageOf } from '../../errors.ts';
import type { Account, Pool } from '../account.ts';
import { entryOfUsage } from '../quota/usage-entry.ts';
import { requirePool } from '../store/pool-store.ts';
import { type QuotaEntry, writeQuota } from '../store/quota-cache.ts';
import { probeAccount, type Verdict } from './probe-account.ts';

const AT_A_TIME = 4;

export type CheckedAccount =
  | { readonly index: number; readonly account: Account; readonly verdict: Verdict }
  /** The user disabled it: shown, not asked about, and never enabled here. */
  | { readonly index: number; readonly account: Account; readonly verdict: null };

export interface CheckOptions {
  /** Positions to ask about even if disabled; without it, all enabled ones. */
  readonly only?: ReadonlySet<number>;
  /** Called as each verdict comes. */
  readonly onChecked?: (checked: CheckedAccount) => void;
}

export interface CheckOutcome {
  /** In the order of the pool. */
  readonly accounts: readonly CheckedAccount[];
  /** Why the limits could not be kept; the verdicts stand all the same. */
  readonly quotaCacheError: string | null;
}

/** Each refreshed pair is on the disk before the next account is told; being killed in between loses nothing. */
export async function checkAccounts(scope: CodexScope, options: CheckOptions = {}): Promise<CheckOutcome> {
  const pool = await requirePool(scope);
  const results = new Map<number, CheckedAccount>();
  const report = (checked: CheckedAccount) => {
    results.set(checked.index, checked);
    options.onChecked?.(checked);
  };
  const wanted: { readonly index: number; readonly account: Account }[] = [];
  pool.accounts.forEach((account, index) => {
    const isWanted = options.only === undefined ? account.isEnabled : options.only.has(index);
    if (isWanted) wanted.push({ index, account });
    else if (options.only === undefined) report({ index, account, verdict: null });
  });
  await eachOf(wanted, async ({ index, account }) => {
    scope.signal.throwIfAborted();
    const verdict = await probeAccount(scope, account);
    report({ index, account: verdict.account, verdict });
  });
  const accounts = [...results.values()].sort((a, b) => a.index - b.index);
  return { accounts, quotaCacheError: await keepQuota(scope, pool, accounts) };
}

/** Runs `job` for each item, a few at a time. */
export async function eachOf<T>(items: readonly T[], job: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) await job(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_A_TIME, items.length) }, lane));
}

/** The limits that were told, for those who decide without asking. `null`, or why they could not be kept. */
export async function keepQuota(
  scope: CodexScope,
  pool: Pool,
  accounts: readonly CheckedAccount[],
): Promise<string | null> {
  const entries = new Map<string, QuotaEntry>();
  for (const { account, verdict } of accounts) {
    if (verdict === null || (verdict.kind !== 'working' && verdict.kind !== 'limited')) continue;
    if (verdict.usage !== null) entries.set(account.key, entryOfUsage(verdict.usage));
  }
  if (entries.size === 0) return null;
  try {
    await writeQuota(scope, pool, entries);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
