/** One change of the pool, by one process at a time, from what is on disk at that moment. */
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import type { Pool } from '../account.ts';
import { withFileLock } from './file-lock.ts';
import type { AccountPaths } from './paths.ts';
import { corruptHint, type LoadedPool, loadPool } from './pool-read.ts';
import type { PoolChange } from './pool-store.ts';
import { CHANGED_MEANWHILE, type WriteBoundary, writePool } from './pool-write.ts';

const MAX_TRIES = 8;

/** For tests: called wherever a change can be cut short. */
export type UpdateBoundary = WriteBoundary | 'locked' | 'read' | 'changed';

/** As `updatePool`, for the pool at those paths. */
export async function updatePoolAt<T>(
  scope: CodexScope,
  paths: AccountPaths,
  change: (pool: Pool) => PoolChange<T> | Promise<PoolChange<T>>,
  onBoundary?: (name: UpdateBoundary) => Promise<void>,
): Promise<T> {
  return withFileLock(scope, paths.lockFile, async () => {
    await onBoundary?.('locked');
    return changePool(scope, paths, change, onBoundary);
  });
}

/** As {@link updatePoolAt}, for a caller that holds the lock. */
export async function changePool<T>(
  { host }: CodexScope,
  paths: AccountPaths,
  change: (pool: Pool) => PoolChange<T> | Promise<PoolChange<T>>,
  onBoundary?: (name: UpdateBoundary) => Promise<void>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const loaded = await requireLoaded(paths, host.now());
    await onBoundary?.('read');
    const { pool, result } = await change(loaded.pool);
    await onBoundary?.('changed');
    if (pool === loaded.pool) return result;
    try {
      await writePool(paths, loaded, pool, {
        now: host.now(),
        ...(onBoundary === undefined ? {} : { onBoundary }),
      });
      return result;
    } catch (error) {
      // codex-multi-auth knows no lock; what it wrote in between is read and changed again.
      const isRace = error instanceof StewardError && error.code === CHANGED_MEANWHILE;
      if (!isRace || tries === MAX_TRIES) throw error;
    }
  }
}

/** The pool with all that belongs to it. Throws `ERR_ACCOUNTS_POOL`. */
export async function requireLoaded(paths: AccountPaths, now: number): Promise<LoadedPool> {
  const loaded = await loadPool(paths, now);
  if (loaded.kind === 'ok') return loaded;
  throw corruptPool({ message: loaded.message, hint: corruptHint(loaded.isDamage) });
}

/** `ERR_ACCOUNTS_POOL`: `message` names file, line and reason. */
export function corruptPool(reading: { readonly message: string; readonly hint: string }): StewardError {
  const { message, hint } = reading;
  return new StewardError('ERR_ACCOUNTS_POOL', 'environment', `the accounts cannot be read: ${message}`, {
    hint,
  });
}
