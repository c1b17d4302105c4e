/** Folders that only their owner may look into, however many levels are missing. */
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../../errors.ts';
import { ensurePrivateFolder } from '../../storage/atomic-file.ts';
import { fileError } from '../../storage/file-error.ts';

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
