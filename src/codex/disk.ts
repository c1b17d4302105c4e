/**
 * Room on the disk of the Codex home and of its databases, and what stands there that no running Codex needs.
 * Sessions, credentials, settings and databases in use are never in that list.
 */
import { lstat, readdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import { readDatabaseFiles, readSqliteHome } from './database-files.ts';
import { type CodexReader, type CodexScope, readIn } from './home.ts';
import type { Reading } from './reading.ts';

const MAX_ENTRIES = 5000;

export interface DiskSpace {
  /** The folder that was asked about (the nearest one that exists). */
  readonly path: string;
  /** What this user may still write, in bytes. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** `null` where the file system does not count them. */
  readonly freeInodes: number | null;
}

export interface DeadWeight {
  readonly path: string;
  readonly kind: 'crash-dump' | 'aborted-download' | 'temporary' | 'old-database' | 'database-backup';
  /** At least this much; a large folder is not summed to its end. */
  readonly bytes: number;
}

/** Free space where the home and the databases live; one entry a place, and both may be the same disk. */
export const readDiskSpace: CodexReader<readonly Reading<DiskSpace>[]> = async (scope) => {
  const sqlite = await readIn(scope, readSqliteHome);
  const places = [...new Set([scope.home.path, sqlite.path])];
  return Promise.all(places.map((path) => spaceOf(path)));
};

async function spaceOf(path: string): Promise<Reading<DiskSpace>> {
  try {
    const found = await statfs(path);
    return {
      kind: 'ok',
      path,
      value: {
        path,
        freeBytes: found.bavail * found.bsize,
        totalBytes: found.blocks * found.bsize,
        freeInodes: found.files > 0 ? found.ffree : null,
      },
    };
  } catch (error) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    if (code === 'ENOENT' && dirname(path) !== path) return spaceOf(dirname(path));
    return { kind: 'unreadable', path, code, message: messageOf(error) };
  }
}

/**
 * What could go, biggest first: crash dumps, packs of aborted git downloads (`tmp_pack_*`), temporary folders,
 * databases of an older generation, and what Codex set aside itself when it rebuilt a database (0.169: `db-backups/`).
 */
export const readDeadWeight: CodexReader<readonly DeadWeight[]> = async (scope) => {
  const { path: home } = scope.home;
  const budget = { entries: MAX_ENTRIES };
  const found: DeadWeight[] = [];
  for (const entry of await entriesOf(home)) {
    const path = join(home, entry);
    if (/^core(\.\d+)?$|\.dmp$|^crash(es|pad|-reports?)?$/i.test(entry)) {
      found.push({ path, kind: 'crash-dump', bytes: await bytesOf(scope, path, budget) });
    }
    if (entry === 'db-backups') {
      found.push({ path, kind: 'database-backup', bytes: await bytesOf(scope, path, budget) });
    }
    if (entry === '.tmp' || entry === 'tmp') found.push(...(await temporaryOf(scope, path, budget)));
  }
  const databases = await readIn(scope, readDatabaseFiles);
  if (databases.kind === 'ok') {
    for (const file of databases.value.files) {
      const bytes = (file.bytes ?? 0) + (file.walBytes ?? 0);
      if (!file.current) found.push({ path: file.path, kind: 'old-database', bytes });
    }
  }
  return found.filter((item) => item.bytes > 0).sort((a, b) => b.bytes - a.bytes);
};

async function temporaryOf(scope: CodexScope, folder: string, budget: { entries: number }) {
  const found: DeadWeight[] = [];
  for (const name of await entriesOf(folder)) {
    const path = join(folder, name);
    const pack = join(path, '.git', 'objects', 'pack');
    const aborted = (await entriesOf(pack)).filter((file) => file.startsWith('tmp_pack_'));
    for (const file of aborted) {
      const at = join(pack, file);
      found.push({ path: at, kind: 'aborted-download', bytes: await bytesOf(scope, at, budget) });
    }
    if (aborted.length === 0) {
      found.push({ path, kind: 'temporary', bytes: await bytesOf(scope, path, budget) });
    }
  }
  return found;
}

async function entriesOf(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // not there, or not readable: then it is not ours to offer either
  }
}

async function bytesOf(scope: CodexScope, path: string, budget: { entries: number }): Promise<number> {
  if (budget.entries <= 0 || scope.signal.aborted) return 0;
  budget.entries -= 1;
  try {
    const found = await lstat(path);
    if (!found.isDirectory()) return found.size;
  } catch {
    return 0;
  }
  let sum = 0;
  for (const name of await entriesOf(path)) sum += await bytesOf(scope, join(path, name), budget);
  return sum;
}
