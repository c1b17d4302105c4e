/** Changing one of the small JSON files by one process at a time; what is not changed stays as it is. */
import { dirname, join } from 'node:path';
import type { CodexScope } from '../../codex/home.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { withFileLock } from './file-lock.ts';
import { brokenFile, type JsonReading, readJson } from './json-file.ts';
import { giveToFolderOwner } from './private-files.ts';
import type { Row } from './row.ts';

export interface UpdateJsonOptions {
  /** Of the file, when it is new. */
  readonly mode: number;
  /** What a missing file says. */
  readonly initial: Row;
  /** Reads the file in another way; a broken file must stay broken. */
  readonly read?: (path: string) => Promise<JsonReading>;
  /** Called with the file as it was, before it is replaced. */
  readonly beforeWrite?: (former: JsonReading) => Promise<void>;
}

/** Throws `ERR_ACCOUNTS_FILE` for a broken file, `ERR_ACCOUNTS_LOCKED` and `ERR_STORAGE_FILE`. */
export async function updateJson(
  scope: CodexScope,
  path: string,
  change: (value: Row) => Row,
  options: UpdateJsonOptions,
): Promise<void> {
  const folder = dirname(path);
  await withFileLock(scope, join(folder, 'steward-files.lock.db'), async () => {
    const former = await (options.read ?? readJson)(path);
    if (former.kind === 'broken') throw brokenFile(former.message);
    const value = former.kind === 'ok' ? former.value : options.initial;
    const next = change(value);
    if (JSON.stringify(next) === JSON.stringify(value)) return;
    await options.beforeWrite?.(former);
    const text = `${JSON.stringify(next, null, 2)}\n`;
    await writeFileAtomic(path, text, { mode: options.mode, tempSuffix: '.steward-new' });
    await giveToFolderOwner(path);
  });
}
