/**
 * The one file that knows which SQLite driver we use: `@photostructure/sqlite`, the `node:sqlite` API with binaries in
 * its npm package, on every Node version. (`node:sqlite` itself prints an experimental warning on Node 22.)
 *
 * Two facts of the driver and of SQLite shape this file, both measured with 1.2.1 (SQLite 3.53):
 * - Opening a WAL database read-only creates `-wal` and `-shm` and leaves them there. {@link openDatabase} with
 *   `readOnly` picks a way of opening that writes nothing; see {@link quietLocation}.
 * - `close()` keeps the files open until the prepared statements are garbage-collected. A connection that comes back
 *   from the dead would checkpoint, or delete the `-wal` of, a file that was restored meanwhile; so closing a writer
 *   collects first, and {@link DatabaseConnection.close} is a promise.
 */
import { open, stat } from 'node:fs/promises';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { messageOf, StewardError } from '../errors.ts';

/** Primary result codes of SQLite that callers tell apart (`details.sqliteCode` of the error). */
export const SQLITE = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** Integers beyond 2^53 come as `bigint`, all others as `number`; blobs as bytes. */
export type SqlValue = string | number | bigint | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface OpenDatabaseOptions {
  /** Reads without writing anything: no `-wal` or `-shm` is created, none is changed. */
  readonly readOnly?: boolean;
  /** Promises that nobody writes: no locks, and a `-wal` beside the file is ignored. Implies `readOnly`. */
  readonly immutable?: boolean;
  /** How long to wait (blocking) for somebody else's lock. Default 250 ms. */
  readonly busyTimeoutMs?: number;
}

/** An open database. Every method throws `ERR_STORAGE_SQLITE` with `details.sqliteCode` when SQLite refuses. */
export interface DatabaseConnection {
  readonly path: string;
  exec(sql: string): void;
  all(sql: string, params?: readonly SqlValue[]): readonly SqlRow[];
  /** Runs one statement; the number of rows it changed. */
  run(sql: string, params?: readonly SqlValue[]): number;
  /** `BEGIN IMMEDIATE` … `COMMIT`; rolled back when `body` throws. */
  transaction<T>(body: () => T): T;
  /** Resolves once the files are let go (a writer), or at once (a reader). */
  close(): Promise<void>;
}

/** Opens a database file; without `readOnly` it is created when missing. */
export async function openDatabase(
  path: string,
  options: OpenDatabaseOptions = {},
): Promise<DatabaseConnection> {
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const readOnly = options.readOnly === true || options.immutable === true;
  const timeout = options.busyTimeoutMs ?? 250;
  const openAt = (location: string) => guarded(path, () => new DatabaseSync(location, { readOnly, timeout }));
  if (readOnly && options.immutable !== true) {
    for (let tries = 1; ; tries += 1) {
      const location = await quietLocation(path);
      const db = openAt(location);
      if (tries === QUIET_TRIES || location.endsWith('immutable=1') || isReadable(db))
        return connection(path, db, readOnly);
      db.close();
    }
  }
  if (!readOnly) await collectClosedConnections([]);
  const db = openAt(readOnly ? fileUri(path, 'immutable=1') : path);
  return connection(path, db, readOnly);
}

/** How often a way of reading is chosen anew. */
const QUIET_TRIES = 5;

/** `false` where another program closed the database, and took its `-wal` and `-shm` away, since the location was chosen. */
function isReadable(db: DatabaseSyncInstance): boolean {
  try {
    db.exec('PRAGMA schema_version');
    return true;
  } catch (error) {
    return ((numberField(error, 'errcode') ?? 0) & 0xff) !== SQLITE.cannotOpen; // anything else is for the caller
  }
}

function connection(path: string, db: DatabaseSyncInstance, readOnly: boolean): DatabaseConnection {
  const statements: WeakRef<StatementSyncInstance>[] = [];
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    statements.push(new WeakRef(statement));
    return statement;
  };
  const exec = (sql: string) => guarded(path, () => db.exec(sql));
  return {
    path,
    exec,
    all: (sql, params = []) =>
      guarded(path, () => {
        const statement = prepare(sql);
        statement.setReadBigInts(true);
        return statement.all(...params).map(normalRow);
      }),
    run: (sql, params = []) => guarded(path, () => prepare(sql).run(...params).changes),
    transaction: (body) => {
      exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        exec('COMMIT');
        return result;
      } catch (error) {
        if (db.isTransaction) exec('ROLLBACK'); // SQLite may have rolled back by itself (disk full, I/O error)
        throw error;
      }
    },
    close: async () => {
      guarded(path, () => db.close());
      if (!readOnly) await collectClosedConnections(statements);
    },
  };
}

/** SQLite's primary result code of an error thrown by this file, or `undefined` for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof StewardError) || error.code !== 'ERR_STORAGE_SQLITE') return undefined;
  const code = error.details.sqliteCode;
  return typeof code === 'number' ? code : undefined;
}

/**
 * Lets go of the files of connections that were closed in this process: their statements are finalized by the garbage
 * collector only. `statements` are waited for; without any, whatever is garbage goes.
 */
export async function collectClosedConnections(statements: readonly WeakRef<object>[]): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return;
  await nextTurn(); // what was used in this turn is kept alive until its end
  for (let round = 0; round < 10; round++) {
    collect();
    await nextTurn(); // native finalizers run on the next turn
    await nextTurn();
    if (statements.every((statement) => statement.deref() === undefined)) return;
    await nextTurn();
  }
}

/**
 * A location whose read-only opening touches nothing. A WAL database in use, or left by a crash, has a `-wal` and a
 * `-shm`: `readonly_shm` reads both as they are. Without a `-wal` the main file is all there is: `immutable`.
 */
async function quietLocation(path: string): Promise<string> {
  if (!(await isWalDatabase(path))) return path;
  // A program that opens or closes it just now has one of the two for a moment.
  for (let tries = 1; tries <= QUIET_TRIES; tries += 1) {
    if (tries > 1) await sleep(10);
    const walBytes = await sizeOf(`${path}-wal`);
    const shmBytes = await sizeOf(`${path}-shm`);
    if (walBytes !== undefined && shmBytes !== undefined) return fileUri(path, 'readonly_shm=1');
    if (walBytes === undefined || walBytes === 0) return fileUri(path, 'immutable=1');
  }
  throw new StewardError(
    'ERR_STORAGE_SQLITE',
    'environment',
    `${path}-wal holds changes, and its -shm is missing`,
    {
      hint: 'Start and stop Codex once: it folds the changes into the database.',
      details: { path, sqliteCode: SQLITE.cannotOpen },
    },
  );
}

/** Byte 18 of the header is 2 in WAL mode (SQLite file format, 1.3.3). Anything unreadable is left to SQLite. */
async function isWalDatabase(path: string): Promise<boolean> {
  try {
    if (!(await stat(path)).isFile()) return false;
    const handle = await open(path, 'r');
    try {
      const header = Buffer.alloc(20);
      await handle.read(header, 0, 20, 0);
      return header[18] === 2;
    } finally {
      await handle.close();
    }
  } catch {
    return false; // SQLite's own error says it better: missing, not permitted, …
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

function fileUri(path: string, query: string): string {
  return `${pathToFileURL(path).href}?mode=ro&${query}`;
}

function normalRow(row: Readonly<Record<string, unknown>>): SqlRow {
  const result: Record<string, SqlValue> = {};
  for (const [column, value] of Object.entries(row)) result[column] = normalValue(value);
  return result;
}

function normalValue(value: unknown): SqlValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array) return value;
  return null;
}

function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const primary = numberField(error, 'errcode');
    throw new StewardError('ERR_STORAGE_SQLITE', 'environment', `${path}: ${messageOf(error)}`, {
      cause: error,
      details: {
        path,
        ...(primary === undefined ? {} : { sqliteCode: primary & 0xff, sqliteExtendedCode: primary }),
      },
    });
  }
}

function numberField(error: unknown, name: string): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === 'number' ? value : undefined;
}
