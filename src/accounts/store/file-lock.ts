/** Waiting for the lock that keeps two processes from changing the same files of the accounts. */
import { dirname } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import { awaitLock } from '../../storage/lock.ts';
import { ensurePrivateFolders, giveToFolderOwner } from './private-files.ts';

const WAIT_MS = 10_000;

/**
 * Runs `body` while no other process (nor another call in this one) holds that lock. Throws `ERR_ACCOUNTS_LOCKED`
 * (environment, `details.pid`) when it stays taken for 10 s (or `waitMs`), and when the scope is aborted meanwhile.
 */
export async function withFileLock<T>(
  scope: CodexScope,
  lockFile: string,
  body: () => Promise<T>,
  waitMs = WAIT_MS,
): Promise<T> {
  await ensurePrivateFolders(dirname(lockFile));
  const result = await awaitLock(lockFile, scope.host.now(), { timeoutMs: waitMs, signal: scope.signal });
  if (result.kind === 'held') throw locked(lockFile, result.pid, waitMs);
  try {
    await giveToFolderOwner(lockFile);
    return await body();
  } finally {
    await result.lock.release();
  }
}

function locked(lockFile: string, pid: number, waitMs: number): StewardError {
  const who = pid === 0 ? 'another steward' : `another steward (process ${pid})`;
  return new StewardError(
    'ERR_ACCOUNTS_LOCKED',
    'environment',
    `${who} has been changing the accounts for ${waitMs / 1000} seconds`,
    {
      hint: pid === 0 ? 'Run the command again.' : `Wait for it, or end process ${pid} if it hangs.`,
      details: { pid, lockFile },
    },
  );
}
