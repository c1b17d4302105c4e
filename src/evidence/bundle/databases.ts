/** The databases of a Codex home as a maintainer needs them: files, schemas and how many rows; no row. */
import { readDatabaseFiles } from '../../codex/database-files.ts';
import type { CodexScope } from '../../codex/home.ts';
import { numberOf, readSqlite, textOf } from '../../codex/sqlite-read.ts';
import type { DatabaseConnection } from '../../storage/sqlite.ts';

/** Counting the rows of a larger file takes too long. */
const COUNT_BYTES = 256 * 1024 * 1024;

export interface DatabaseListing {
  readonly path: string;
  readonly bytes: number | null;
  readonly walBytes: number | null;
  /** The generation in use, not one that an older Codex left. */
  readonly current: boolean;
  readonly tables: readonly TableListing[] | { readonly unreadable: string };
}

export interface TableListing {
  readonly name: string;
  readonly sql: string;
  /** `null`: not counted, the file is too large. */
  readonly rows: number | null;
}

/** Every database, current ones first. Reads only. */
export async function listDatabases(scope: CodexScope): Promise<readonly DatabaseListing[]> {
  const folder = await readDatabaseFiles(scope);
  if (folder.kind !== 'ok') return [];
  const listings: DatabaseListing[] = [];
  for (const { path, bytes, walBytes, current } of folder.value.files) {
    const reading = await readSqlite(scope, path, (db) => tablesOf(db, (bytes ?? 0) <= COUNT_BYTES));
    const tables =
      reading.kind === 'ok'
        ? reading.value
        : { unreadable: reading.kind === 'missing' ? 'the file is not there' : reading.message };
    listings.push({ path, bytes, walBytes, current, tables });
  }
  return listings;
}

function tablesOf(db: DatabaseConnection, countRows: boolean): readonly TableListing[] {
  const tables = db.all("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name");
  return tables.map((row) => {
    const name = textOf(row, 'name');
    return { name, sql: textOf(row, 'sql'), rows: countRows ? rowsOf(db, name) : null };
  });
}

function rowsOf(db: DatabaseConnection, table: string): number | null {
  const [row] = db.all(`SELECT count(*) AS n FROM "${table.replaceAll('"', '""')}"`);
  return row === undefined ? null : numberOf(row, 'n');
}
