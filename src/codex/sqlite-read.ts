/**
 * Reading a database of a Codex that may be running, crashed or broken: nothing is written, nobody waits for us.
 *
 * The ordinary read-only opening of `storage/sqlite.ts` is tried first. It cannot read changes that stand in a `-wal`
 * without `-shm`, nor a database that somebody holds exclusively; then a private copy is read, and where that would be
 * too large, the main file alone, and the caller is told that the newest rows were not seen.
 */
import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, StewardError } from '../errors.ts';
import { type DatabaseConnection, openDatabase, SQLITE, type SqlRow, sqliteCode } from '../storage/sqlite.ts';
import { type CodexScope, readIn } from './home.ts';
import { processesOfHome, readCodexProcesses } from './processes.ts';
import { failedReading, type Reading } from './reading.ts';

/** A `-wal` up to this size is read whole (0.1 s); so is a copy of database and `-wal` together. */
const WAL_READ_BYTES = 48 * 1024 * 1024;
const ATTEMPTS = 3;

/** How much of the database the answer rests on. */
export interface SqliteView {
  readonly how: 'shared' | 'copy' | 'main-file-only';
  /** `false`: changes that are only in the `-wal` were not read. */
  readonly newestRows: boolean;
}

/** What a query sees; throws of SQLite become readings, so queries need no error handling. */
export type SqliteQuery<T> = (db: DatabaseConnection, view: SqliteView) => T;

/** Opens, asks, closes. `malformed`: SQLite says the file is corrupt or no database. Queries must bound their work. */
export async function readSqlite<T>(
  scope: CodexScope,
  path: string,
  query: SqliteQuery<T>,
): Promise<Reading<T>> {
  const unusable = await whyNotAFile(path);
  if (unusable) return unusable;
  for (let attempt = 1; ; attempt++) {
    const before = await stamp(path);
    const reading = await readOnce(scope, path, query);
    if (reading.kind === 'ok' || attempt === ATTEMPTS) return reading;
    // Corrupt for us and changed meanwhile: a Codex that folded its -wal into the file while we read it.
    if ((await stamp(path)) === before) return reading;
  }
}

async function readOnce<T>(scope: CodexScope, path: string, query: SqliteQuery<T>): Promise<Reading<T>> {
  const walBytes = (await sizeOf(`${path}-wal`)) ?? 0;
  // SQLite deletes the -wal of an empty database, even when it opens it read-only; `immutable` leaves it alone.
  const isEmpty = (await sizeOf(path)) === 0;
  if (!isEmpty && (walBytes <= WAL_READ_BYTES || (await isInUse(scope)))) {
    if (!(await wouldChangeOwner(scope, path))) {
      const shared = await attempt(path, { how: 'shared', newestRows: true }, query, () =>
        openDatabase(path, { readOnly: true }),
      );
      if (shared.kind !== 'unreadable') return shared;
    }
    const copied = await readCopy(path, walBytes, query);
    if (copied !== null && copied.kind !== 'unreadable') return copied;
  }
  return attempt(path, { how: 'main-file-only', newestRows: walBytes === 0 }, query, () =>
    openDatabase(path, { immutable: true }),
  );
}

/** `null` where a copy is too large, cannot be made, or somebody wrote while it was made. */
async function readCopy<T>(
  path: string,
  walBytes: number,
  query: SqliteQuery<T>,
): Promise<Reading<T> | null> {
  if (walBytes + ((await sizeOf(path)) ?? 0) > WAL_READ_BYTES) return null;
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'steward-read-'));
    const copy = join(folder, 'copy.sqlite');
    const before = await stamp(path);
    await copyFile(path, copy, constants.COPYFILE_FICLONE);
    if (walBytes > 0) await copyFile(`${path}-wal`, `${copy}-wal`, constants.COPYFILE_FICLONE);
    if ((await stamp(path)) !== before) return null;
    // The copy is ours: SQLite may make its -shm there, which a read-only opening would not.
    return await attempt(path, { how: 'copy', newestRows: true }, query, () => openDatabase(copy));
  } catch {
    return null; // no room for a copy, or the file went away: the main file alone still answers
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function attempt<T>(
  path: string,
  view: SqliteView,
  query: SqliteQuery<T>,
  connect: () => Promise<DatabaseConnection>,
): Promise<Reading<T>> {
  let db: DatabaseConnection | undefined;
  try {
    db = await connect();
    return { kind: 'ok', path, value: query(db, view) };
  } catch (error) {
    if (!(error instanceof StewardError) || error.code !== 'ERR_STORAGE_SQLITE') throw error;
    const message = messageOf(error).replace(`${path}: `, '');
    if (isDamage(error, message)) return { kind: 'malformed', path, message };
    return { kind: 'unreadable', path, code: `SQLITE_${sqliteCode(error) ?? 'ERROR'}`, message };
  } finally {
    await db?.close();
  }
}

/** The driver gives no code for what goes wrong while rows are read; SQLite's words are fixed. */
function isDamage(error: StewardError, message: string): boolean {
  const code = sqliteCode(error);
  if (code === undefined) return /malformed|not a database/.test(message);
  return code === SQLITE.corrupt || code === SQLITE.notADatabase;
}

/** Missing, a folder, a pipe, no permission: said in the system's words before SQLite says "unable to open". */
async function whyNotAFile(path: string): Promise<Exclude<Reading<never>, { kind: 'ok' }> | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const found = await handle.stat();
    if (found.isFile()) return null;
    const code = found.isDirectory() ? 'EISDIR' : 'NOT_A_FILE';
    const message = found.isDirectory() ? 'a folder stands where a file should be' : 'not a regular file';
    return { kind: 'unreadable', path, code, message };
  } catch (error) {
    return failedReading(path, error);
  } finally {
    await handle?.close();
  }
}

/** As root, SQLite gives `-wal` and `-shm` the owner of the database when it opens them, read-only or not. */
async function wouldChangeOwner({ host }: CodexScope, path: string): Promise<boolean> {
  if (host.uid !== 0) return false;
  const owners = await Promise.all(
    [path, `${path}-wal`, `${path}-shm`].map((file) =>
      stat(file).then(
        ({ uid, gid }) => `${uid}:${gid}`,
        () => null, // not there
      ),
    ),
  );
  return new Set(owners.filter((owner) => owner !== null)).size > 1;
}

/** Where the processes cannot be listed, a large -wal is not worth the time: the main file alone answers. */
async function isInUse(scope: CodexScope): Promise<boolean> {
  try {
    return processesOfHome(await readIn(scope, readCodexProcesses), scope.home.path).length > 0;
  } catch {
    return false;
  }
}

async function stamp(path: string): Promise<string> {
  const parts = await Promise.all(
    [path, `${path}-wal`].map(async (file) => {
      try {
        const { size, mtimeMs, ino } = await stat(file);
        return `${size}:${mtimeMs}:${ino}`;
      } catch {
        return 'none';
      }
    }),
  );
  return parts.join(' ');
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

/** The columns of a table, empty where there is no such table: schemas differ between Codex versions. */
export function columnsOf(db: DatabaseConnection, table: string): ReadonlySet<string> {
  return new Set(db.all('SELECT name FROM pragma_table_info(?)', [table]).map((row) => textOf(row, 'name')));
}

/** A column as text: `''` where it is missing or NULL. */
export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  return value === null || value === undefined || value instanceof Uint8Array ? '' : String(value);
}

/** A column as number: `null` where it is missing, NULL or not a number. */
export function numberOf(row: SqlRow, column: string): number | null {
  const value = row[column];
  if (typeof value === 'bigint') return Number(value);
  return typeof value === 'number' ? value : null;
}
