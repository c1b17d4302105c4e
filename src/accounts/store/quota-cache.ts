/**
 * `quota-cache.json`: the quota each account had when it was last asked, in the documented form (`byAccountId`, `byEmail`).
 *
 * The seats of a team share an account id, and a person's workspaces share an e-mail; an entry under a name that two
 * accounts of the pool share would be the wrong one's half of the time. Ours go under the account key too (`bySteward`,
 * which codex-multi-auth drops when it writes), and under a documented name only where it names one account.
 */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';
import { readJson } from './json-file.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { isRow, type Row, RowSchema, takeFrom, withRest } from './row.ts';

/** The documented two windows: `primary` (5 hours) and `secondary` (weekly). */
export interface QuotaWindow {
  readonly usedPercent: number | null;
  readonly windowMinutes: number | null;
  /** Epoch ms. */
  readonly resetAtMs: number | null;
}

export interface QuotaEntry {
  /** Epoch ms. */
  readonly updatedAt: number;
  /** HTTP status of the answer it was read from. */
  readonly status: number;
  readonly model: string;
  readonly planType: string | null;
  readonly primary: QuotaWindow;
  readonly secondary: QuotaWindow;
  /** Members beyond the documented ones, such as further windows and credits; written back as they are. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export interface QuotaCache {
  /** The newest entry for that account of the pool; `null` when it was never asked. */
  entryOf(account: Account): QuotaEntry | null;
  /** Milliseconds since the newest entry of any account; `null` for an empty cache. */
  readonly ageMs: number | null;
}

const Finite = v.pipe(v.number(), v.finite());
const Words = v.string();
const ModelName = v.pipe(v.string(), v.trim(), v.nonEmpty());

const KEEP_MS = 60 * 24 * 3600 * 1000;

/** The three maps of the file, and the names under which an account may be in each. */
const MAPS = ['bySteward', 'byAccountId', 'byEmail'] as const;

/** Reads the cache; a missing or broken file is an empty cache. Never writes. `known`: the paths, where they are at hand. */
export async function readQuotaCache(
  scope: CodexScope,
  pool: Pool,
  known?: AccountPaths,
): Promise<QuotaCache> {
  const { quotaCacheFile } = known ?? (await resolveAccountPaths(scope));
  const reading = await readJson(quotaCacheFile);
  const file = reading.kind === 'ok' && reading.value.version === 1 ? reading.value : {};
  const names = namesIn(pool);
  const maps = MAPS.map((map) => ({ map, rows: rowOf(file[map]) }));
  return {
    get ageMs() {
      const all = maps.flatMap(({ rows }) => Object.values(rows).flatMap((row) => parseEntry(row) ?? []));
      const newest = all.reduce((latest, { updatedAt }) => Math.max(latest, updatedAt), 0);
      return newest === 0 ? null : Math.max(0, scope.host.now() - newest);
    },
    entryOf: (account) => {
      const known = names(account);
      const found = maps.flatMap(({ map, rows }) => {
        const name = known[map];
        return name === null ? [] : (parseEntry(rows[name]) ?? []);
      });
      return found.toSorted((a, b) => b.updatedAt - a.updatedAt)[0] ?? null;
    },
  };
}

/** Stores what was learned about accounts, by {@link Account.key}; newer entries on disk win. */
export async function writeQuota(
  scope: CodexScope,
  pool: Pool,
  entries: ReadonlyMap<string, QuotaEntry>,
): Promise<void> {
  if (entries.size === 0) return;
  const { updateJson } = await import('./update-json.ts');
  const paths = await resolveAccountPaths(scope);
  const names = namesIn(pool);
  await updateJson(
    scope,
    paths.quotaCacheFile,
    (value) => {
      // An unknown format is a cache nobody can use; it starts anew.
      const file: Record<string, unknown> = value.version === 1 ? { ...value } : { version: 1 };
      for (const map of MAPS) {
        const rows: Record<string, unknown> = { ...rowOf(file[map]) };
        for (const account of pool.accounts) {
          const entry = entries.get(account.key);
          const name = names(account)[map];
          if (entry === undefined || name === null) continue;
          const before = parseEntry(rows[name]);
          // The answer to a model request names no plan as a rule: the last one known stays.
          const planType = entry.planType ?? before?.planType ?? null;
          if ((before?.updatedAt ?? 0) <= entry.updatedAt) rows[name] = rowOfEntry({ ...entry, planType });
        }
        if (map === 'bySteward') prune(rows, scope.host.now());
        file[map] = rows;
      }
      return file;
    },
    // A cache that is broken is thrown away: everything in it can be asked for again.
    { mode: 0o600, initial: { version: 1 }, read: async (path) => usable(await readJson(path)) },
  );
}

function usable(reading: Awaited<ReturnType<typeof readJson>>): Awaited<ReturnType<typeof readJson>> {
  return reading.kind === 'broken' && reading.isDamage ? { kind: 'missing' } : reading;
}

/** Accounts come and go under their keys, in every project's pool; what nobody asked for in so long leads nowhere. */
function prune(rows: Record<string, unknown>, now: number): void {
  for (const [key, row] of Object.entries(rows)) {
    if (now - (parseEntry(row)?.updatedAt ?? 0) > KEEP_MS) delete rows[key];
  }
}

/** Under which name an account is found in each map; `null` where the name would be another account's too. */
function namesIn(pool: Pool): (account: Account) => Readonly<Record<(typeof MAPS)[number], string | null>> {
  const count = (values: readonly (string | null)[]) => {
    const counts = new Map<string | null, number>();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return (value: string | null) => (value !== null && counts.get(value) === 1 ? value : null);
  };
  const idOf = (account: Account) => (account.kind === 'chatgpt' ? account.accountId : null);
  const uniqueId = count(pool.accounts.map(idOf));
  const uniqueEmail = count(pool.accounts.map(({ email }) => email));
  return (account) => ({
    bySteward: account.key,
    byAccountId: uniqueId(idOf(account)),
    byEmail: uniqueEmail(account.email),
  });
}

function parseEntry(value: unknown): QuotaEntry | null {
  if (!isRow(value)) return null;
  const { rest, take } = takeFrom(value);
  const updatedAt = take('updatedAt', Finite);
  const status = take('status', Finite);
  const model = take('model', ModelName);
  if (updatedAt === null || status === null || model === null) return null;
  return {
    updatedAt,
    status,
    model,
    planType: take('planType', Words),
    primary: parseWindow(take('primary', RowSchema)),
    secondary: parseWindow(take('secondary', RowSchema)),
    rest: rest(),
  };
}

function parseWindow(row: Row | null): QuotaWindow {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
  return {
    usedPercent: number(row?.usedPercent),
    windowMinutes: number(row?.windowMinutes),
    resetAtMs: number(row?.resetAtMs),
  };
}

function rowOfEntry({ rest, primary, secondary, ...members }: QuotaEntry): Row {
  const windows = { primary: withRest({ ...primary }, {}), secondary: withRest({ ...secondary }, {}) };
  return withRest({ ...members, ...windows }, rest);
}

function rowOf(value: unknown): Row {
  return isRow(value) ? value : {};
}
