/** The pool of accounts on disk: read by anybody at any time, changed by one process at a time. */
import type { CodexScope } from '../../codex/home.ts';
import type { Pool } from '../account.ts';
import { type AccountPaths, resolveAccountPaths } from './paths.ts';
import { corruptHint, loadPool } from './pool-read.ts';

/** `recoverable`: the file is broken or its last write was cut short, and a copy stood in (`recoveredFrom`). */
export type PoolHealth = 'healthy' | 'empty' | 'recoverable' | 'intentional-reset';

export type PoolReading =
  | {
      readonly kind: 'ok';
      readonly pool: Pool;
      readonly health: PoolHealth;
      /** The file the pool was read from, when it is not the pool file. */
      readonly recoveredFrom: string | null;
      readonly paths: AccountPaths;
    }
  /**
   * There is a file and no way to read accounts from it or a copy. `message`: file, line and reason; `hint`: what to do;
   * no secrets.
   */
  | {
      readonly kind: 'corrupt';
      readonly paths: AccountPaths;
      readonly message: string;
      readonly hint: string;
    };

/** A change of the pool: the new pool (the same object when nothing is to change) and what the caller wants back. */
export interface PoolChange<T> {
  readonly pool: Pool;
  readonly result: T;
}

/** Reads the pool; never writes, never locks. */
export async function readPool(scope: CodexScope): Promise<PoolReading> {
  const paths = await resolveAccountPaths(scope);
  const loaded = await loadPool(paths, scope.host.now());
  if (loaded.kind === 'corrupt')
    return { kind: 'corrupt', paths, message: loaded.message, hint: corruptHint(loaded.isDamage) };
  const { pool, health, recoveredFrom } = loaded;
  return { kind: 'ok', pool, health, recoveredFrom, paths };
}

/** The pool, or `ERR_ACCOUNTS_POOL` (environment) when it is corrupt. */
export async function requirePool(scope: CodexScope): Promise<Pool> {
  const reading = await readPool(scope);
  if (reading.kind === 'ok') return reading.pool;
  const { corruptPool } = await import('./pool-update.ts');
  throw corruptPool(reading);
}

/**
 * Changes the pool under a lock between processes. `change` gets the pool as it is on disk at that moment (never build
 * the new one from an older reading) and may be called again when another program wrote meanwhile; keep network calls
 * out of it. Resolves once the new pool is on the disk. Throws `ERR_ACCOUNTS_POOL` (corrupt: never overwritten),
 * `ERR_ACCOUNTS_LOCKED` (another process holds it for more than 10 s; pid in `details`) or `ERR_STORAGE_FILE`
 * (a full disk, …): nothing is lost then, and the new pool may yet be read, if it got as far as the write-ahead file.
 */
export async function updatePool<T>(
  scope: CodexScope,
  change: (pool: Pool) => PoolChange<T> | Promise<PoolChange<T>>,
): Promise<T> {
  const paths = await resolveAccountPaths(scope);
  // Loaded here, because it brings the database driver, which a mere reader has to start without.
  const { updatePoolAt } = await import('./pool-update.ts');
  return updatePoolAt(scope, paths, change);
}

export type MigrationOutcome =
  /** `from` was merged into the pool file `into` and removed; `added` of its accounts were new there. */
  | { readonly kind: 'migrated'; readonly from: string; readonly into: string; readonly added: number }
  /** A legacy file was left alone; `reason` is for people. */
  | { readonly kind: 'left'; readonly path: string; readonly reason: string };

/**
 * Moves accounts kept under a project's former key to its present one; no outcome means there were none. Every `auth`
 * command runs it first. Nothing else in the repository is touched. Throws as {@link updatePool}.
 */
export async function migrateLegacyPool(scope: CodexScope): Promise<readonly MigrationOutcome[]> {
  const { findLegacyPools } = await import('./legacy-pools.ts');
  const found = await findLegacyPools(scope);
  if (found.length === 0) return [];
  const { moveLegacyPools } = await import('./migrate-legacy.ts');
  return moveLegacyPools(scope, found);
}
