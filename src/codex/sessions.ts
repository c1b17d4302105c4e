/**
 * The session files (`sessions/YYYY/MM/DD/rollout-<time>-<thread id>.jsonl`), newest day first. They hold the history;
 * the databases are only an index of them. Tens of thousands of files and hundreds of megabytes are normal, so the walk
 * stops at a cap and says so, and of a file only the first line is ever read.
 */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, systemCode } from '../errors.ts';
import type { CodexReader, CodexScope } from './home.ts';
import { failedReading, type Reading } from './reading.ts';

const MAX_FILES = 400;
const MAX_FOLDERS = 120;
/** The first line holds the base instructions: 20 to 60 kB in 0.169. */
const META_BYTES = 512 * 1024;

export interface SessionFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

export interface SessionInventory {
  readonly folder: string;
  /** Newest day first; within a day by name, newest first. */
  readonly files: readonly SessionFile[];
  /** Bytes of `files`. */
  readonly bytes: number;
  /** There are more files than were looked at. */
  readonly capped: boolean;
}

/** What the first line of a session file says; unknown members are left where they are. */
export interface SessionMeta {
  readonly id: string;
  readonly modelProvider: string | null;
  readonly cliVersion: string | null;
  readonly cwd: string | null;
}

/** The newest session files. `missing` is normal before the first session. */
export const readSessions: CodexReader<Reading<SessionInventory>> = async (scope) => {
  const folder = join(scope.home.path, 'sessions');
  const found: SessionFile[] = [];
  const walk = { folders: 0, capped: false };
  try {
    await walkNewestFirst(scope, folder, 0, found, walk);
  } catch (error) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    if (code === 'ENOENT') return { kind: 'missing', path: folder };
    return { kind: 'unreadable', path: folder, code, message: messageOf(error) };
  }
  const bytes = found.reduce((sum, file) => sum + file.bytes, 0);
  return { kind: 'ok', path: folder, value: { folder, files: found, bytes, capped: walk.capped } };
};

/** Year, month, day: names sort as their dates do. Below the top, a folder that cannot be read is passed over. */
async function walkNewestFirst(
  scope: CodexScope,
  folder: string,
  depth: number,
  found: SessionFile[],
  walk: { folders: number; capped: boolean },
): Promise<void> {
  walk.folders += 1;
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.jsonl'));
  const names = files.map((entry) => entry.name).sort((a, b) => (a < b ? 1 : -1));
  if (names.length > MAX_FILES - found.length) walk.capped = true;
  const stats = await Promise.all(
    names.slice(0, MAX_FILES - found.length).map(async (name) => {
      const path = join(folder, name);
      try {
        const { size, mtimeMs } = await stat(path);
        return { path, bytes: size, mtimeMs };
      } catch {
        return null; // removed since it was listed
      }
    }),
  );
  for (const file of stats) if (file !== null) found.push(file);
  if (depth === 3) return;
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  for (const name of folders.sort((a, b) => (a < b ? 1 : -1))) {
    if (found.length >= MAX_FILES || walk.folders >= MAX_FOLDERS || scope.signal.aborted) {
      walk.capped = true;
      return;
    }
    try {
      await walkNewestFirst(scope, join(folder, name), depth + 1, found, walk);
    } catch {
      // the permission check looks at folders that cannot be read
    }
  }
}

/** The header of one session file. `malformed`: Codex cannot resume from it ("unusable rollout header"). */
export async function readSessionMeta(path: string): Promise<Reading<SessionMeta>> {
  const first = await readFirstLine(path);
  if (first.kind !== 'ok') return first;
  let line: unknown;
  try {
    line = JSON.parse(first.value);
  } catch {
    return { kind: 'malformed', path, message: 'the first line is not JSON', line: 1 };
  }
  const payload =
    isObject(line) && line.type === 'session_meta' && isObject(line.payload) ? line.payload : null;
  const id = payload === null ? null : stringIn(payload, 'id');
  if (payload === null || id === null) {
    return { kind: 'malformed', path, message: 'the first line is no session header', line: 1 };
  }
  return {
    kind: 'ok',
    path,
    value: {
      id,
      modelProvider: stringIn(payload, 'model_provider'),
      cliVersion: stringIn(payload, 'cli_version'),
      cwd: stringIn(payload, 'cwd'),
    },
  };
}

/** The first line without its end; `malformed` where no line ends within the bound. */
export async function readFirstLine(path: string): Promise<Reading<string>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const found = await handle.stat();
    if (!found.isFile())
      return { kind: 'unreadable', path, code: 'NOT_A_FILE', message: 'not a regular file' };
    const buffer = Buffer.alloc(Math.min(found.size, META_BYTES));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    const end = buffer.subarray(0, bytesRead).indexOf(10);
    if (end === -1 && found.size > bytesRead) {
      return {
        kind: 'malformed',
        path,
        message: `the first line is longer than ${META_BYTES} bytes`,
        line: 1,
      };
    }
    return { kind: 'ok', path, value: buffer.toString('utf8', 0, end === -1 ? bytesRead : end) };
  } catch (error) {
    return failedReading(path, error);
  } finally {
    await handle?.close();
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringIn(object: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = object[key];
  return typeof value === 'string' ? value : null;
}
