/**
 * Which account served which thread before the gateway was started anew: the ledger has it. A thread that moves without need loses the
 * server's cache and what only its old account can decrypt. What the user wanted forgotten (`switch`, `unpin`) stays so.
 */
import { openLedger, openLedgerToRead } from '../../accounts/ledger/ledger.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { DatabaseConnection } from '../../storage/sqlite.ts';

export interface FormerThreadsBounds {
  readonly most: number;
  readonly keepMs: number;
}

const TABLE =
  'CREATE TABLE IF NOT EXISTS gateway_affinity (generation INTEGER NOT NULL, since INTEGER NOT NULL)';

/**
 * Thread and account key, the one used last at the end. `generation` is the pool's (`affinityGeneration`): threads count from when it
 * was noted ({@link noteGeneration}); `null` when it was not. Throws `ERR_STORAGE_SQLITE`, `ERR_STORAGE_FILE`.
 */
export async function readFormerThreads(
  scope: CodexScope,
  generation: number,
  bounds: FormerThreadsBounds,
): Promise<readonly (readonly [thread: string, account: string])[] | null> {
  const db = await openLedgerToRead(scope);
  if (db === null) return null;
  try {
    const noted = notedGeneration(db);
    if (noted?.generation !== generation) return null;
    const rows = db.all(
      `SELECT request_id AS thread, account_key AS account FROM usage_ledger
         WHERE created_at >= ? AND source = 'gateway' AND outcome = 'success' AND thread IS NOT NULL AND account IS NOT NULL
         ORDER BY created_at DESC LIMIT ?`,
      [Math.max(noted.since, scope.host.now() - bounds.keepMs), bounds.most],
    );
    return rows.map((row) => [String(row.thread), String(row.account)] as const).reverse();
  } finally {
    await db.close();
  }
}

/** From now on threads count for that generation. Throws as above. */
export async function noteGeneration(scope: CodexScope, generation: number): Promise<void> {
  const db = await openLedger(scope);
  try {
    db.exec(TABLE);
    if (notedGeneration(db)?.generation === generation) return;
    db.transaction(() => {
      db.exec('DELETE FROM gateway_affinity');
      db.run('INSERT INTO gateway_affinity VALUES (?, ?)', [generation, scope.host.now()]);
    });
  } finally {
    await db.close();
  }
}

function notedGeneration(
  db: DatabaseConnection,
): { readonly generation: number; readonly since: number } | null {
  const tables = db.all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'gateway_affinity'");
  const [row] = tables.length === 0 ? [] : db.all('SELECT generation, since FROM gateway_affinity');
  return row === undefined ? null : { generation: Number(row.generation), since: Number(row.since) };
}
