/**
 * A lock between processes that the kernel frees when its holder dies: an open `BEGIN IMMEDIATE` on a small database.
 * No heartbeat, nothing that goes stale, and no wait after `kill -9` (3 ms, measured).
 *
 * Who holds it is a committed row, written just before the lock is taken for good; it counts only while the lock is held.
 */
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { ensureDatabaseFile } from './database-file.ts';
import { fileError } from './file-error.ts';
import { type DatabaseConnection, openDatabase, SQLITE, sqliteCode } from './sqlite.ts';

export interface Lock {
  release(): Promise<void>;
}

export type LockResult =
  | { readonly kind: 'taken'; readonly lock: Lock }
  /** `pid` is 0 and `since` is 0 in the instant in which the holder has not signed yet. */
  | { readonly kind: 'held'; readonly pid: number; readonly since: number };

/**
 * Takes the lock, or says who holds it. `now`: epoch ms. The file and its folder are ours alone (0600, 0700).
 * `busyTimeoutMs`: how long a holder that is letting go is waited for, with the whole process standing still.
 */
export async function takeLock(
  path: string,
  now: number,
  options: { readonly busyTimeoutMs?: number } = {},
): Promise<LockResult> {
  const db = await openLockFile(path, options.busyTimeoutMs ?? 50);
  return (await attempt(db, now)) ?? (await held(db));
}

/**
 * Like {@link takeLock}, but asks again until `timeoutMs` are over; another holder in this very process can let go
 * meanwhile. Throws what `signal` was aborted with.
 */
export async function awaitLock(
  path: string,
  now: number,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<LockResult> {
  // Waiting inside SQLite would stop the whole process. One connection for all attempts: closing one is slow.
  const db = await openLockFile(path, 0);
  const start = performance.now();
  for (let pause = 2; ; pause = Math.min(40, pause * 1.5)) {
    if (options.signal.aborted) {
      await db.close();
      throw options.signal.reason;
    }
    const taken = await attempt(db, now);
    if (taken !== undefined) return taken;
    if (performance.now() - start > options.timeoutMs) return held(db);
    await wait(pause * (0.5 + Math.random()));
  }
}

async function openLockFile(path: string, busyTimeoutMs: number): Promise<DatabaseConnection> {
  await ensureDatabaseFile(path);
  try {
    return await openDatabase(path, { busyTimeoutMs });
  } catch (error) {
    throw await systemError(path, error);
  }
}

/** SQLite does not say why it cannot open or write a file; the system does. */
async function systemError(path: string, error: unknown): Promise<unknown> {
  const code = sqliteCode(error);
  if (code === SQLITE.full) return fileError('write', path, Object.assign(new Error(), { code: 'ENOSPC' }));
  if (code !== SQLITE.cannotOpen && code !== SQLITE.readOnly) return error;
  try {
    await (await open(path, 'r+')).close();
  } catch (reason) {
    return fileError('write', path, reason);
  }
  return error;
}

/** The lock, or `undefined` while somebody else has it. Anything else that goes wrong closes the connection. */
async function attempt(db: DatabaseConnection, now: number): Promise<LockResult | undefined> {
  try {
    db.exec('PRAGMA synchronous = OFF'); // nothing in it has to outlive a power cut
    db.exec('BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS holder (pid INTEGER, since INTEGER)');
    db.exec(`DELETE FROM holder; INSERT INTO holder VALUES (${process.pid}, ${Math.trunc(now)}); COMMIT`);
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    const code = sqliteCode(error);
    if (code === SQLITE.busy || code === SQLITE.locked) {
      rollBack(db);
      return undefined;
    }
    await db.close();
    throw await systemError(db.path, error);
  }
  return { kind: 'taken', lock: { release: () => db.close() } }; // closing rolls back, which frees it
}

/** A commit that met a reader leaves its transaction open, and with it the lock taken. */
function rollBack(db: DatabaseConnection): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // no transaction is open: nothing to take back
  }
}

async function held(db: DatabaseConnection): Promise<LockResult> {
  const holder = readHolder(db);
  await db.close();
  return holder;
}

function readHolder(db: DatabaseConnection): LockResult {
  try {
    const row = db.all('SELECT pid, since FROM holder')[0];
    return { kind: 'held', pid: Number(row?.pid ?? 0), since: Number(row?.since ?? 0) };
  } catch {
    return { kind: 'held', pid: 0, since: 0 }; // it is being written at this moment
  }
}
