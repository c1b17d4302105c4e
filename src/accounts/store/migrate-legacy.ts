/**
 * Moves legacy pools: merged into the present pool under its lock, and removed only once that is on the disk.
 *
 * A file inside a project may have come with the project. Whoever planted it there would have the user's prompts go
 * through an account of theirs, so it is taken only if nobody else could have: ours, closed to others, not under version
 * control (git keeps no file closed to others; codex-multi-auth writes nothing else).
 */
import { lstat, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { syncFolder } from '../../storage/atomic-file.ts';
import { fileError } from '../../storage/file-error.ts';
import type { Pool } from '../account.ts';
import { withKeys } from './account-key.ts';
import { addAccount } from './identity.ts';
import type { LegacyPool } from './legacy-pools.ts';
import { loadPool, versionOf } from './pool-read.ts';
import type { MigrationOutcome } from './pool-store.ts';
import { updatePoolAt } from './pool-update.ts';
import { findSameAccount, uniteAccounts } from './same-account.ts';

/** Moves them one after the other. Throws as `updatePool`; what was not moved by then is left as it was. */
export async function moveLegacyPools(
  scope: CodexScope,
  found: readonly LegacyPool[],
): Promise<readonly MigrationOutcome[]> {
  const outcomes: MigrationOutcome[] = [];
  for (const legacy of found) outcomes.push(await move(scope, legacy));
  return outcomes;
}

async function move(scope: CodexScope, legacy: LegacyPool): Promise<MigrationOutcome> {
  const left = (reason: string): MigrationOutcome => ({ kind: 'left', path: legacy.path, reason });
  const objection = await objectionTo(scope, legacy);
  if (objection !== null) return left(objection);
  const loaded = await loadPool(legacy.from, scope.host.now());
  if (loaded.kind === 'corrupt') return left(loaded.message);
  const added = await updatePoolAt(scope, legacy.into, (pool) => merged(pool, loaded.pool));
  if (versionOf(legacy.path) !== loaded.version) return left('another program changed it meanwhile');
  try {
    await rm(legacy.path);
    await syncFolder(dirname(legacy.path));
  } catch (error) {
    throw fileError('remove', legacy.path, error);
  }
  return { kind: 'migrated', from: legacy.path, into: legacy.into.poolFile, added };
}

/** All accounts of both; of the same account in both, the one used last. A pool without any takes the legacy selection. */
function merged(pool: Pool, legacy: Pool): { readonly pool: Pool; readonly result: number } {
  if (pool.accounts.length === 0) {
    const affinityGeneration = Math.max(pool.affinityGeneration, legacy.affinityGeneration);
    const rest = { ...legacy.rest, ...pool.rest };
    return { pool: { ...legacy, affinityGeneration, rest }, result: legacy.accounts.length };
  }
  let next = pool;
  let added = 0;
  for (const account of legacy.accounts) {
    const same = findSameAccount(next, account);
    if (same === null) {
      next = addAccount(next, account).pool;
      added++;
    } else {
      const accounts = next.accounts.map((present, position) =>
        position === same ? uniteAccounts(present, account) : present,
      );
      next = { ...next, accounts: withKeys(accounts) };
    }
  }
  return { pool: next, result: added };
}

async function objectionTo({ host }: CodexScope, legacy: LegacyPool): Promise<string | null> {
  if (legacy.kind === 'worktree-key') return null;
  const file = await lstat(legacy.path);
  if (!file.isFile()) return 'it is not a plain file';
  if (host.uid !== undefined && file.uid !== host.uid) return 'it belongs to another user';
  if (host.platform !== 'win32' && (file.mode & 0o077) !== 0) {
    return 'others may read it, so it may have come with the project (if it is yours: chmod 600)';
  }
  const tracked = await host.run(
    'git',
    ['-c', 'core.fsmonitor=false', 'ls-files', '--error-unmatch', '--', legacy.path],
    {
      cwd: legacy.projectRoot,
      timeoutMs: 5_000,
    },
  );
  return tracked.kind === 'exited' && tracked.code === 0 ? 'it is under version control' : null;
}
