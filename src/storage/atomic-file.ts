/**
 * Replaces a file so that after a crash either the old or the new content is there, whole.
 *
 * Own code, because `write-file-atomic` 7 (measured): does not fsync the folder, so a power cut may bring the old name
 * back; ignores a short write, so a full disk leaves a cut-off file in place of a good one; swallows a refused `chown`,
 * so the owner changes; replaces a dangling symbolic link; and names its temporary file so that nobody can clean it up.
 */
import { constants } from 'node:fs';
import {
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from '../errors.ts';
import { fileError } from './file-error.ts';

export interface WriteFileOptions {
  /** For a new file; an existing one keeps its own. */
  readonly mode: number;
  /** Makes the temporary file's name known, so that it can be removed after a crash. */
  readonly tempSuffix?: string;
  /** Called with the complete temporary file in place, before it takes over. */
  readonly onWritten?: () => void | Promise<void>;
  /** Time of last change in milliseconds, if not now. */
  readonly mtimeMs?: number;
  /** Owner of a new file, if not us. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** `mode` and `owner` apply to an existing file too. */
  readonly force?: boolean;
}

/** Writes the whole file; a symbolic link stays and its target changes. Mode and owner stay. Throws `ERR_STORAGE_FILE`. */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | { readonly copyOf: string },
  options: WriteFileOptions,
): Promise<void> {
  const target = await linkEnd(path).catch((error: unknown) => {
    throw fileError('write', path, error);
  });
  const temp = tempPath(target, options.tempSuffix ?? `.steward-${process.pid}`);
  try {
    const existing = await statOf(target);
    const mode = existing === undefined || options.force ? options.mode : existing.mode & 0o7777;
    const owner = existing === undefined || options.force ? options.owner : existing;
    await rm(temp, { force: true });
    const handle = await openFilled(temp, data);
    try {
      const own = await handle.stat();
      if (owner !== undefined && (owner.uid !== own.uid || owner.gid !== own.gid)) {
        await handle.chown(owner.uid, owner.gid);
      }
      await handle.chmod(mode);
      if (options.mtimeMs !== undefined) await handle.utimes(new Date(), options.mtimeMs / 1000);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await options.onWritten?.();
    await rename(temp, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temp, { force: true }).catch(() => {}); // the first error is the one that matters
    throw fileError('write', path, error);
  }
}

async function openFilled(
  temp: string,
  data: string | Uint8Array | { readonly copyOf: string },
): Promise<FileHandle> {
  if (typeof data === 'object' && 'copyOf' in data) {
    await copyFile(data.copyOf, temp, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return await open(temp, 'r+');
  }
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const handle = await open(temp, flags, 0o600);
  try {
    await handle.writeFile(data);
  } catch (error) {
    await handle.close();
    throw error;
  }
  return handle;
}

/** The temporary file that {@link writeFileAtomic} uses for that (resolved) path and suffix. */
export function tempPath(target: string, suffix: string): string {
  return join(dirname(target), `.${basename(target)}${suffix}`);
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The path without symbolic links, also where the last one leads to nothing yet. */
export async function linkEnd(path: string): Promise<string> {
  let current = resolve(path);
  for (let hops = 0; hops < 40; hops++) {
    try {
      return await realpath(current);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    const link = await lstat(current).catch(() => undefined);
    if (!link?.isSymbolicLink()) return current;
    current = resolve(dirname(current), await readlink(current));
  }
  return current;
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Creates one folder for its owner alone, unless it is there. (`recursive` reports a read-only disk as ENOENT.) */
export async function ensurePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  }
}
