/** `steward auth usage rotate`: the ledger's records go into a file beside it, and a new ledger begins. */
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  listUsage,
  openLedger,
  openLedgerToRead,
  stewardDatabasePath,
} from '../../../accounts/ledger/ledger.ts';
import type { UsageRecord } from '../../../accounts/ledger/record.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT } from '../../../errors.ts';
import { fileError } from '../../../storage/file-error.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { tilde } from '../../render/layout.ts';

export interface UsageRotateOptions {
  readonly ifLargerThanBytes?: number;
  readonly json?: boolean;
}

/** 0 also when there was nothing to put aside. The ledger of codex-multi-auth is left as it is. */
export async function runUsageRotate(options: UsageRotateOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'usage rotate', json: options.json });
  const { scope } = session;
  const records = await allRecords(scope);
  const lines = records.map((record) => `${JSON.stringify(record)}\n`);
  const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0);
  const isDue = records.length > 0 && bytes > (options.ifLargerThanBytes ?? 0);
  const archive = isDue ? await writeArchive(scope, lines) : null;
  if (isDue) await forget(scope, records);
  session.answer({ rotated: isDue, records: records.length, bytes, archivePath: archive });
  if (archive !== null)
    session.say(`${records.length} records put into ${tilde(archive, scope.host.userHome)}`);
  else if (records.length === 0) session.say('The ledger is empty: nothing to put aside.');
  else session.say(`The ledger has ${bytes} bytes: not put aside.`);
  return EXIT.ok;
}

async function allRecords(scope: CodexScope): Promise<readonly UsageRecord[]> {
  const ledger = await openLedgerToRead(scope);
  if (ledger === null) return [];
  try {
    return listUsage(ledger, { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER }, -1);
  } finally {
    await ledger.close();
  }
}

/** Whole and on the disk before anything is taken out of the ledger. */
async function writeArchive(scope: CodexScope, lines: readonly string[]): Promise<string> {
  const folder = join(dirname(stewardDatabasePath(scope)), 'usage');
  const stamp = new Date(scope.host.now()).toISOString().replaceAll(/[:.]/g, '-');
  const path = join(folder, `usage-${stamp}.jsonl`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(lines.join(''));
      await handle.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError('write', path, error);
  }
  return path;
}

/** Takes out just what was archived: a gateway may have written more meanwhile. */
async function forget(scope: CodexScope, records: readonly UsageRecord[]): Promise<void> {
  const ledger = await openLedger(scope);
  try {
    ledger.transaction(() => {
      for (const { id } of records) ledger.run('DELETE FROM usage_ledger WHERE id = ?', [id]);
    });
  } finally {
    await ledger.close();
  }
}
