/** What can be told from the rows of the pool alone: positions, duplicates, placeholders, shapes. Pure. */
import type { Account, Pool } from '../../account.ts';
import { accountLabel } from '../../account-label.ts';
import { error, ok, type PoolCheck, warn } from './pool-check.ts';
import type { RawPool, RawRow } from './raw-pool.ts';

/** Shorter than any refresh token that was ever issued; documented with the check's key. */
const MIN_REFRESH_TOKEN = 20;

/** All checks of the rows; `raw` is `null` where the pool came from a copy. */
export function checkRows(pool: Pool, raw: RawPool | null): readonly PoolCheck[] {
  return [
    checkAccounts(pool, raw),
    checkPositions(raw),
    checkEnabled(pool),
    checkDeadLogins(pool),
    checkDuplicateTokens(raw),
    checkDuplicateEmails(pool),
    checkPlaceholders(pool),
    checkTokenShapes(pool),
  ];
}

function checkAccounts(pool: Pool, raw: RawPool | null): PoolCheck {
  const total = pool.accounts.length;
  const unusable = raw === null ? 0 : raw.rowCount - raw.rows.length;
  if (total === 0) return warn('accounts', 'there are no accounts', 'add one: steward auth login');
  if (unusable > 0) {
    return warn(
      'accounts',
      `${plural(total, 'account')}`,
      `${plural(unusable, 'row')} without a refresh token cannot be used`,
    );
  }
  return ok('accounts', plural(total, 'account'));
}

function checkPositions(raw: RawPool | null): PoolCheck {
  if (raw === null) return warn('active-index', 'unknown: the pool file itself could not be read');
  const wrong = [...raw.positions].flatMap(([name, position]) =>
    isPosition(position, raw.rowCount) ? [] : [`${name} is ${JSON.stringify(position)}`],
  );
  if (wrong.length === 0) return ok('active-index', 'the chosen positions exist');
  return warn(
    'active-index',
    'a chosen position does not exist',
    `${wrong.join('; ')} of ${plural(raw.rowCount, 'row')}`,
  );
}

/** An empty pool says 0. */
export function isPosition(position: unknown, rows: number): boolean {
  return Number.isInteger(position) && Number(position) >= 0 && Number(position) < Math.max(1, rows);
}

function checkEnabled(pool: Pool): PoolCheck {
  const enabled = pool.accounts.filter(({ isEnabled }) => isEnabled).length;
  if (pool.accounts.length === 0) return ok('enabled-accounts', 'nothing to enable');
  if (enabled === 0) return error('enabled-accounts', 'all accounts are disabled', 'nothing can be chosen');
  return ok('enabled-accounts', `${enabled} of ${pool.accounts.length} enabled`);
}

/** A login that the server called dead stays dead until it is renewed, whatever else looks well. */
function checkDeadLogins(pool: Pool): PoolCheck {
  const logins = pool.accounts.flatMap((account, index) => (isDead(account) ? [{ account, index }] : []));
  if (logins.length === 0) return ok('invalidated-accounts', 'no login is known to be dead');
  const enabled = pool.accounts.filter(({ isEnabled }) => isEnabled);
  const details = logins.map(({ account, index }) => {
    const code = account.kind === 'chatgpt' ? account.invalidated?.code : null;
    return `${accountLabel(account, index)}: ${code ?? 'refused'}; log that account in again`;
  });
  const all = enabled.length > 0 && enabled.every(isDead);
  return (all ? error : warn)(
    'invalidated-accounts',
    all ? 'every enabled login is dead' : `${plural(logins.length, 'login')} refused by the server`,
    details.join('; '),
  );
}

function isDead(account: Account): boolean {
  return account.kind === 'chatgpt' && account.invalidated !== null;
}

/** Two rows with one single-use token: whichever refreshes first makes the other one dead. */
export function duplicateTokenRows(raw: RawPool): readonly (readonly RawRow[])[] {
  const byToken = new Map<string, RawRow[]>();
  for (const row of raw.rows) {
    if (!row.isEnabled) continue;
    byToken.set(row.refreshToken, [...(byToken.get(row.refreshToken) ?? []), row]);
  }
  return [...byToken.values()].filter((rows) => rows.length > 1);
}

function checkDuplicateTokens(raw: RawPool | null): PoolCheck {
  if (raw === null) return warn('duplicate-refresh-token', 'unknown: the pool file itself could not be read');
  const groups = duplicateTokenRows(raw);
  if (groups.length === 0) return ok('duplicate-refresh-token', 'each account has a token of its own');
  const rows = groups.map((group) => group.map(({ index }) => index + 1).join(' and '));
  return error('duplicate-refresh-token', 'rows share one refresh token', `rows ${rows.join('; ')}`);
}

/** One address with two account ids is a person with two workspaces; without ids they cannot be told apart. */
function checkDuplicateEmails(pool: Pool): PoolCheck {
  const seen = new Map<string, number>();
  const twins: string[] = [];
  pool.accounts.forEach((account, index) => {
    if (account.kind !== 'chatgpt' || account.email === null || !account.isEnabled) return;
    const name = `${account.email}\0${account.accountId ?? ''}`;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else twins.push(`accounts ${first + 1} and ${index + 1}`);
  });
  if (twins.length === 0) return ok('duplicate-email', 'no account stands twice');
  return warn('duplicate-email', 'accounts have one address and one id', twins.join('; '));
}

function checkPlaceholders(pool: Pool): PoolCheck {
  const rows = placeholderIndexes(pool);
  if (rows.length === 0) return ok('placeholder-email', 'no invented addresses');
  return warn(
    'placeholder-email',
    'accounts with an address of example.com',
    `accounts ${rows.map((index) => index + 1).join(', ')}: real logins have no such address; log in again or remove them`,
  );
}

function placeholderIndexes(pool: Pool): readonly number[] {
  return pool.accounts.flatMap((account, index) =>
    /@example\.com$/.test(account.email ?? '') ? [index] : [],
  );
}

function checkTokenShapes(pool: Pool): PoolCheck {
  const odd = pool.accounts.flatMap((account, index) =>
    account.kind === 'chatgpt' && hasOddToken(account.refreshToken) ? [`account ${index + 1}`] : [],
  );
  if (odd.length === 0) return ok('refresh-token-shape', 'the refresh tokens look like refresh tokens');
  return warn('refresh-token-shape', 'refresh tokens that cannot be real', `${odd.join(', ')}: log in again`);
}

function hasOddToken(token: string): boolean {
  return token.length < MIN_REFRESH_TOKEN || token.startsWith('token-') || /\s/.test(token);
}

function plural(n: number, one: string): string {
  return `${n} ${one}${n === 1 ? '' : 's'}`;
}
