/**
 * Which account a person means: by number, e-mail address, account id, label or name. Never a guess: what fits several
 * accounts is asked back with their numbers.
 */
import { EXIT, StewardError } from '../../errors.ts';
import type { Account, Pool } from '../account.ts';
import { accountLabel } from '../account-label.ts';

export type AccountMatch =
  | { readonly kind: 'found'; readonly index: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'ambiguous'; readonly indexes: readonly number[] };

/**
 * A number is a position from 1. Else the whole address, id, key or label; else, where that names none, the part of the
 * address before the @, the end of the id as it is shown (`id:000002`), or the beginning of the label.
 */
export function findAccount(pool: Pool, reference: string): AccountMatch {
  const wanted = reference.trim().toLowerCase();
  if (wanted === '') return { kind: 'none' };
  if (/^[1-9][0-9]{0,5}$/.test(wanted)) {
    const index = Number(wanted) - 1;
    return pool.accounts[index] === undefined ? { kind: 'none' } : { kind: 'found', index };
  }
  const exact = indexesWhere(pool, (account) => fullNames(account).includes(wanted));
  const fitting = exact.length > 0 ? exact : indexesWhere(pool, (account) => isPartOf(account, wanted));
  const [index] = fitting;
  if (index === undefined) return { kind: 'none' };
  return fitting.length === 1 ? { kind: 'found', index } : { kind: 'ambiguous', indexes: fitting };
}

/** The position that is meant. Throws `ERR_ACCOUNTS_REFERENCE` (usage, exit code 2) with the candidates otherwise. */
export function requireAccount(pool: Pool, reference: string): number {
  const match = findAccount(pool, reference);
  if (match.kind === 'found') return match.index;
  if (pool.accounts.length === 0) throw noAccounts();
  const indexes = match.kind === 'ambiguous' ? match.indexes : pool.accounts.map((_, index) => index);
  const shown = indexes.slice(0, MAX_CANDIDATES).flatMap((index) => {
    const account = pool.accounts[index];
    return account === undefined ? [] : [accountLabel(account, index)];
  });
  const more = indexes.length > shown.length ? `, and ${indexes.length - shown.length} more` : '';
  throw new StewardError(
    'ERR_ACCOUNTS_REFERENCE',
    'user',
    match.kind === 'ambiguous'
      ? `"${reference}" fits ${indexes.length} accounts: ${shown.join('; ')}${more}`
      : `no account is "${reference}"; there are: ${shown.join('; ')}${more}`,
    { hint: 'Use its number.', exitCode: EXIT.usage, details: { reason: match.kind } },
  );
}

/** What every command says that needs an account and finds an empty pool. */
export function noAccounts(): StewardError {
  return new StewardError('ERR_ACCOUNTS_NONE', 'user', 'there are no accounts yet', {
    hint: 'Add one: `steward auth login`.',
  });
}

const MAX_CANDIDATES = 10;

function indexesWhere(pool: Pool, test: (account: Account) => boolean): readonly number[] {
  return pool.accounts.flatMap((account, index) => (test(account) ? [index] : []));
}

function fullNames(account: Account): readonly string[] {
  const names = [account.key, account.email, account.label];
  if (account.kind === 'chatgpt') names.push(account.accountId);
  return names.flatMap((name) => (name === null ? [] : [name.toLowerCase()]));
}

function isPartOf(account: Account, wanted: string): boolean {
  if (account.email?.split('@')[0]?.toLowerCase() === wanted) return true;
  if (account.label?.toLowerCase().startsWith(wanted)) return true;
  const ending = wanted.startsWith('id:') ? wanted.slice(3) : wanted;
  if (account.kind !== 'chatgpt' || ending.length < 6) return false;
  return account.accountId?.toLowerCase().endsWith(ending) ?? false;
}
