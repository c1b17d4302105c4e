/** Files and folders that only their owner may look into. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../../errors.ts';
import { ensurePrivateFolder } from '../../storage/atomic-file.ts';
import { fileError } from '../../storage/file-error.ts';

/**
 * For `writeFileAtomic`, under a lock: open to the owner only, whatever the file was before. The temporary file has one
 * name for all processes, so that what a killed one left (it holds tokens) goes with the next write.
 */
export const PRIVATE = { mode: 0o600, force: true, tempSuffix: '.steward-new' } as const;

/** Creates the folder and what is missing above it, 0700. Throws `ERR_STORAGE_FILE`. */
export async function ensurePrivateFolders(path: string): Promise<void> {
  try {
    await stat(path);
    return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError('create', path, error);
  }
  if (dirname(path) !== path) await ensurePrivateFolders(dirname(path));
  try {
    await ensurePrivateFolder(path);
  } catch (error) {
    throw fileError('create', path, error);
  }
}
