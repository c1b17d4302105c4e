/**
 * Owner and mode of what stands in a Codex home, two levels deep: enough to see a `sudo codex` (root-owned files) or a
 * home that belongs to somebody else. Nothing is opened.
 */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import type { CodexReader } from './home.ts';
import type { Reading } from './reading.ts';

const MAX_ENTRIES = 600;
/** Trees of other programs: caches and plug-ins, whose inner files Codex replaces as a whole. */
const NOT_ENTERED: ReadonlySet<string> = new Set(['packages', 'plugins', 'skills', '.tmp', 'tmp', 'steward']);

export interface TreeEntry {
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits (`0o600`). */
  readonly mode: number;
  readonly bytes: number;
}

export interface HomeTree {
  readonly root: TreeEntry;
  readonly entries: readonly TreeEntry[];
  /** Folders whose names cannot be listed, with the system's code. */
  readonly closed: readonly { readonly path: string; readonly code: string }[];
  /** There is more than was looked at. */
  readonly capped: boolean;
}

/** The home itself and two levels below it. */
export const readHomeTree: CodexReader<Reading<HomeTree>> = async ({ home }) => {
  try {
    const root = await entryOf(home.path);
    if (root === null) return { kind: 'missing', path: home.path };
    const entries: TreeEntry[] = [];
    const closed: { path: string; code: string }[] = [];
    const capped = await list(home.path, entries, closed, 1);
    return { kind: 'ok', path: home.path, value: { root, entries, closed, capped } };
  } catch (error) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    return { kind: 'unreadable', path: home.path, code, message: messageOf(error) };
  }
};

async function list(
  folder: string,
  entries: TreeEntry[],
  closed: { path: string; code: string }[],
  depth: number,
): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    closed.push({ path: folder, code: systemCode(error) ?? 'EUNKNOWN' });
    return false;
  }
  const room = MAX_ENTRIES - entries.length;
  const found = await Promise.all(names.slice(0, room).map((name) => entryOf(join(folder, name))));
  let capped = names.length > room;
  for (const entry of found) if (entry !== null) entries.push(entry);
  if (depth === 2) return capped;
  for (const entry of found) {
    if (entry?.kind !== 'folder' || NOT_ENTERED.has(entry.path.slice(folder.length + 1))) continue;
    if (entries.length >= MAX_ENTRIES) return true;
    capped = (await list(entry.path, entries, closed, depth + 1)) || capped;
  }
  return capped;
}

/** `null`: removed since it was listed. */
async function entryOf(path: string): Promise<TreeEntry | null> {
  try {
    const found = await lstat(path);
    const kind = found.isFile()
      ? 'file'
      : found.isDirectory()
        ? 'folder'
        : found.isSymbolicLink()
          ? 'link'
          : 'other';
    return { path, kind, uid: found.uid, gid: found.gid, mode: found.mode & 0o7777, bytes: found.size };
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}
