/**
 * Files and folders that only their owner may look into, and whose owner is the one the accounts belong to, also when
 * root writes them (`sudo`): a file of root's, closed to others, would lock the user out of the own accounts.
 */
import { chown, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../../errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../../storage/atomic-file.ts';
import { fileError } from '../../storage/file-error.ts';

/**
 * Replaces the file (`writeFileAtomic`), under a lock; 0600 whatever it was before. The temporary file has one name for
 * all processes, so that what a killed one left (it holds tokens) goes with the next write. Throws `ERR_STORAGE_FILE`.
 */
export async function writePrivate(
  path: string,
  data: string | { readonly copyOf: string },
  onWritten?: () => Promise<void>,
): Promise<void> {
  const owner = (await ownerOf(path)) ?? (isRoot() ? await ownerOf(dirname(path)) : undefined);
  await writeFileAtomic(path, data, {
    mode: 0o600,
    force: true,
    tempSuffix: '.steward-new',
    ...(owner === undefined ? {} : { owner }),
    ...(onWritten === undefined ? {} : { onWritten }),
  });
}

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
    await giveToFolderOwner(path);
  } catch (error) {
    throw fileError('create', path, error);
  }
}

/** What root made belongs to whom the folder it is in belongs to. */
export async function giveToFolderOwner(path: string): Promise<void> {
  if (!isRoot()) return;
  const [owner, present] = [await ownerOf(dirname(path)), await ownerOf(path)];
  if (owner === undefined || present === undefined || owner.uid === present.uid) return;
  await chown(path, owner.uid, owner.gid);
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

async function ownerOf(path: string): Promise<{ readonly uid: number; readonly gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(path);
    return { uid, gid };
  } catch {
    return undefined; // not there yet, or the write itself says what is wrong with it
  }
}
