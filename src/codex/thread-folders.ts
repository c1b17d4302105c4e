/** In which folder a thread works, as the state database says (Codex 0.133 to 0.169; there from a session's first request on). */
import { currentDatabase } from './database-files.ts';
import type { CodexScope } from './home.ts';
import { columnsOf, readSqlite, textOf } from './sqlite-read.ts';

/** The folders by thread id; a thread that is not known, or that is kept nowhere (`--ephemeral`), is missing. */
export async function readThreadFolders(
  scope: CodexScope,
  threadIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const file = threadIds.length === 0 ? null : await currentDatabase(scope, 'state');
  if (file === null) return new Map();
  const marks = threadIds.map(() => '?').join(', ');
  const reading = await readSqlite(scope, file.path, (db) =>
    columnsOf(db, 'threads').has('cwd')
      ? db.all(`SELECT id, cwd FROM threads WHERE id IN (${marks})`, threadIds)
      : [],
  );
  const rows = reading.kind === 'ok' ? reading.value : []; // a database that cannot be read tells nothing
  return new Map(
    rows.flatMap((row) => {
      const [id, folder] = [textOf(row, 'id'), textOf(row, 'cwd')];
      return folder === '' ? [] : [[id, folder] as const];
    }),
  );
}
