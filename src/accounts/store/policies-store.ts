/**
 * What the user decided about accounts: `account-policies.json`.
 *
 * codex-multi-auth files a policy under the hash of the account id (else e-mail), which the seats of a team share. Where
 * two accounts of the pool share it, ours go under the account's own key, so that pausing one seat does not pause all.
 */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';
import { policyKey } from './account-key.ts';
import { readJson } from './json-file.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { isRow, type Row, takeFrom } from './row.ts';

export interface AccountPolicy {
  /** Lower case, sorted, each once. */
  readonly tags: readonly string[];
  /** 0 to 10; 1 is neutral. */
  readonly weight: number;
  /** Not chosen at all. */
  readonly paused: boolean;
  /** No new sessions. */
  readonly drained: boolean;
  /** At most 500 characters. */
  readonly note: string | null;
  /** Epoch ms; 0 when the user never decided anything. */
  readonly updatedAt: number;
}

export interface Policies {
  policyOf(account: Account): AccountPolicy;
  /** The documented key of the entry that holds (or would hold) the account's policy. */
  storedKeyOf(account: Account): string;
  /** Broken file: what is wrong. The policies are then empty, and storing one is refused. */
  readonly warning: string | null;
}

const List = v.array(v.unknown());
const Finite = v.pipe(v.number(), v.finite());
const Flag = v.boolean();
const Note = v.string();
const NEUTRAL: AccountPolicy = {
  tags: [],
  weight: 1,
  paused: false,
  drained: false,
  note: null,
  updatedAt: 0,
};

/** Reads the policies of the pool's accounts. Never writes. `known`: the paths, where they are at hand. */
export async function readPolicies(scope: CodexScope, pool: Pool, known?: AccountPaths): Promise<Policies> {
  const paths = known ?? (await resolveAccountPaths(scope));
  const reading = await readJson(paths.policiesFile);
  const isKnown = reading.kind === 'ok' && reading.value.version === 1;
  const rows = isKnown ? rowsOf(reading.value) : {};
  const isEmpty = Object.keys(rows).length === 0; // no key is worth a hash then
  const storedKey = storedKeyIn(pool);
  const warning =
    reading.kind === 'broken'
      ? reading.message
      : reading.kind === 'ok' && !isKnown
        ? `${paths.policiesFile}: a format that this steward does not know`
        : null;
  return {
    warning,
    storedKeyOf: storedKey,
    // A shared entry of codex-multi-auth holds for every seat until one gets its own.
    policyOf: (account) =>
      isEmpty ? NEUTRAL : parsePolicy(rows[storedKey(account)] ?? rows[policyKey(account)]),
  };
}

/** Changes one account's policy (`updatedAt` is set here) and gives the stored one back. Throws `ERR_ACCOUNTS_FILE`. */
export async function updatePolicy(
  scope: CodexScope,
  pool: Pool,
  account: Account,
  change: (policy: AccountPolicy) => AccountPolicy,
): Promise<AccountPolicy> {
  const [{ updateJson }, { brokenFile }] = await Promise.all([
    import('./update-json.ts'),
    import('./json-file.ts'),
  ]);
  const paths = await resolveAccountPaths(scope);
  const key = storedKeyIn(pool)(account);
  let stored = NEUTRAL;
  await updateJson(
    scope,
    paths.policiesFile,
    (value) => {
      if (value.version !== 1) {
        throw brokenFile(`${paths.policiesFile}: a format that this steward does not know`);
      }
      const rows = rowsOf(value);
      const present = rows[key] ?? rows[policyKey(account)];
      const before = parsePolicy(present);
      const wanted = normalised(change(before));
      stored = before;
      if (JSON.stringify({ ...wanted, updatedAt: 0 }) === JSON.stringify({ ...before, updatedAt: 0 })) {
        return value;
      }
      stored = { ...wanted, updatedAt: scope.host.now() };
      const unknown = isRow(present) ? present : {};
      return { ...value, accounts: { ...rows, [key]: { ...unknown, accountKey: key, ...stored } } };
    },
    { mode: 0o600, initial: { version: 1, accounts: {} } },
  );
  return stored;
}

function storedKeyIn(pool: Pool): (account: Account) => string {
  let seats: ReadonlyMap<string, number> | null = null;
  return (account) => {
    seats ??= countSeats(pool);
    const shared = policyKey(account);
    return (seats.get(shared) ?? 0) > 1 ? account.key : shared;
  };
}

function countSeats(pool: Pool): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const account of pool.accounts) {
    const key = policyKey(account);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function parsePolicy(row: unknown): AccountPolicy {
  if (!isRow(row)) return NEUTRAL;
  const { take } = takeFrom(row);
  return normalised({
    tags: (take('tags', List) ?? []).filter((tag) => typeof tag === 'string'),
    weight: take('weight', Finite) ?? 1,
    paused: take('paused', Flag) ?? false,
    drained: take('drained', Flag) ?? false,
    note: take('note', Note),
    updatedAt: take('updatedAt', Finite) ?? 0,
  });
}

function normalised(policy: AccountPolicy): AccountPolicy {
  const tags = policy.tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== '');
  return {
    ...policy,
    tags: [...new Set(tags)].sort(),
    weight: Math.max(0, Math.min(10, policy.weight)),
    note: policy.note?.trim().slice(0, 500) || null,
  };
}

function rowsOf(value: Row): Row {
  return isRow(value.accounts) ? value.accounts : {};
}
