/** `sqlite`: statements in one transaction. Its image is the database with everything SQLite keeps beside it. */
import { StewardError } from '../../errors.ts';
import { linkEnd } from '../atomic-file.ts';
import { readState } from '../journal/images.ts';
import { SETTLES_MS } from '../journal/records.ts';
import { redact } from '../redact.ts';
import { type DatabaseConnection, openDatabase, SQLITE, sqliteCode } from '../sqlite.ts';
import type { StepHandler } from './step-handler.ts';

const BUSY_TIMEOUT_MS = 2000;

export const prepareSqlite: StepHandler<'sqlite'> = async (step, context) => {
  const path = await linkEnd(step.path);
  const files = [path, `${path}-wal`, `${path}-shm`, `${path}-journal`];
  const before = await context.takeImages(files, 'file');
  if (before[0]?.kind === 'absent') {
    throw new StewardError('ERR_STORAGE_FILE', 'environment', `there is no database at ${path}`, {
      details: { path },
    });
  }
  return {
    listing: redact(`${step.path}: ${step.statements.map(({ sql }) => sql).join('; ')}`),
    undo: {
      kind: 'images',
      before,
      after: null,
      shape: 'database',
      settlesWithinMs: SETTLES_MS,
      temporary: [],
    },
    apply: async ({ boundary, record }) => {
      const db = await openDatabase(path, { busyTimeoutMs: BUSY_TIMEOUT_MS });
      try {
        begin(db, path, () => record({ kind: 'step-void', step: context.index }));
        for (const statement of step.statements) db.run(statement.sql, statement.params);
        await boundary('uncommitted');
        record({ kind: 'step-begun', step: context.index });
        db.exec('COMMIT');
        await boundary('committed');
      } finally {
        await db.close(); // also rolls back what is not committed
      }
      return (await Promise.all(files.map((file) => readState(file, 'file')))).flat();
    },
  };
};

/** A database that somebody else is writing to is left to them: what they write must not be taken back. */
function begin(db: DatabaseConnection, path: string, untouched: () => void): void {
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (error) {
    if (sqliteCode(error) !== SQLITE.busy) throw error;
    untouched();
    throw new StewardError(
      'ERR_STORAGE_DATABASE_LOCKED',
      'environment',
      `another program is writing to ${path}`,
      {
        hint: 'Close Codex and run the command again.',
        details: { path },
        cause: error,
      },
    );
  }
}
