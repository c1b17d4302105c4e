/**
 * The refresh leases of codex-multi-auth 2.8 (`<root>/refresh-leases/<sha256 of the token>.lock` and `.result.json`):
 * theirs are waited for, ours are written for them, so that both tools may run at once.
 */
import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { systemCode } from '../../errors.ts';
import { fileError } from '../../storage/file-error.ts';
import { ensurePrivateFolders, writePrivate } from '../store/private-files.ts';
import { isNewerPair, type TokenPair, tokenHash } from './token-pair.ts';

/** How long the rival waits for somebody else's lease before it goes ahead; we do the same. */
const WAIT_MS = 35_000;
const POLL_MS = 150;
/** Longer than our own request may take (30 s). */
const LEASE_MS = 40_000;

/** How a lease of ours is told from the rival's. */
const OUR_NONCE = 'steward-';

export interface RivalLease {
  /** Gives the lease back, with the new pair for those who wait when there is one. */
  release(pair: TokenPair | null): Promise<void>;
}

const LockFile = v.looseObject({
  tokenHash: v.string(),
  expiresAt: v.number(),
  nonce: v.optional(v.string()),
});

const ResultFile = v.looseObject({
  tokenHash: v.string(),
  createdAt: v.number(),
  result: v.looseObject({
    type: v.literal('success'),
    access: v.pipe(v.string(), v.minLength(1)),
    refresh: v.pipe(v.string(), v.minLength(1)),
    expires: v.number(),
    idToken: v.optional(v.string()),
  }),
});

/**
 * Takes the lease of that token, waiting for a rival's. `result`: the rival refreshed it meanwhile (or just before), here
 * is the new pair. After 35 s it goes ahead as the rival would; the folder's own trouble throws `ERR_STORAGE_FILE`.
 */
export async function takeRivalLease(
  scope: CodexScope,
  folder: string,
  current: TokenPair,
): Promise<
  | { readonly kind: 'result'; readonly pair: TokenPair }
  | { readonly kind: 'taken'; readonly lease: RivalLease }
> {
  const hash = tokenHash(current.refreshToken);
  const lockPath = join(folder, `${hash}.lock`);
  const resultPath = join(folder, `${hash}.result.json`);
  await ensurePrivateFolders(folder);
  const start = performance.now();
  for (;;) {
    const pair = await readResult(resultPath, hash);
    if (pair !== null && (await isNewerPair(pair, current))) return { kind: 'result', pair };
    const nonce = `${OUR_NONCE}${randomUUID()}`;
    if (await createLock(scope, lockPath, hash, nonce)) {
      return { kind: 'taken', lease: leaseOf(scope, { lockPath, resultPath, hash, nonce }) };
    }
    const isOver = performance.now() - start > WAIT_MS;
    if (isOver || !(await isHeld(scope, lockPath, hash))) await rm(lockPath, { force: true });
    else await pause(POLL_MS);
  }
}

function leaseOf(
  scope: CodexScope,
  own: {
    readonly lockPath: string;
    readonly resultPath: string;
    readonly hash: string;
    readonly nonce: string;
  },
): RivalLease {
  return {
    release: async (pair) => {
      if (pair?.accessToken != null && pair.expiresAt !== null) {
        const result = {
          type: 'success',
          access: pair.accessToken,
          refresh: pair.refreshToken,
          expires: pair.expiresAt,
          ...(pair.idToken === null ? {} : { idToken: pair.idToken }),
        };
        const content = { tokenHash: own.hash, createdAt: scope.host.now(), result };
        await writePrivate(own.resultPath, JSON.stringify(content));
      }
      const lock = v.safeParse(LockFile, await readJson(own.lockPath));
      if (lock.success && lock.output.nonce === own.nonce) await rm(own.lockPath, { force: true });
    },
  };
}

async function createLock(scope: CodexScope, path: string, hash: string, nonce: string): Promise<boolean> {
  const acquiredAt = scope.host.now();
  const content = { tokenHash: hash, pid: process.pid, acquiredAt, expiresAt: acquiredAt + LEASE_MS, nonce };
  try {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(JSON.stringify(content));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw fileError('create', path, error);
  }
}

/** A lease counts until it says it ends. One that cannot be read is being written, or is a wreck: its age decides. */
async function isHeld(scope: CodexScope, path: string, hash: string): Promise<boolean> {
  const lock = v.safeParse(LockFile, await readJson(path));
  if (lock.success) {
    // We hold the kernel's lease of this token, so a steward that wrote this one is dead.
    if (lock.output.nonce?.startsWith(OUR_NONCE) === true) return false;
    // A clock that was set back must not hold us up for longer than a lease can last.
    const left = lock.output.expiresAt - scope.host.now();
    return lock.output.tokenHash === hash && left > 0 && left <= 10 * LEASE_MS;
  }
  try {
    return Date.now() - (await stat(path)).mtimeMs < 2000; // the file system's clock, not the host's
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw fileError('read', path, error);
  }
}

/** Whatever its age: a pair that came out of this very token is the newer one. */
async function readResult(path: string, hash: string): Promise<TokenPair | null> {
  const parsed = v.safeParse(ResultFile, await readJson(path));
  if (!parsed.success || parsed.output.tokenHash !== hash) return null;
  const { access, refresh, expires, idToken } = parsed.output.result;
  return { accessToken: access, refreshToken: refresh, expiresAt: expires, idToken: idToken ?? null };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
}
