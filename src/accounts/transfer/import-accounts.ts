/** Takes accounts into the pool, each into the one that it is. A newer login is never replaced by an older one. */
import type { CodexScope } from '../../codex/home.ts';
import { type Account, MODEL_FAMILIES, type ModelFamily, type Pool } from '../account.ts';
import { isNewerPair } from '../refresh/token-pair.ts';
import { addAccount, findSameAccount } from '../store/identity.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';

export interface ImportedRow {
  readonly account: Account;
  /** Position in the pool afterwards. */
  readonly index: number;
  /** `unchanged`: there is nothing in it that the pool has not. `older`: the pool's login is at least as new. */
  readonly outcome: 'added' | 'updated' | 'unchanged' | 'older';
}

export interface ImportReport {
  readonly rows: readonly ImportedRow[];
  readonly changed: boolean;
}

export interface ImportRequest {
  readonly accounts: readonly Account[];
  /** Position among them of the one in use; becomes the active one of an empty pool. */
  readonly active: number;
}

/** Imports. `dryRun`: says what would come of it, without a lock and without writing. Throws as `updatePool`. */
export async function importAccounts(
  scope: CodexScope,
  request: ImportRequest,
  options: { readonly dryRun: boolean },
): Promise<ImportReport> {
  if (options.dryRun) return (await merged(await requirePool(scope), request)).result;
  return await updatePool(scope, (pool) => merged(pool, request));
}

async function merged(
  before: Pool,
  { accounts, active }: ImportRequest,
): Promise<{ readonly pool: Pool; readonly result: ImportReport }> {
  let pool = before;
  const outcomes: { key: string; outcome: ImportedRow['outcome'] }[] = [];
  for (const candidate of accounts) {
    const outcome = await outcomeOf(pool, candidate);
    if ('existing' in outcome) {
      outcomes.push({ key: outcome.existing.key, outcome: outcome.kind });
      continue;
    }
    const added = addAccount(pool, outcome.account);
    pool = added.pool;
    outcomes.push({ key: pool.accounts[added.index]?.key ?? '', outcome: outcome.kind });
  }
  const rows = outcomes.flatMap(({ key, outcome }): ImportedRow[] => {
    const index = pool.accounts.findIndex((account) => account.key === key);
    const account = pool.accounts[index];
    return account === undefined ? [] : [{ account, index, outcome }];
  });
  const changed = pool !== before;
  const first = before.accounts.length === 0 ? rows[active] : undefined;
  return { pool: first === undefined ? pool : withActive(pool, first.index), result: { rows, changed } };
}

type Judged =
  | { readonly kind: 'added' | 'updated'; readonly account: Account }
  | { readonly kind: 'unchanged' | 'older'; readonly existing: Account };

async function outcomeOf(pool: Pool, candidate: Account): Promise<Judged> {
  const position = findSameAccount(pool, candidate);
  const existing = position === null ? undefined : pool.accounts[position];
  if (existing === undefined) return { kind: 'added', account: candidate };
  if (existing.kind === 'api-key' || candidate.kind === 'api-key') return { kind: 'unchanged', existing };
  const isSameToken = existing.refreshToken === candidate.refreshToken;
  const addsIdToken = isSameToken && existing.idToken === null && candidate.idToken !== null;
  const replacesDead = existing.invalidated !== null && !isSameToken && candidate.invalidated === null;
  if (!addsIdToken && !replacesDead && !(await isNewerPair(candidate, existing))) {
    return { kind: isSameToken ? 'unchanged' : 'older', existing };
  }
  // A login says nothing about what its owner wants done with the account.
  const { isEnabled, lastSwitchReason } = existing;
  const invalidated = addsIdToken ? existing.invalidated : candidate.invalidated;
  return { kind: 'updated', account: { ...candidate, isEnabled, lastSwitchReason, invalidated } };
}

function withActive(pool: Pool, index: number): Pool {
  const families = MODEL_FAMILIES.map((family): [ModelFamily, number] => [family, index]);
  return { ...pool, activeIndex: index, activeIndexByFamily: Object.fromEntries(families) };
}
