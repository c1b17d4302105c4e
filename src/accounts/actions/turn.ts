/** One after the other, across processes: the lock of a job that spans pool, server and `auth.json`. */
import { dirname } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import { awaitLock } from '../../storage/lock.ts';
import { ensurePrivateFolders } from '../store/private-files.ts';

/** Twenty at the same time have to get through on a slow machine. */
const PATIENCE_MS = 60_000;

/** Runs `job` when it is its turn. Throws `ERR_ACCOUNTS_LOCKED` when others take more than a minute. */
export async function withTurn<T>(scope: CodexScope, lockFile: string, job: () => Promise<T>): Promise<T> {
  await ensurePrivateFolders(dirname(lockFile));
  const taken = await awaitLock(lockFile, scope.host.now(), { timeoutMs: PATIENCE_MS, signal: scope.signal });
  if (taken.kind === 'held') {
    throw new StewardError('ERR_ACCOUNTS_LOCKED', 'environment', 'another steward is switching accounts', {
      hint: `Wait for process ${taken.pid}, or end it; then run the command again.`,
      details: { pid: taken.pid },
    });
  }
  try {
    return await job();
  } finally {
    await taken.lock.release();
  }
}
