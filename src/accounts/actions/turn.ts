/** One after the other, across processes: the lock of a job that spans pool, server and `auth.json`. */
import type { CodexScope } from '../../codex/home.ts';
import { withFileLock } from '../store/file-lock.ts';

/** Twenty at the same time have to get through on a slow machine. */
const PATIENCE_MS = 60_000;

/** Runs `job` when it is its turn. Throws `ERR_ACCOUNTS_LOCKED` when others take more than a minute. */
export function withTurn<T>(scope: CodexScope, lockFile: string, job: () => Promise<T>): Promise<T> {
  return withFileLock(scope, lockFile, job, PATIENCE_MS);
}
