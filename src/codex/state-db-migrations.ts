/**
 * The migrations of Codex's databases: which were applied, and whether a Codex will accept them.
 *
 * Observed with 0.133 and 0.169: a row whose checksum differs from the binary's, or that did not succeed, or that is
 * missing below the newest one, keeps app-server, TUI and daemon from starting; `exec` goes on silently without the
 * database. A version that the binary does not know (from a newer Codex) is accepted by both.
 */
import type { DatabaseConnection } from '../storage/sqlite.ts';
import { columnsOf, numberOf, textOf } from './sqlite-read.ts';

export interface AppliedMigration {
  readonly version: number;
  readonly description: string;
  /** Hex. */
  readonly checksum: string;
  readonly success: boolean;
}

export type MigrationFault =
  /** Its SQL is not the SQL that any Codex we know has for this version. */
  | { readonly kind: 'modified'; readonly migration: AppliedMigration }
  /** It was begun and not finished. */
  | { readonly kind: 'unfinished'; readonly migration: AppliedMigration }
  /** Applied versions stand above it, and it is not there: Codex would apply it to a schema that has it already. */
  | { readonly kind: 'missing'; readonly version: number };

/** First 4 bytes of the SHA-384 of each migration, from version 1; the same in 0.133 and 0.169 on Linux. */
const KNOWN_CHECKSUMS: Readonly<Record<string, string>> = {
  state_5: `627ef191 521b72cb e58a2862 8adc2513 1ac64f85 a203fc4b 7e35a464 aa3f287f 8b469360 8adaf136 31ececbd
    0012a213 05526a09 4d2fbb24 0eece6db 4768f743 4cbdb2ed a4363003 3884c02f 07673f48 ea1aebe4 160fe01b e6c748a9
    e92aa526 d6fb51d7 6c62a325 d84dca6a ef44adaa e9ec76f9 80c1cdac 943675a9 3c01d615 4904aae3 d6fea739 d7b56acb
    6381f7bb f6a5ab0d e7778522 c217b3d1 a7a99674 0dc734db cfdc4fd4 605128e7 5d29223b a7fadc8c 63addf61 1ae117e4
    9d298333 faf45c39 d2802e96 23360a03 071e9631 e86ef7cc e62a9977 6daadc55 5de44fac 729562c5 68467af3 4297dffb
    d7f0cf0a 4a833704 dab8b7c8`,
  logs_2: '009639ea cf6c93af',
  goals_1: '8ce62802 f3ff7de2',
  memories_1: 'a1af50da 18f0a8dd',
  queue_1: 'cea113c9 983a2b17',
  thread_history_1: '2ad9a4ab ae61dbc1 a51da2a1 65f33b17 2fdad8e3 02ed82d3 9334adb4 94635cd5',
};

/** The rows of `_sqlx_migrations`, by version; empty where the table is not there. */
export function readMigrations(db: DatabaseConnection): readonly AppliedMigration[] {
  const columns = columnsOf(db, '_sqlx_migrations');
  if (!columns.has('version') || !columns.has('checksum')) return [];
  const rows = db.all('SELECT * FROM _sqlx_migrations ORDER BY version LIMIT 1000');
  return rows.map((row) => ({
    version: numberOf(row, 'version') ?? 0,
    description: textOf(row, 'description'),
    checksum: row.checksum instanceof Uint8Array ? Buffer.from(row.checksum).toString('hex') : '',
    success: numberOf(row, 'success') !== 0,
  }));
}

/** What keeps a Codex from accepting them. `database` is `topic_generation`; nothing is said of unknown ones. */
export function migrationFaults(
  database: string,
  applied: readonly AppliedMigration[],
): readonly MigrationFault[] {
  const known = KNOWN_CHECKSUMS[database]?.split(/\s+/) ?? [];
  const byVersion = new Map(applied.map((migration) => [migration.version, migration]));
  const newest = Math.max(0, ...byVersion.keys());
  const faults: MigrationFault[] = [];
  for (let version = 1; version <= Math.min(newest, known.length); version++) {
    const migration = byVersion.get(version);
    if (migration === undefined) faults.push({ kind: 'missing', version });
    else if (!migration.checksum.startsWith(known[version - 1] ?? ''))
      faults.push({ kind: 'modified', migration });
  }
  for (const migration of applied) {
    if (!migration.success) faults.push({ kind: 'unfinished', migration });
  }
  return faults;
}
