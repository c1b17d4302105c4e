/**
 * Windows and WSL side by side: which Codex homes the Windows users have, and whether the home in play lies on a
 * Windows drive (drvfs, a 9p mount), where SQLite's locks and shared memory do not reach across the two systems.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Host, systemPath } from '../host.ts';
import { readSqliteHome } from './database-files.ts';
import { type CodexReader, readIn } from './home.ts';

export interface Mount {
  readonly path: string;
  /** As the kernel names it: `9p`, `drvfs`, `ext4`, … */
  readonly type: string;
}

export interface WslPair {
  /** Folders of Windows users that hold a Codex home, as seen from WSL (`/mnt/c/Users/ada/.codex`). */
  readonly windowsHomes: readonly string[];
  /** The Windows drive that the Codex home lies on, or `null`. */
  readonly homeDrive: Mount | null;
  /** The same for the folder of the databases. */
  readonly databaseDrive: Mount | null;
}

/** `null` outside WSL. */
export const readWslPair: CodexReader<WslPair | null> = async (scope) => {
  const { host, home } = scope;
  if (!host.isWsl) return null;
  const [mounts, sqlite] = await Promise.all([readMounts(host), readIn(scope, readSqliteHome)]);
  const drives = mounts.filter((mount) => isWindowsDrive(mount));
  const homes = await Promise.all(drives.map((drive) => homesBelow(host, drive.path)));
  return {
    windowsHomes: homes.flat(),
    homeDrive: mountOf(host, drives, home.path),
    databaseDrive: mountOf(host, drives, sqlite.path),
  };
};

/** The kernel's mount table, in its order; empty where there is none. */
export async function readMounts(host: Host): Promise<readonly Mount[]> {
  let text: string;
  try {
    text = await readFile(systemPath(host, '/proc/mounts'), 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [, path, type, options] = line.split(' ');
    if (path === undefined || type === undefined) return [];
    // WSL 2 mounts drives as 9p with `aname=drvfs`; other 9p mounts (WSLg, shares of a container) are no drives.
    const drvfs = type === '9p' && /(^|[,;])aname=drvfs/.test(options ?? '');
    return [{ path: unescapeOctal(path), type: drvfs ? 'drvfs' : type }];
  });
}

function isWindowsDrive(mount: Mount): boolean {
  return mount.type === 'drvfs';
}

/** Spaces and the like stand as `\040` in the mount table. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function mountOf(host: Host, drives: readonly Mount[], path: string): Mount | null {
  return (
    drives.find((drive) => isBelow(path, drive.path) || isBelow(path, systemPath(host, drive.path))) ?? null
  );
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

async function homesBelow(host: Host, drive: string): Promise<readonly string[]> {
  const users = systemPath(host, join(drive, 'Users'));
  let names: readonly string[];
  try {
    names = await readdir(users);
  } catch {
    return []; // a data drive
  }
  const found = await Promise.all(
    names.slice(0, 50).map(async (name) => {
      const path = join(users, name, '.codex');
      try {
        return (await stat(path)).isDirectory() ? [path] : [];
      } catch {
        return []; // no Codex there, or another user's profile
      }
    }),
  );
  return found.flat();
}
