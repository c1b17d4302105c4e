/** Puts a before-image back. Doing it twice, or going on after a crash in the middle, ends the same. */
import { chmod, lchown, mkdir, rename, rm, rmdir, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, tempPath, writeFileAtomic } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { type ImageEntry, lstatOrNothing, readState, sameState } from './images.ts';
import type { UndoData } from './records.ts';

type Images = Extract<UndoData, { kind: 'images' }>;

/** Where the copies are and which folder no image covers. */
export interface RestoreScope {
  readonly images: string;
  readonly skip: string;
  readonly tempSuffix: string;
}

/** Makes everything under these images what it was before. Throws `ERR_STORAGE_FILE`. */
export async function restoreImages(undo: Images, scope: RestoreScope): Promise<void> {
  for (const path of undo.temporary) await rm(path, { force: true });
  const absent = undo.before.filter((entry) => entry.kind === 'absent').reverse(); // children before parents
  const entries = [...absent, ...undo.before.filter((entry) => entry.kind !== 'absent')];
  if (undo.shape === 'tree') await removeNew(undo.before, scope);
  // A `-wal` of one state beside the database of the other would be taken for its continuation.
  if (undo.shape === 'database') await removeSidecars(undo.before);
  for (const entry of entries) {
    await restoreEntry(entry, undo.shape, scope).catch((error: unknown) => {
      throw fileError('restore', entry.path, error);
    });
  }
  // Last, and children first: writing into a folder changes its time and may need its mode.
  for (const entry of [...entries].reverse()) {
    if (entry.kind !== 'folder') continue;
    await chmod(entry.path, entry.mode);
    await utimes(entry.path, new Date(), entry.mtimeMs / 1000);
  }
}

async function restoreEntry(entry: ImageEntry, shape: Images['shape'], scope: RestoreScope): Promise<void> {
  if (entry.kind === 'special') return;
  const [now] = await readState(entry.path, entry.kind === 'attributes' ? 'attributes' : 'file', scope.skip);
  if (now === undefined) return;
  if (sameState(now, entry)) {
    if (entry.kind === 'file') await utimes(entry.path, new Date(), entry.mtimeMs / 1000);
    return;
  }
  switch (entry.kind) {
    case 'absent':
      // A folder that a repair made is removed only while it is empty.
      if (now.kind === 'folder' && shape !== 'tree') await rmdir(entry.path);
      else await rm(entry.path, { recursive: true, force: true });
      await syncFolder(dirname(entry.path));
      return;
    case 'attributes':
      if (now.kind === 'absent') return;
      await lchown(entry.path, entry.uid, entry.gid);
      await chmod(entry.path, entry.mode);
      return;
    case 'folder':
      if (now.kind !== 'folder') {
        await rm(entry.path, { force: true });
        await mkdir(entry.path, { mode: 0o700 });
      }
      await lchown(entry.path, entry.uid, entry.gid);
      await chmod(entry.path, entry.mode | 0o700);
      return;
    case 'link':
      await replaceByLink(entry.path, entry.target, now.kind === 'folder', scope.tempSuffix);
      return;
    case 'file': {
      if (entry.stored === null) return;
      if (now.kind === 'folder') await rm(entry.path, { recursive: true });
      if (now.kind === 'link') await rm(entry.path); // the file stood here itself
      await writeFileAtomic(
        entry.path,
        { copyOf: join(scope.images, entry.stored) },
        {
          mode: entry.mode,
          owner: entry,
          force: true,
          mtimeMs: entry.mtimeMs,
          tempSuffix: scope.tempSuffix,
        },
      );
    }
  }
}

async function replaceByLink(path: string, target: string, isFolder: boolean, suffix: string): Promise<void> {
  const temp = tempPath(path, suffix);
  await rm(temp, { force: true });
  await symlink(target, temp);
  if (isFolder) await rm(path, { recursive: true });
  await rename(temp, path);
  await syncFolder(dirname(path));
}

/** Removes what the image does not have, below each of its folders. */
async function removeNew(entries: readonly ImageEntry[], scope: RestoreScope): Promise<void> {
  const known = new Set(entries.map((entry) => entry.path));
  for (const root of rootsOf(entries)) {
    if (root.kind !== 'folder') continue;
    const now = await readState(root.path, 'tree', scope.skip);
    for (const entry of [...now].reverse()) {
      if (known.has(entry.path) || entry.kind === 'absent') continue;
      await rm(entry.path, { recursive: entry.kind === 'folder', force: true });
    }
  }
}

async function removeSidecars(entries: readonly ImageEntry[]): Promise<void> {
  const [main, ...sidecars] = entries;
  if (main === undefined) return;
  const [now] = await readState(main.path, 'file');
  const states = await Promise.all(sidecars.map(async (entry) => (await readState(entry.path, 'file'))[0]));
  const isDone =
    now !== undefined &&
    sameState(now, main) &&
    sidecars.every((entry, index) => {
      const state = states[index];
      return state !== undefined && (sameState(state, entry) || state.kind === 'absent');
    });
  if (isDone) return; // only missing ones are left to be written
  for (const entry of sidecars) {
    if ((await lstatOrNothing(entry.path)) !== undefined) await rm(entry.path);
  }
}

/** The entries that lie below no other entry. */
export function rootsOf(entries: readonly ImageEntry[]): readonly ImageEntry[] {
  const roots: ImageEntry[] = [];
  for (const entry of entries) {
    if (!roots.some((root) => isBelow(entry.path, root.path))) roots.push(entry);
  }
  return roots;
}

/** Whether `path` is `root` or lies below it. */
export function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`) || path.startsWith(`${root}\\`);
}
