/** The pool of accounts on disk: read by anybody at any time, changed by one process at a time. */
import type { CodexScope } from '../../codex/home.ts';
import type { Pool } from '../account.ts';
import type { AccountPaths } from './paths.ts';

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
  /** There is a file and no way to read accounts from it or a copy. `message`: file, line and reason; no secrets. */
  | { readonly kind: 'corrupt'; readonly paths: AccountPaths; readonly message: string };

/** A change of the pool: the new pool (the same object when nothing is to change) and what the caller wants back. */
export interface PoolChange<T> {
  readonly pool: Pool;
  readonly result: T;
}

/** Reads the pool; never writes, never locks. */
export async function readPool(_scope: CodexScope): Promise<PoolReading> {
  throw new Error('under construction');
}

/** The pool, or `ERR_ACCOUNTS_POOL` (environment) when it is corrupt. */
export async function requirePool(_scope: CodexScope): Promise<Pool> {
  throw new Error('under construction');
}

/**
 * Changes the pool under a lock between processes. `change` gets the pool as it is on disk at that moment (never build
 * the new one from an older reading) and may be called again when another program wrote meanwhile; keep network calls
 * out of it. Resolves once the new pool is on the disk. Throws `ERR_ACCOUNTS_POOL` (corrupt: never overwritten),
 * `ERR_ACCOUNTS_LOCKED` (another process holds it for more than 10 s; pid in `details`) or `ERR_STORAGE_FILE`.
 */
export async function updatePool<T>(
  _scope: CodexScope,
  _change: (pool: Pool) => PoolChange<T> | Promise<PoolChange<T>>,
): Promise<T> {
  throw new Error('under construction');
}

export type MigrationOutcome =
  | { readonly kind: 'nothing' }
  /** `from`: the files that were merged and removed; `into`: the pool that has their accounts now. */
  | {
      readonly kind: 'migrated';
      readonly from: readonly string[];
      readonly into: string;
      readonly added: number;
    }
  /** A legacy file was left alone; `reason` is for people. */
  | { readonly kind: 'left'; readonly path: string; readonly reason: string };

/** Moves accounts kept under a project's former key to its present one. Every `auth` command runs it first. */
export async function migrateLegacyPool(_scope: CodexScope): Promise<readonly MigrationOutcome[]> {
  throw new Error('under construction');
}
