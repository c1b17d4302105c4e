/** Before-images: what stands at a path, exactly enough to bring it back and to tell whether it is still the same. */
import { createHash } from 'node:crypto';
import { constants, createReadStream, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { systemCode } from '../../errors.ts';
import { fileError } from '../file-error.ts';

interface Attributes {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type ImageEntry = { readonly path: string } & (
  | { readonly kind: 'absent' }
  | ({
      readonly kind: 'file';
      readonly size: number;
      readonly sha256: string;
      readonly mtimeMs: number;
      /** Name of the copy among the images; `null` where only the state was taken down. */
      readonly stored: string | null;
    } & Attributes)
  | ({ readonly kind: 'folder'; readonly mtimeMs: number } & Attributes)
  | { readonly kind: 'link'; readonly target: string }
  /** Mode and owner only, of whatever stands there. */
  | ({ readonly kind: 'attributes' } & Attributes)
  /** A socket, pipe or device: seen, never touched. */
  | { readonly kind: 'special' }
);

/** `attributes`: mode and owner. `file`: one file or none. `tree`: also everything below a folder. */
export type ImageDepth = 'attributes' | 'file' | 'tree';

/** What stands at that path now; parents come before children. `skip` and what is below it is left out. */
export async function readState(
  path: string,
  depth: ImageDepth,
  skip?: string,
): Promise<readonly ImageEntry[]> {
  try {
    const entries: ImageEntry[] = [];
    await collect(path, depth, skip, entries);
    return entries;
  } catch (error) {
    throw fileError('read', path, error);
  }
}

async function collect(
  path: string,
  depth: ImageDepth,
  skip: string | undefined,
  entries: ImageEntry[],
): Promise<void> {
  if (skip !== undefined && (path === skip || path.startsWith(skip + sep))) return;
  const stat = await lstatOrNothing(path);
  if (stat === undefined) {
    entries.push({ path, kind: 'absent' });
    return;
  }
  if (depth === 'attributes') entries.push({ path, kind: 'attributes', ...attributes(stat) });
  else if (stat.isSymbolicLink()) entries.push({ path, kind: 'link', target: await readlink(path) });
  else if (stat.isFile()) {
    const sha256 = await hashFile(path);
    entries.push({
      path,
      kind: 'file',
      size: stat.size,
      sha256,
      mtimeMs: stat.mtimeMs,
      stored: null,
      ...attributes(stat),
    });
  } else if (stat.isDirectory()) {
    entries.push({ path, kind: 'folder', mtimeMs: stat.mtimeMs, ...attributes(stat) });
    if (depth !== 'tree') return;
    for (const name of (await readdir(path)).sort()) await collect(join(path, name), depth, skip, entries);
  } else entries.push({ path, kind: 'special' });
}

/** Whether both describe the same content, kind, mode and owner; times and copies aside. */
export function sameState(a: ImageEntry, b: ImageEntry): boolean {
  if (a.path !== b.path || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'absent':
    case 'special':
      return true;
    case 'link':
      return b.kind === 'link' && a.target === b.target;
    case 'file':
      return b.kind === 'file' && a.sha256 === b.sha256 && sameAttributes(a, b);
    case 'folder':
    case 'attributes':
      return (b.kind === 'folder' || b.kind === 'attributes') && sameAttributes(a, b);
  }
}

/** Whether both have the same content; mode, owner and times aside, except where these are all that is known. */
export function sameContent(a: ImageEntry, b: ImageEntry): boolean {
  if (a.path !== b.path || a.kind !== b.kind) return false;
  if (a.kind === 'file') return b.kind === 'file' && a.sha256 === b.sha256;
  return a.kind === 'folder' || sameState(a, b);
}

function sameAttributes(a: Attributes, b: Attributes): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

export function attributes(stat: Stats): Attributes {
  return { mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
}

export async function lstatOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function sha256Of(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);
  await pipeline(createReadStream(path, { flags: flags as never, highWaterMark: 1024 * 1024 }), hash);
  return hash.digest('hex');
}
