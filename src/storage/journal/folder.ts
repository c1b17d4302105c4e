/** Where the journal lives, and the folder of one transaction. Everything is for the owner alone: 0700 and 0600. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, copyFile, lchown, lstat, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { StewardError, systemCode } from '../../errors.ts';
import { ensurePrivateFolder, syncFolder } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import type { ImageEntry } from './images.ts';

export interface JournalPaths {
  /** `$CODEX_HOME/steward`: never part of an image. */
  readonly stewardFolder: string;
  readonly journal: string;
  readonly lock: string;
}

export function journalPaths(codexHome: string): JournalPaths {
  const stewardFolder = join(codexHome, 'steward');
  return { stewardFolder, journal: join(stewardFolder, 'journal'), lock: join(stewardFolder, 'lock.db') };
}

/** Refuses a home that does not exist: a repair never creates one. */
export async function requireHome(codexHome: string): Promise<void> {
  try {
    if ((await stat(codexHome)).isDirectory()) return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError('open', codexHome, error);
  }
  throw new StewardError('ERR_STORAGE_NO_HOME', 'environment', `there is no Codex home at ${codexHome}`, {
    hint: 'Start Codex once, or set CODEX_HOME to the right folder.',
    details: { path: codexHome },
  });
}

/** Ids sort by time: `251121-031800123-9f`. Short enough that nobody takes one for a secret. */
export function newTransactionId(now: number): string {
  const [, date, time] = /^20(\d{6})T(\d{9})Z$/.exec(new Date(now).toISOString().replace(/[-:.]/g, '')) ?? [];
  return `${date}-${time}-${randomBytes(1).toString('hex')}`;
}

/** Creates the folder of a transaction, durable up to the home. */
export async function createTransactionFolder(paths: JournalPaths, id: string): Promise<string> {
  const folder = join(paths.journal, id);
  try {
    for (const path of [paths.stewardFolder, paths.journal, folder, join(folder, 'images')]) {
      await ensurePrivateFolder(path);
    }
    for (let at = folder; at.length >= paths.stewardFolder.length; at = dirname(at)) await syncFolder(at);
    await syncFolder(dirname(paths.stewardFolder));
  } catch (error) {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw fileError('create', folder, error);
  }
  return folder;
}

/** Copies each file of the state into the images, durable; gives back the entries with the names of their copies. */
export async function storeImages(
  folder: string,
  prefix: string,
  entries: readonly ImageEntry[],
): Promise<readonly ImageEntry[]> {
  const images = join(folder, 'images');
  const stored: ImageEntry[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'file') {
      stored.push(entry);
      continue;
    }
    const name = `${prefix}-${stored.length}`;
    const copy = join(images, name);
    try {
      await copyFile(entry.path, copy, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      await chmod(copy, 0o600);
      const handle = await open(copy, 'r+');
      await handle.sync().finally(() => handle.close());
    } catch (error) {
      throw fileError('back up', entry.path, error);
    }
    stored.push({ ...entry, stored: name });
  }
  await syncFolder(images);
  return stored;
}

/**
 * Root repairing somebody's home (`sudo steward`, a container) must not leave a journal behind that its owner cannot
 * write. Does nothing for anybody else: who is not root already owns what he makes.
 */
export async function giveToHomeOwner(paths: JournalPaths, uid: number | undefined): Promise<void> {
  if (uid !== 0) return;
  const home = await stat(dirname(paths.stewardFolder));
  if (home.uid === 0) return;
  const names = await readdir(paths.stewardFolder, { recursive: true }).catch(() => null);
  if (names === null) return; // nothing was made
  for (const path of [paths.stewardFolder, ...names.map((name) => join(paths.stewardFolder, name))]) {
    const made = await lstat(path);
    // What was set aside keeps the owner that it had.
    if (made.uid === 0 && !path.includes('/moved/')) await lchown(path, home.uid, home.gid);
  }
}

/** Names of all transactions, oldest first. A home without a journal has none. */
export async function listTransactions(paths: JournalPaths): Promise<readonly string[]> {
  try {
    return (await readdir(paths.journal)).filter((name) => /^\d{6}-\d{9}-[0-9a-f]{2}$/.test(name)).sort();
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw fileError('read', paths.journal, error);
  }
}

/** Removes the before-images: the transaction can then no more be undone. */
export async function dropImages(folder: string): Promise<void> {
  await rm(join(folder, 'images'), { recursive: true, force: true });
}

/** Whether the before-images are still there. */
export async function hasImages(folder: string): Promise<boolean> {
  return await readdir(join(folder, 'images')).then(
    () => true,
    () => false,
  );
}
