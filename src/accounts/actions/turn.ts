/** One after the other, across processes: the lock of a job that spans several files. */
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import { takeLock } from '../../storage/lock.ts';
import { ensurePrivateFolders } from '../store/private-folders.ts';

const PATIENCE_MS = 60_000;
const SHORTEST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 80;

/** Runs `job` when it is its turn. Throws `ERR_ACCOUNTS_LOCKED` when another process takes more than a minute. */
export async function withTurn<T>(scope: CodexScope, lockFile: string, job: () => Promise<T>): Promise<T> {
  await ensurePrivateFolders(dirname(lockFile));
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const taken = await takeLock(lockFile, scope.host.now(), { busyTimeoutMs: 0 });
    if (taken.kind === 'taken') {
      try {
        return await job();
      } finally {
        await taken.lock.release();
      }
    }
    if (performance.now() > deadline) {
      throw new StewardError('ERR_ACCOUNTS_LOCKED', 'environment', 'another steward is switching accounts', {
        hint: `Wait for process ${taken.pid}, or end it; then run the command again.`,
        details: { pid: taken.pid },
      });
    }
    // Not all at the same instant.
    const pause = SHORTEST_WAIT_MS + Math.random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS);
    await wait(pause, undefined, { signal: scope.signal });
  }
}
