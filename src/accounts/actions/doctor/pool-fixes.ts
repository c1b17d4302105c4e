/** What `auth doctor --fix` mends in the pool itself. Pure: the plan says what would change, and makes the changed pool. */

import { decodeTokenClaims } from '../../../codex/jwt-claims.ts';
import { type Account, type ChatgptAccount, MODEL_FAMILIES, type Pool } from '../../account.ts';
import { accountLabel } from '../../account-label.ts';
import type { PoolFixAction } from './pool-check.ts';
import type { RawPool } from './raw-pool.ts';
import { isPosition } from './row-checks.ts';

export interface PoolFix {
  readonly pool: Pool;
  readonly actions: readonly PoolFixAction[];
}

/** `raw`: the file as it stands, whose positions may be wrong where the pool that was read has them mended. */
export async function fixPool(pool: Pool, raw: RawPool | null): Promise<PoolFix> {
  const actions: PoolFixAction[] = [];
  let accounts: readonly Account[] = await Promise.all(
    pool.accounts.map((account, index) => withClaims(account, index, actions)),
  );
  accounts = withoutTwins(accounts, pool, actions);
  accounts = withOneEnabled(accounts, pool, actions);
  const wrong =
    raw === null ? [] : [...raw.positions].filter(([, position]) => !isPosition(position, raw.rowCount));
  if (wrong.length > 0) {
    const names = wrong.map(([name]) => name).join(', ');
    actions.push({ key: 'active-index', message: `set ${names} to an account that exists` });
  }
  return { pool: actions.length === 0 ? pool : { ...clamped(pool), accounts }, actions };
}

/** The reading has mended the positions already; a new object makes sure that they are written. */
function clamped(pool: Pool): Pool {
  const families = MODEL_FAMILIES.map(
    (family) => [family, pool.activeIndexByFamily[family] ?? pool.activeIndex] as const,
  );
  return { ...pool, activeIndexByFamily: Object.fromEntries(families) };
}

/** A login's own tokens say whose it is. What the user chose is never replaced. */
async function withClaims(account: Account, index: number, actions: PoolFixAction[]): Promise<Account> {
  if (account.kind !== 'chatgpt' || (account.email !== null && account.accountId !== null)) return account;
  const [identity, access] = await Promise.all([claimsOf(account.idToken), claimsOf(account.accessToken)]);
  let fixed: ChatgptAccount = account;
  const email = identity?.email ?? access?.email ?? null;
  if (account.email === null && email !== null) {
    fixed = { ...fixed, email: email.toLowerCase() };
    actions.push({
      key: 'email-from-token',
      message: `took the address of account ${index + 1} from its token`,
    });
  }
  const fromAccess = access?.accountId ?? null;
  const accountId = fromAccess ?? identity?.accountId ?? null;
  if (account.accountId === null && accountId !== null) {
    fixed = { ...fixed, accountId, accountIdSource: fromAccess === null ? 'id_token' : 'token' };
    actions.push({
      key: 'account-id-from-token',
      message: `took the id of account ${index + 1} from its token`,
    });
  }
  return fixed;
}

async function claimsOf(token: string | null) {
  return token === null ? null : await decodeTokenClaims(token);
}

/** Of two rows with one single-use token, the one used last stays. */
function withoutTwins(
  accounts: readonly Account[],
  pool: Pool,
  actions: PoolFixAction[],
): readonly Account[] {
  const keeper = new Map<string, number>();
  accounts.forEach((account, index) => {
    if (account.kind !== 'chatgpt' || !account.isEnabled) return;
    const other = keeper.get(account.refreshToken);
    const rival = other === undefined ? undefined : accounts[other];
    if (rival === undefined || other === undefined || isBefore(pool, accounts, other, index)) {
      keeper.set(account.refreshToken, index);
    }
  });
  return accounts.map((account, index) => {
    if (account.kind !== 'chatgpt' || !account.isEnabled) return account;
    if (keeper.get(account.refreshToken) === index) return account;
    actions.push({
      key: 'duplicate-refresh-token',
      message: `disabled ${accountLabel(account, index)}: another row has the same token`,
    });
    return { ...account, isEnabled: false };
  });
}

/** The active one stays, else the one used later. */
function isBefore(pool: Pool, accounts: readonly Account[], first: number, second: number): boolean {
  if (pool.activeIndex === first) return false;
  if (pool.activeIndex === second) return true;
  return (accounts[second]?.lastUsed ?? 0) > (accounts[first]?.lastUsed ?? 0);
}

/** All disabled: nothing could be chosen. The one used last comes back, unless the server has called its login dead. */
function withOneEnabled(
  accounts: readonly Account[],
  pool: Pool,
  actions: PoolFixAction[],
): readonly Account[] {
  if (accounts.length === 0 || accounts.some(({ isEnabled }) => isEnabled)) return accounts;
  const alive = accounts.flatMap((account, index) =>
    account.kind === 'chatgpt' && account.invalidated !== null ? [] : [{ account, index }],
  );
  const [best] = alive.sort(
    (a, b) =>
      Number(b.index === pool.activeIndex) - Number(a.index === pool.activeIndex) ||
      b.account.lastUsed - a.account.lastUsed,
  );
  if (best === undefined) return accounts;
  actions.push({
    key: 'enabled-accounts',
    message: `enabled ${accountLabel(best.account, best.index)}: all accounts were disabled`,
  });
  return accounts.map((account, index) => (index === best.index ? { ...account, isEnabled: true } : account));
}
