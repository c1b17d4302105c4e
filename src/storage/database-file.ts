/** A database of our own, for its owner alone: SQLite itself would create it readable by others. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.ts';
import { ensurePrivateFolder } from './atomic-file.ts';
import { fileError } from './file-error.ts';

/**
 * Creates an empty file (0600) and its folder (0700) where they are missing. Throws `ERR_STORAGE_FILE`.
 *
 * A file that is there is not opened: POSIX locks belong to the process, and closing any of its file descriptors of a
 * database would let go of all locks that its connections hold.
 */
export async function ensureDatabaseFile(path: string): Promise<void> {
  try {
    await ensurePrivateFolder(dirname(path));
    await (await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, 0o600)).close();
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw fileError('create', path, error);
  }
}
