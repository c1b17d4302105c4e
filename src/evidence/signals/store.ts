/** Where signals are kept: one table in `$CODEX_HOME/steward/steward.db`, which stays on this machine unless exported. */
import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { stewardDatabasePath } from '../../accounts/ledger/ledger.ts';
import type { CodexScope } from '../../codex/home.ts';
import { systemCode } from '../../errors.ts';
import { ensureDatabaseFile } from '../../storage/database-file.ts';
import { fileError } from '../../storage/file-error.ts';
import { giveToHomeOwner, journalPaths, requireHome } from '../../storage/journal/folder.ts';
import { type DatabaseConnection, openDatabase, type SqlRow } from '../../storage/sqlite.ts';
import { type Signal, type SignalSummary, type SignalWord, summariseSignals, VERDICTS } from './signal.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS signals (
    id TEXT PRIMARY KEY, failure_id TEXT NOT NULL, word TEXT NOT NULL, occasion TEXT NOT NULL,
    at_ms INTEGER NOT NULL, machine TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS signals_machine (one INTEGER PRIMARY KEY CHECK (one = 1), machine TEXT NOT NULL);`;

const COLUMNS = 'id, failure_id, word, occasion, at_ms, machine';
/** A word by hand belongs to the repair of that failure made so lately. */
const SAME_OCCASION_MS = 24 * 3600 * 1000;
/** A team pools some hundreds. */
const MAX_SIGNALS = 50_000;

export interface StoredSignals {
  /** Newest first. */
  readonly signals: readonly Signal[];
  /** This Codex home's own name among them. */
  readonly machine: string;
}

/** All signals; empty where none was ever kept. Changes nothing. Throws `ERR_STORAGE_SQLITE`. */
export async function readSignals(scope: CodexScope): Promise<StoredSignals> {
  const path = stewardDatabasePath(scope);
  try {
    await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return { signals: [], machine: '' };
    throw fileError('read', path, error);
  }
  const db = await openDatabase(path, { readOnly: true, busyTimeoutMs: 1_000 });
  try {
    if (db.all("SELECT 1 FROM sqlite_master WHERE name = 'signals'").length === 0)
      return { signals: [], machine: '' };
    return { signals: listSignals(db), machine: machineOf(db) ?? '' };
  } finally {
    await db.close();
  }
}

/** What was said about the fixes of these failures, by id. */
export async function readSignalSummaries(scope: CodexScope): Promise<ReadonlyMap<string, SignalSummary>> {
  const { signals, machine } = await readSignals(scope);
  return summariseSignals(signals, machine);
}

/** Keeps one word; the same word about the same occasion is kept once. Throws `ERR_STORAGE_SQLITE`, `ERR_STORAGE_FILE`. */
export async function addSignal(
  scope: CodexScope,
  said: { readonly failureId: string; readonly word: SignalWord; readonly occasion?: string },
): Promise<Signal> {
  return write(scope, (db) => {
    const machine = machineOf(db) ?? nameMachine(db);
    const atMs = scope.host.now();
    const occasion = said.occasion ?? lastOccasion(db, said.failureId, machine, atMs) ?? randomUUID();
    const { failureId, word } = said;
    const signal = { id: idOf(machine, failureId, occasion, word), failureId, word, occasion, atMs, machine };
    insert(db, [signal]);
    return signal;
  });
}

/** Adds signals of other machines; those that are here already are left as they are. Returns how many are new. */
export async function addForeignSignals(scope: CodexScope, signals: readonly Signal[]): Promise<number> {
  return write(scope, (db) => insert(db, signals));
}

/** The id that follows from what a signal says. */
export function idOf(machine: string, failureId: string, occasion: string, word: SignalWord): string {
  return createHash('sha256')
    .update([machine, failureId, occasion, word].join('\n'))
    .digest('hex')
    .slice(0, 32);
}

async function write<T>(scope: CodexScope, body: (db: DatabaseConnection) => T): Promise<T> {
  await requireHome(scope.home.path);
  const path = stewardDatabasePath(scope);
  await ensureDatabaseFile(path);
  const db = await openDatabase(path, { busyTimeoutMs: 5_000 });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    db.exec(SCHEMA);
    return db.transaction(() => body(db));
  } finally {
    await db.close();
    await giveToHomeOwner(journalPaths(scope.home.path), scope.host.uid);
  }
}

function insert(db: DatabaseConnection, signals: readonly Signal[]): number {
  const sql = `INSERT OR IGNORE INTO signals (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`;
  let added = 0;
  for (const { id, failureId, word, occasion, atMs, machine } of signals)
    added += db.run(sql, [id, failureId, word, occasion, atMs, machine]);
  db.run(
    `DELETE FROM signals WHERE id IN (SELECT id FROM signals ORDER BY at_ms DESC, id LIMIT -1 OFFSET ${MAX_SIGNALS})`,
  );
  return added;
}

function listSignals(db: DatabaseConnection): readonly Signal[] {
  return db
    .all(`SELECT ${COLUMNS} FROM signals ORDER BY at_ms DESC, id`)
    .flatMap((row) => signalOf(row) ?? []);
}

/** A row that a newer steward wrote with a word we do not know is passed over. */
function signalOf(row: SqlRow): Signal | null {
  const word = SIGNAL_WORDS.find((known) => known === row.word);
  if (word === undefined) return null;
  return {
    id: String(row.id),
    failureId: String(row.failure_id),
    word,
    occasion: String(row.occasion),
    atMs: Number(row.at_ms),
    machine: String(row.machine),
  };
}

/** Every word that may stand in the table. */
export const SIGNAL_WORDS: readonly SignalWord[] = [...VERDICTS, 'held', 'failed', 'asked'];

function machineOf(db: DatabaseConnection): string | undefined {
  const [row] = db.all('SELECT machine FROM signals_machine');
  return row === undefined ? undefined : String(row.machine);
}

function nameMachine(db: DatabaseConnection): string {
  const machine = randomUUID();
  db.run('INSERT INTO signals_machine (one, machine) VALUES (1, ?)', [machine]);
  return machine;
}

function lastOccasion(
  db: DatabaseConnection,
  failureId: string,
  machine: string,
  now: number,
): string | undefined {
  const [row] = db.all(
    'SELECT occasion FROM signals WHERE failure_id = ? AND machine = ? AND at_ms > ? ORDER BY at_ms DESC LIMIT 1',
    [failureId, machine, now - SAME_OCCASION_MS],
  );
  return row === undefined ? undefined : String(row.occasion);
}
