/**
 * The state database (`state_N.sqlite`): threads, the index build, remote-control enrolments, migrations. Any schema
 * version; missing tables and columns are missing facts, not errors. Tables and meanings as of Codex 0.133 to 0.169.
 */
import type { DatabaseConnection } from '../storage/sqlite.ts';
import { currentDatabase, type DatabaseFile } from './database-files.ts';
import type { CodexReader } from './home.ts';
import type { Reading } from './reading.ts';
import { columnsOf, numberOf, readSqlite, type SqliteView, textOf } from './sqlite-read.ts';
import { type AppliedMigration, readMigrations } from './state-db-migrations.ts';

/** Threads looked at, from the one used last; older ones are counted only. */
const THREAD_SAMPLE = 200;
const COUNT_LIMIT = 100_000;

export interface StateThread {
  readonly id: string;
  readonly rolloutPath: string;
  readonly modelProvider: string;
  readonly archived: boolean;
  /** `cli`, `exec`, `vscode`, … */
  readonly source: string;
  /** Epoch ms. */
  readonly updatedAtMs: number;
}

/** How the index of the session files is being built; one Codex holds it for 900 s at a time. */
export interface Backfill {
  readonly status: 'pending' | 'running' | 'complete' | (string & {});
  readonly updatedAtMs: number;
  /** The session file reached. */
  readonly watermark: string | null;
}

export interface StateDatabase {
  readonly file: DatabaseFile;
  readonly view: SqliteView;
  readonly migrations: readonly AppliedMigration[];
  readonly backfill: Backfill | null;
  /** At most {@link COUNT_LIMIT}. */
  readonly threadCount: number;
  /** How many threads each model provider has, archived ones included. */
  readonly providers: Readonly<Record<string, number>>;
  /** The newest {@link THREAD_SAMPLE} threads, newest first. */
  readonly threads: readonly StateThread[];
}

export interface RemoteEnrollment {
  readonly websocketUrl: string;
  readonly accountId: string;
  /** `''` for the command line and its daemon, `Codex Desktop` for the app. */
  readonly clientName: string;
  readonly serverId: string;
  readonly environmentId: string;
  readonly serverName: string;
  /** Epoch ms. */
  readonly updatedAtMs: number;
  /** The durable switch of 0.169; `null` where unset, and in older schemas. */
  readonly enabled: boolean | null;
}

/** `missing` where this home has no state database (yet). */
export const readStateDatabase: CodexReader<Reading<StateDatabase>> = async (scope) => {
  const file = await currentDatabase(scope, 'state');
  if (file === null) return { kind: 'missing', path: scope.home.path };
  return readSqlite(scope, file.path, (db, view) => ({
    file,
    view,
    migrations: readMigrations(db),
    backfill: readBackfill(db),
    threadCount: countThreads(db),
    providers: countProviders(db),
    threads: readThreads(db),
  }));
};

/** The rows of `remote_control_enrollments`; `missing` where this home has no state database (yet). */
export const readEnrollments: CodexReader<Reading<readonly RemoteEnrollment[]>> = async (scope) => {
  const file = await currentDatabase(scope, 'state');
  if (file === null) return { kind: 'missing', path: scope.home.path };
  return readSqlite(scope, file.path, enrollmentsOf);
};

/** The path of the log database in use, or `null` where this home has none (yet). */
export const readLogDatabasePath: CodexReader<string | null> = async (scope) => {
  const file = await currentDatabase(scope, 'logs');
  return file === null || file.bytes === null ? null : file.path;
};

function enrollmentsOf(db: DatabaseConnection): readonly RemoteEnrollment[] {
  if (columnsOf(db, 'remote_control_enrollments').size === 0) return [];
  return db.all('SELECT * FROM remote_control_enrollments LIMIT 1000').map((row) => {
    const enabled = numberOf(row, 'remote_control_enabled');
    return {
      websocketUrl: textOf(row, 'websocket_url'),
      accountId: textOf(row, 'account_id'),
      clientName: textOf(row, 'app_server_client_name'),
      serverId: textOf(row, 'server_id'),
      environmentId: textOf(row, 'environment_id'),
      serverName: textOf(row, 'server_name'),
      updatedAtMs: (numberOf(row, 'updated_at') ?? 0) * 1000,
      enabled: enabled === null ? null : enabled !== 0,
    };
  });
}

function readBackfill(db: DatabaseConnection): Backfill | null {
  if (columnsOf(db, 'backfill_state').size === 0) return null;
  const [row] = db.all('SELECT * FROM backfill_state LIMIT 1');
  if (row === undefined) return null;
  return {
    status: textOf(row, 'status'),
    updatedAtMs: (numberOf(row, 'updated_at') ?? 0) * 1000,
    watermark: textOf(row, 'last_watermark') || null,
  };
}

function countThreads(db: DatabaseConnection): number {
  if (columnsOf(db, 'threads').size === 0) return 0;
  const [row] = db.all('SELECT count(*) AS n FROM (SELECT 1 FROM threads LIMIT ?)', [COUNT_LIMIT]);
  return row === undefined ? 0 : (numberOf(row, 'n') ?? 0);
}

/** Answered from the index on `model_provider` (there since the first schema); without it, from as many rows as are counted. */
function countProviders(db: DatabaseConnection): Readonly<Record<string, number>> {
  if (!columnsOf(db, 'threads').has('model_provider')) return {};
  const rows = db.all(
    'SELECT p, count(*) AS n FROM (SELECT model_provider AS p FROM threads LIMIT ?) GROUP BY p',
    [COUNT_LIMIT],
  );
  return Object.fromEntries(rows.map((row) => [textOf(row, 'p'), numberOf(row, 'n') ?? 0]));
}

function readThreads(db: DatabaseConnection): readonly StateThread[] {
  const columns = columnsOf(db, 'threads');
  if (!columns.has('id') || !columns.has('rollout_path')) return [];
  const wanted = ['id', 'rollout_path', 'model_provider', 'archived', 'source', 'updated_at'];
  const list = wanted.filter((column) => columns.has(column)).join(', ');
  const order = columns.has('updated_at') ? 'updated_at' : 'rowid';
  return db.all(`SELECT ${list} FROM threads ORDER BY ${order} DESC LIMIT ?`, [THREAD_SAMPLE]).map((row) => ({
    id: textOf(row, 'id'),
    rolloutPath: textOf(row, 'rollout_path'),
    modelProvider: textOf(row, 'model_provider'),
    archived: numberOf(row, 'archived') === 1,
    source: textOf(row, 'source'),
    updatedAtMs: (numberOf(row, 'updated_at') ?? 0) * 1000,
  }));
}
