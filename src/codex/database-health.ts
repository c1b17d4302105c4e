/**
 * Whether each database of a Codex home can be read at all. A small file is checked whole; of a large one only header,
 * length and schema are, and the answer says so.
 */
import type { DatabaseConnection } from '../storage/sqlite.ts';
import { type DatabaseFile, readDatabaseFiles } from './database-files.ts';
import { type CodexReader, readIn } from './home.ts';
import type { Reading } from './reading.ts';
import { numberOf, readSqlite, type SqliteView, textOf } from './sqlite-read.ts';
import { type AppliedMigration, readMigrations } from './state-db-migrations.ts';

/** `quick_check` reads every page: 12 MB take about 30 ms. */
const WHOLE_CHECK_BYTES = 12 * 1024 * 1024;

export interface DatabaseHealth {
  readonly view: SqliteView;
  readonly migrations: readonly AppliedMigration[];
  /** Every page was looked at. */
  readonly checkedWhole: boolean;
  /** What is wrong inside, in SQLite's words; empty when nothing was found. */
  readonly faults: readonly string[];
}

export interface DatabaseExam {
  readonly file: DatabaseFile;
  readonly reading: Reading<DatabaseHealth>;
}

/** Every database in use. Older generations are left alone: Codex does not open them. */
export const readDatabaseHealth: CodexReader<Reading<readonly DatabaseExam[]>> = async (scope) => {
  const folder = await readIn(scope, readDatabaseFiles);
  if (folder.kind !== 'ok') return folder;
  const current = folder.value.files.filter((file) => file.current);
  const exams = await Promise.all(
    current.map(async (file) => ({
      file,
      reading: await readSqlite(scope, file.path, (db, view) => examine(db, view, file)),
    })),
  );
  return { kind: 'ok', path: folder.path, value: exams };
};

function examine(db: DatabaseConnection, view: SqliteView, file: DatabaseFile): DatabaseHealth {
  const bytes = (file.bytes ?? 0) + (view.newestRows ? (file.walBytes ?? 0) : 0);
  const checkedWhole = bytes <= WHOLE_CHECK_BYTES;
  const faults = checkedWhole ? quickCheck(db) : cutShort(db, view, file);
  const migrations = readMigrations(db);
  return { view, checkedWhole, faults: [...faults, ...foreign(db, migrations)], migrations };
}

/** Codex notes its migrations before it makes a table; tables without them stop it ("table threads already exists"). */
function foreign(db: DatabaseConnection, migrations: readonly AppliedMigration[]): readonly string[] {
  if (migrations.length > 0) return [];
  const tables = db.all(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '_sqlx%' LIMIT 1",
  );
  return tables.length === 0 ? [] : ['it holds tables, and no list of the migrations that made them'];
}

function quickCheck(db: DatabaseConnection): readonly string[] {
  const lines = db.all('PRAGMA quick_check(3)').map((row) => textOf(row, 'quick_check'));
  return lines.filter((line) => line !== 'ok');
}

/** The header counts more pages than the file has: it was cut off (full disk, aborted copy). */
function cutShort(db: DatabaseConnection, view: SqliteView, file: DatabaseFile): readonly string[] {
  if ((file.walBytes ?? 0) > 0 && view.newestRows) return []; // the missing pages may stand in the -wal
  const [count] = db.all('PRAGMA page_count');
  const [size] = db.all('PRAGMA page_size');
  const wanted = (count && numberOf(count, 'page_count')) ?? 0;
  const bytes = wanted * ((size && numberOf(size, 'page_size')) ?? 0);
  const there = file.bytes ?? 0;
  return bytes > there ? [`${there} bytes of ${bytes}: the file was cut off`] : [];
}
