/**
 * One refresher for each refresh token, across processes: a kernel lock, which frees itself when its holder dies. There
 * are 256 of them, by the first byte of the token's hash, so that no file is left behind for each token ever used.
 */
import { join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { awaitLock, type LockResult } from '../../storage/lock.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { ensurePrivateFolders } from '../store/private-files.ts';

/** Longer than a refresh may take with the rival's lease waited for before it. */
const WAIT_MS = 90_000;

/** Runs `body` with the lease of that token; `busy` when it could not be had in time, or the scope was stopped. */
export async function withTokenLease<T>(
  scope: CodexScope,
  hash: string,
  body: () => Promise<T>,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'busy' }> {
  const { root } = await resolveAccountPaths(scope);
  const folder = join(root, 'steward', 'leases'); // beside the pool, which several Codex homes may share
  await ensurePrivateFolders(folder);
  const path = join(folder, `${hash.slice(0, 2)}.db`);
  const { host, signal } = scope;
  let taken: LockResult;
  try {
    taken = await awaitLock(path, host.now(), { timeoutMs: WAIT_MS, signal });
  } catch (error) {
    if (signal.aborted) return { kind: 'busy' };
    throw error;
  }
  if (taken.kind === 'held') return { kind: 'busy' };
  try {
    return { kind: 'done', value: await body() };
  } finally {
    await taken.lock.release();
  }
}
