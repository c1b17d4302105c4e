/** What a file is at one moment, so that a repair can prove that it edits what it was planned against. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { systemCode } from '../errors.ts';

/** Files up to this size are told apart by content; larger ones by size, time and inode. */
const HASH_LIMIT_BYTES = 64 * 1024 * 1024;

export type FileFingerprint =
  | { readonly kind: 'absent' }
  | { readonly kind: 'folder'; readonly ino: number }
  | { readonly kind: 'content'; readonly size: number; readonly sha256: string }
  | { readonly kind: 'stat'; readonly size: number; readonly mtimeMs: number; readonly ino: number };

/** The fingerprint of whatever stands at that path now, following a symbolic link to its end. */
export async function fingerprint(path: string): Promise<FileFingerprint> {
  try {
    const link = await lstat(path);
    if (link.isDirectory()) return { kind: 'folder', ino: link.ino };
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const stat = await handle.stat();
      if (stat.isDirectory()) return { kind: 'folder', ino: stat.ino };
      if (!stat.isFile() || stat.size > HASH_LIMIT_BYTES) {
        return { kind: 'stat', size: stat.size, mtimeMs: stat.mtimeMs, ino: stat.ino };
      }
      const hash = createHash('sha256').update(await handle.readFile());
      return { kind: 'content', size: stat.size, sha256: hash.digest('hex') };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return { kind: 'absent' };
    const stat = await lstat(path); // there, but not readable by us: what can be known without opening it
    return { kind: 'stat', size: stat.size, mtimeMs: stat.mtimeMs, ino: stat.ino };
  }
}

/** Whether two fingerprints are of the same state. */
export function sameFingerprint(a: FileFingerprint, b: FileFingerprint): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
