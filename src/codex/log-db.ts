/**
 * The log database (`logs_N.sqlite`, table `logs`; same schema in Codex 0.133 and 0.169). It can be gigabytes large, so
 * it is only ever walked from its newest row, and the text of a row is fetched only for the rows that are wanted.
 */
import type { DatabaseConnection } from '../storage/sqlite.ts';
import { currentDatabase } from './database-files.ts';
import type { CodexScope } from './home.ts';
import type { Reading } from './reading.ts';
import { columnsOf, numberOf, readSqlite, textOf } from './sqlite-read.ts';

/** Rows walked, newest first: six processes' worth (Codex keeps 1,000 rows of each). */
const WALKED_ROWS = 6000;
const BODY_CHARACTERS = 4096;

export interface LogRow {
  readonly id: number;
  /** Epoch ms. */
  readonly atMs: number;
  readonly level: 'WARN' | 'ERROR' | (string & {});
  readonly target: string;
  /** At most 4,096 characters. */
  readonly text: string;
  readonly threadId: string | null;
  /** From `process_uuid` (`pid:<pid>:<uuid>`). */
  readonly pid: number | null;
  /** Database with row, for evidence. */
  readonly where: string;
}

export interface LogRowsOptions {
  /** Epoch ms: older rows are left out. */
  readonly sinceMs: number;
  readonly limit: number;
}

/** The newest rows of level WARN and ERROR, newest first. `missing` where this home has no log database (yet). */
export async function readRecentLogRows(
  scope: CodexScope,
  options: LogRowsOptions,
): Promise<Reading<readonly LogRow[]>> {
  const file = await currentDatabase(scope, 'logs');
  if (file === null) return { kind: 'missing', path: scope.home.path };
  return readSqlite(scope, file.path, (db) => rowsOf(db, file.path, options));
}

function rowsOf(db: DatabaseConnection, path: string, options: LogRowsOptions): readonly LogRow[] {
  const columns = columnsOf(db, 'logs');
  if (!['id', 'ts', 'level', 'target'].every((column) => columns.has(column))) return [];
  const body = columns.has('feedback_log_body')
    ? 'feedback_log_body'
    : columns.has('message')
      ? 'message'
      : "''";
  const optional = ['ts_nanos', 'thread_id', 'process_uuid'].filter((column) => columns.has(column));
  const rows = db.all(
    `SELECT logs.id, ts, level, target, substr(${body}, 1, ${BODY_CHARACTERS}) AS body
            ${optional.map((column) => `, ${column}`).join('')}
     FROM logs JOIN (
       SELECT id AS wanted FROM (SELECT id, level AS l, ts AS t FROM logs ORDER BY id DESC LIMIT ${WALKED_ROWS})
       WHERE l IN ('WARN', 'ERROR') AND t >= ? ORDER BY id DESC LIMIT ?
     ) ON logs.id = wanted
     ORDER BY logs.id DESC`,
    [Math.floor(options.sinceMs / 1000), options.limit],
  );
  return rows.map((row) => {
    const id = numberOf(row, 'id') ?? 0;
    const pid = /^pid:(\d+):/.exec(textOf(row, 'process_uuid'))?.[1];
    return {
      id,
      atMs: (numberOf(row, 'ts') ?? 0) * 1000 + Math.floor((numberOf(row, 'ts_nanos') ?? 0) / 1e6),
      level: textOf(row, 'level'),
      target: textOf(row, 'target'),
      text: textOf(row, 'body'),
      threadId: textOf(row, 'thread_id') || null,
      pid: pid === undefined ? null : Number(pid),
      where: `${path}, logs row ${id}`,
    };
  });
}
