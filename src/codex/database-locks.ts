/**
 * Who holds a write lock on a database, from the kernel's lock table. SQLite itself names nobody, and asking it by
 * trying to write is out of the question.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemPath } from '../host.ts';
import { readDatabaseFiles } from './database-files.ts';
import { type CodexReader, type CodexScope, readIn } from './home.ts';

/** Lock bytes of SQLite's file format: the writer's in a `-shm` (WAL_WRITE_LOCK), and those of the main file. */
const WAL_WRITE_BYTE = 120;
const PENDING_BYTE = 0x40000000;

export interface WriteLock {
  /** Path of the database. */
  readonly database: string;
  readonly pid: number;
  /** Name of the program (`/proc/PID/comm`), `''` where it cannot be seen. */
  readonly program: string;
}

/** Write locks held at this moment; a moment's lock is normal. `null`: this system does not tell. */
export const readWriteLocks: CodexReader<readonly WriteLock[] | null> = async (scope) => {
  const table = await lockTable(scope);
  if (table === null) return null;
  const folder = await readIn(scope, readDatabaseFiles);
  if (folder.kind !== 'ok') return [];
  const found: WriteLock[] = [];
  for (const file of folder.value.files) {
    const [main, shm] = await Promise.all([inodeOf(file.path), inodeOf(`${file.path}-shm`)]);
    const pids = new Set(
      table
        .filter(
          ({ inode, start, end }) =>
            (inode === shm && start <= WAL_WRITE_BYTE && end >= WAL_WRITE_BYTE) ||
            (inode === main && end >= PENDING_BYTE),
        )
        .map((lock) => lock.pid),
    );
    for (const pid of pids) {
      if (await hasOpen(scope, pid, file.path)) {
        found.push({ database: file.path, pid, program: await programOf(scope, pid) });
      }
    }
  }
  return found;
};

interface KernelLock {
  readonly pid: number;
  readonly inode: number;
  readonly start: number;
  readonly end: number;
}

/** Lines such as `1: POSIX  ADVISORY  WRITE 9866 fe:00:15345260 120 120`; open file description locks show pid -1. */
async function lockTable({ host }: CodexScope): Promise<readonly KernelLock[] | null> {
  let text: string;
  try {
    text = await readFile(systemPath(host, '/proc/locks'), 'utf8');
  } catch {
    return null;
  }
  return text.split('\n').flatMap((line) => {
    const match = /^\d+: \w+\s+ADVISORY\s+WRITE\s+(-?\d+)\s+\w+:\w+:(\d+)\s+(\d+)\s+(\d+|EOF)/.exec(line);
    if (!match) return [];
    const [, pid, inode, start, end] = match;
    return [
      {
        pid: Number(pid),
        inode: Number(inode),
        start: Number(start),
        end: end === 'EOF' ? Number.POSITIVE_INFINITY : Number(end),
      },
    ];
  });
}

/**
 * Inode numbers repeat across file systems: the holder must have the file open. Where its open files cannot be seen
 * (another user's process) the lock counts.
 */
async function hasOpen({ host }: CodexScope, pid: number, database: string): Promise<boolean> {
  if (pid <= 0) return true;
  const folder = systemPath(host, `/proc/${pid}/fd`);
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch {
    return true;
  }
  const wanted = basename(database);
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.some((link) => basename(link).startsWith(wanted));
}

async function programOf({ host }: CodexScope, pid: number): Promise<string> {
  try {
    return (await readFile(systemPath(host, `/proc/${pid}/comm`), 'utf8')).trim();
  } catch {
    return '';
  }
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino;
  } catch {
    return null;
  }
}
