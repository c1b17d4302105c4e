/** Whether this user may update a global npm install: the rights on its folders and on npm's cache. */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Host } from '../host.ts';

export type InstallRight =
  /** The package's folder belongs to somebody else. `leftover`: a folder that a failed update left there. */
  | {
      readonly kind: 'closed-prefix';
      readonly path: string;
      readonly owner: number;
      readonly leftover: string | null;
    }
  /** `sudo npm` made files in the user's own cache. */
  | { readonly kind: 'foreign-cache'; readonly path: string; readonly owner: number };

/** What stands in the way of an update of that package; nothing for root and on Windows. */
export async function readInstallRights(host: Host, packageRoot: string): Promise<readonly InstallRight[]> {
  const { uid } = host;
  if (uid === undefined || uid === 0) return [];
  const rights: InstallRight[] = [];
  const scope = dirname(packageRoot);
  const folder = await stat(scope).catch(() => null);
  if (folder !== null && !mayWrite(folder, uid)) {
    const names = await readdir(scope).catch(() => []);
    // npm renames the package to `.codex-XXXXXXXX` before it puts the new one there.
    const leftover = names.find((name) => /^\.codex-[A-Za-z0-9]{6,}$/.test(name));
    rights.push({
      kind: 'closed-prefix',
      path: scope,
      owner: folder.uid,
      leftover: leftover === undefined ? null : join(scope, leftover),
    });
  }
  for (const path of [join(host.userHome, '.npm'), join(host.userHome, '.npm', '_cacache')]) {
    const cache = await stat(path).catch(() => null); // no cache: npm makes one
    if (cache === null || cache.uid === uid) continue;
    rights.push({ kind: 'foreign-cache', path, owner: cache.uid });
    break;
  }
  return rights;
}

/** By mode bits. Group rights may be ours, so they count. */
function mayWrite(folder: { uid: number; mode: number }, uid: number): boolean {
  return (folder.mode & (folder.uid === uid ? 0o222 : 0o022)) !== 0;
}
