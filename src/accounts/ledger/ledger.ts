/**
 * The usage ledger: one table in `$CODEX_HOME/steward/steward.db`, written in batches by the gateway, read by `usage` and
 * by budgets. It is bounded in age and rows, and indexed by time, so that a full one costs a request nothing.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { systemCode } from '../../errors.ts';
import { ensureDatabaseFile } from '../../storage/database-file.ts';
import { fileError } from '../../storage/file-error.ts';
import { type DatabaseConnection, openDatabase, type SqlRow, type SqlValue } from '../../storage/sqlite.ts';
import { USAGE_OUTCOMES, type UsageOutcome, type UsageRecord } from './record.ts';

/** What the ledger keeps at most; `pruneUsage` brings it back to this. */
export const LEDGER_BOUNDS: LedgerBounds = { maxAgeMs: 400 * 86_400_000, maxRows: 200_000 };

export interface LedgerBounds {
  readonly maxAgeMs: number;
  readonly maxRows: number;
}

/** Which records: from `sinceMs` (epoch, included) to `untilMs` (not included), of a project if one is named. */
export interface UsageFilter {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly projectKey?: string;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage_ledger (
    id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, source TEXT NOT NULL, operation TEXT NOT NULL,
    outcome TEXT NOT NULL, model TEXT, project_key TEXT, account_key TEXT, request_id TEXT, status_code INTEGER,
    error_code TEXT, duration_ms INTEGER, has_tokens INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
    total_tokens INTEGER NOT NULL, cost_usd REAL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS usage_ledger_time ON usage_ledger (created_at);`;

const COLUMNS =
  'id, created_at, source, operation, outcome, model, project_key, account_key, request_id, status_code, error_code, ' +
  'duration_ms, has_tokens, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, total_tokens, cost_usd';

/** The database of this Codex home's extras. */
export function stewardDatabasePath(scope: Pick<CodexScope, 'home'>): string {
  return join(scope.home.path, 'steward', 'steward.db');
}

/** Opens the ledger to write, making file and table when missing (0600). Throws `ERR_STORAGE_SQLITE`, `ERR_STORAGE_FILE`. */
export async function openLedger(scope: CodexScope): Promise<DatabaseConnection> {
  const path = stewardDatabasePath(scope);
  await ensureDatabaseFile(path);
  const db = await openDatabase(path, { busyTimeoutMs: 5_000 });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    createLedger(db);
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Opens the ledger to read; `null` when nothing was ever written. Changes nothing. */
export async function openLedgerToRead(scope: CodexScope): Promise<DatabaseConnection | null> {
  const path = stewardDatabasePath(scope);
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
  const db = await openDatabase(path, { readOnly: true, busyTimeoutMs: 1_000 });
  const tables = db.all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'usage_ledger'");
  if (tables.length > 0) return db;
  await db.close();
  return null;
}

/** Makes the table in a database that somebody else opened. */
export function createLedger(db: DatabaseConnection): void {
  db.exec(SCHEMA);
}

/** Adds a batch in one transaction; a record that is already there (same id) is left as it is. Returns how many are new. */
export function insertUsage(db: DatabaseConnection, records: readonly UsageRecord[]): number {
  const marks = COLUMNS.split(', ').fill('?').join(', ');
  const sql = `INSERT OR IGNORE INTO usage_ledger (${COLUMNS}) VALUES (${marks})`;
  return db.transaction(() => records.reduce((added, record) => added + db.run(sql, valuesOf(record)), 0));
}

/** Takes out what is too old, then the oldest beyond the number of rows. Returns how many went. */
export function pruneUsage(
  db: DatabaseConnection,
  now: number,
  bounds: LedgerBounds = LEDGER_BOUNDS,
): number {
  return db.transaction(() => {
    const old = db.run('DELETE FROM usage_ledger WHERE created_at < ?', [now - bounds.maxAgeMs]);
    const surplus = db.run(
      `DELETE FROM usage_ledger WHERE id IN
         (SELECT id FROM usage_ledger ORDER BY created_at DESC, id LIMIT -1 OFFSET ?)`,
      [bounds.maxRows],
    );
    return old + surplus;
  });
}

/** The newest records first, at most `limit`. */
export function listUsage(
  db: DatabaseConnection,
  filter: UsageFilter,
  limit: number,
): readonly UsageRecord[] {
  const { where, params } = conditions(filter);
  const sql = `SELECT ${COLUMNS} FROM usage_ledger WHERE ${where} ORDER BY created_at DESC, id LIMIT ?`;
  return db.all(sql, [...params, limit]).map(recordOf);
}

/** `WHERE` of a filter, for the queries of this folder. */
export function conditions({ sinceMs, untilMs, projectKey }: UsageFilter): {
  readonly where: string;
  readonly params: readonly SqlValue[];
} {
  const where = 'created_at >= ? AND created_at < ?';
  if (projectKey === undefined) return { where, params: [sinceMs, untilMs] };
  return { where: `${where} AND project_key = ?`, params: [sinceMs, untilMs, projectKey] };
}

function valuesOf(record: UsageRecord): readonly SqlValue[] {
  const { tokens } = record;
  return [
    record.id,
    Math.trunc(record.createdAt),
    record.source,
    record.operation,
    record.outcome,
    record.model,
    record.projectKey,
    record.accountKey,
    record.requestId,
    record.statusCode,
    record.errorCode,
    record.durationMs === null ? null : Math.round(record.durationMs),
    tokens === null ? 0 : 1,
    tokens?.input ?? 0,
    tokens?.cachedInput ?? 0,
    tokens?.output ?? 0,
    tokens?.reasoning ?? 0,
    tokens?.total ?? 0,
    record.costUsd,
  ];
}

function recordOf(row: SqlRow): UsageRecord {
  return {
    id: String(row.id),
    createdAt: Number(row.created_at),
    source: String(row.source),
    operation: String(row.operation),
    outcome: outcomeOf(row.outcome),
    model: textOf(row.model),
    projectKey: textOf(row.project_key),
    accountKey: textOf(row.account_key),
    requestId: textOf(row.request_id),
    statusCode: numberOf(row.status_code),
    errorCode: textOf(row.error_code),
    durationMs: numberOf(row.duration_ms),
    tokens:
      Number(row.has_tokens) === 0
        ? null
        : {
            input: Number(row.input_tokens),
            cachedInput: Number(row.cached_input_tokens),
            output: Number(row.output_tokens),
            reasoning: Number(row.reasoning_tokens),
            total: Number(row.total_tokens),
          },
    costUsd: numberOf(row.cost_usd),
  };
}

function outcomeOf(value: SqlValue | undefined): UsageOutcome {
  return USAGE_OUTCOMES.find((outcome) => outcome === value) ?? 'failure';
}

function textOf(value: SqlValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: SqlValue | undefined): number | null {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
}
