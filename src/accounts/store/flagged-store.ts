/**
 * Accounts that a verification found dead: `openai-codex-flagged-accounts.json`, beside the pool and under its lock, so
 * that an account that moves between the two is never in neither.
 */
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import type { FlaggedAccount, Pool } from '../account.ts';
import { idTokenGiver, NO_EXTRAS } from './extras.ts';
import { brokenFile, readJson } from './json-file.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { backupFiles, loadPool } from './pool-read.ts';
import type { PoolChange } from './pool-store.ts';
import { writePrivate } from './private-files.ts';
import { isRow, parseRow, type Row, rowOf, takeFrom, withRest } from './row.ts';

export type FlaggedReading =
  | {
      readonly kind: 'ok';
      readonly accounts: readonly FlaggedAccount[];
      readonly recoveredFrom: string | null;
    }
  | { readonly kind: 'corrupt'; readonly path: string; readonly message: string };

interface FlaggedDocument {
  readonly accounts: readonly FlaggedAccount[];
  readonly unusableRows: readonly unknown[];
  readonly rest: Row;
}

type Loaded =
  | {
      readonly kind: 'ok';
      readonly document: FlaggedDocument;
      readonly exists: boolean;
      readonly recoveredFrom: string | null;
    }
  | { readonly kind: 'corrupt'; readonly message: string };

const EMPTY: FlaggedDocument = { accounts: [], unusableRows: [], rest: {} };

/** Reads the flagged accounts; a missing file is none. Never writes. */
export async function readFlagged(scope: CodexScope): Promise<FlaggedReading> {
  const paths = await resolveAccountPaths(scope);
  const loaded = await load(paths, scope.host.now());
  if (loaded.kind === 'corrupt') return { ...loaded, path: paths.flaggedFile };
  return { kind: 'ok', accounts: loaded.document.accounts, recoveredFrom: loaded.recoveredFrom };
}

/** Changes the flagged accounts under the pool's lock. Throws `ERR_ACCOUNTS_FILE` for a broken file; else as `updatePool`. */
export async function updateFlagged<T>(
  scope: CodexScope,
  change: (accounts: readonly FlaggedAccount[]) => {
    readonly accounts: readonly FlaggedAccount[];
    readonly result: T;
  },
): Promise<T> {
  return updatePoolAndFlagged(scope, (pool, flagged) => {
    const { accounts, result } = change(flagged);
    return { pool, flagged: accounts, result };
  });
}

/** Changes both; what moves between them is in one or both files after a crash, never in none. */
export async function updatePoolAndFlagged<T>(
  scope: CodexScope,
  change: (
    pool: Pool,
    flagged: readonly FlaggedAccount[],
  ) => PoolChange<T> & { readonly flagged: readonly FlaggedAccount[] },
): Promise<T> {
  const paths = await resolveAccountPaths(scope);
  const [{ withFileLock }, { changePool }] = await Promise.all([
    import('./file-lock.ts'),
    import('./pool-update.ts'),
  ]);
  return withFileLock(scope, paths.lockFile, async () => {
    const loaded = await load(paths, scope.host.now());
    if (loaded.kind === 'corrupt') throw brokenFile(loaded.message);
    const { document } = loaded;
    const outcome = await changePool(scope, paths, async (pool) => {
      const next = change(pool, document.accounts);
      // Before the pool lets go of an account, it has to be here; after that, what left here may go.
      const kept = document.accounts.filter((former) => !next.flagged.some((row) => isSame(row, former)));
      if (next.flagged !== document.accounts) await write(paths, loaded, [...next.flagged, ...kept]);
      return { pool: next.pool, result: next };
    });
    if (outcome.flagged !== document.accounts) {
      const now = await load(paths, scope.host.now());
      if (now.kind === 'corrupt') throw brokenFile(now.message);
      await write(paths, now, outcome.flagged);
    }
    return outcome.result;
  });
}

async function load(paths: AccountPaths, now: number): Promise<Loaded> {
  const { flaggedFile } = paths;
  const primary = await readJson(flaggedFile);
  if (primary.kind === 'ok') return parsed(paths, primary.value, null, now);
  if (primary.kind === 'missing') {
    const former = join(dirname(flaggedFile), 'openai-codex-blocked-accounts.json');
    const legacy = await readJson(former);
    if (legacy.kind === 'ok') return parsed(paths, legacy.value, former, now);
    return { kind: 'ok', document: EMPTY, exists: false, recoveredFrom: null };
  }
  if (primary.isDamage) {
    for (const backup of backupFiles(flaggedFile)) {
      const copy = await readJson(backup);
      if (copy.kind === 'ok') return parsed(paths, copy.value, backup, now);
    }
  }
  return { kind: 'corrupt', message: primary.message };
}

async function parsed(
  paths: AccountPaths,
  value: Row,
  recoveredFrom: string | null,
  now: number,
): Promise<Loaded> {
  const { version, accounts, ...rest } = value;
  if (version !== 1 || !Array.isArray(accounts)) {
    return { kind: 'corrupt', message: `${paths.flaggedFile}: not a list of format 1` };
  }
  const pool = await loadPool(paths, now);
  const giveIdToken = idTokenGiver(pool.kind === 'ok' ? pool.extras : NO_EXTRAS);
  const unusableRows: unknown[] = [];
  const byToken = new Map<string, FlaggedAccount>();
  for (const row of accounts) {
    const flagged = isRow(row) ? parseFlagged(row, now) : null;
    if (flagged === null) {
      unusableRows.push(row);
      continue;
    }
    const account = giveIdToken(flagged.account);
    byToken.set(account.refreshToken, { ...flagged, account });
  }
  const document = { accounts: [...byToken.values()], unusableRows, rest };
  return { kind: 'ok', document, exists: recoveredFrom === null, recoveredFrom };
}

function parseFlagged(row: Row, now: number): FlaggedAccount | null {
  const { rest, take } = takeFrom(row);
  const flaggedAt = take('flaggedAt', v.number()) ?? now;
  const reason = take('flaggedReason', v.string());
  const lastError = take('lastError', v.string());
  const account = parseRow(rest());
  return account === null ? null : { account, flaggedAt, reason, lastError };
}

function isSame(one: FlaggedAccount, other: FlaggedAccount): boolean {
  return one.account.refreshToken === other.account.refreshToken;
}

async function write(
  paths: AccountPaths,
  loaded: Extract<Loaded, { kind: 'ok' }>,
  accounts: readonly FlaggedAccount[],
): Promise<void> {
  const text = textOf({ ...loaded.document, accounts });
  if (loaded.exists && text === textOf(loaded.document)) return;
  if (!loaded.exists && accounts.length === 0 && loaded.recoveredFrom === null) return;
  if (loaded.exists) {
    const { rotateBackups } = await import('./backups.ts');
    await rotateBackups(paths.flaggedFile);
  }
  await writePrivate(paths.flaggedFile, text);
}

function textOf({ accounts, unusableRows, rest }: FlaggedDocument): string {
  const rows = accounts.map(({ account, flaggedAt, reason, lastError }) =>
    withRest({ ...rowOf(account), flaggedAt, flaggedReason: reason, lastError }, {}),
  );
  return JSON.stringify(withRest({ version: 1, accounts: [...rows, ...unusableRows] }, rest), null, 2);
}
