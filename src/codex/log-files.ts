/**
 * What Codex wrote to its logs lately, from all places: log database, text files below `log/` (or `log_dir`), and the
 * stderr logs of the daemon. Only the end of each is read.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { configuredFolder } from './database-files.ts';
import { readTail } from './enrollment-tail.ts';
import type { CodexScope } from './home.ts';
import { readRecentLogRows } from './log-db.ts';

/** Read from the end of each text file. */
const TAIL_BYTES = 128 * 1024;
/** Text files read, newest first. */
const MAX_FILES = 6;
const ROW_LIMIT = 400;
const WEEK_MS = 7 * 24 * 3600 * 1000;

export interface LogLine {
  /** Epoch ms; where the line carries no time, that of the line before it, else of the file. */
  readonly atMs: number;
  readonly source: 'db' | 'log';
  /** Database with row, or file with line. */
  readonly where: string;
  /** Without colour codes; not redacted. */
  readonly text: string;
}

export interface LogFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** Every line of the last seven days that the bounds let through: WARN and ERROR rows first, then text files. */
export async function* recentLogLines(scope: CodexScope): AsyncGenerator<LogLine> {
  const sinceMs = scope.host.now() - WEEK_MS;
  const rows = await readRecentLogRows(scope, { sinceMs, limit: ROW_LIMIT });
  if (rows.kind === 'ok') {
    for (const { atMs, where, target, text } of rows.value) {
      yield { atMs, source: 'db', where, text: `${target}: ${text}` };
    }
  }
  for (const file of (await readLogFiles(scope)).slice(0, MAX_FILES)) {
    if (scope.signal.aborted) return;
    const tail = await readTail(file.path, TAIL_BYTES);
    if (tail.kind !== 'ok') continue; // gone since it was listed, or not ours: the permission check looks at that
    let atMs = tail.value.mtimeMs;
    for (const { text, where } of tail.value.lines) {
      const plain = withoutColours(text);
      atMs = timeOf(plain) ?? atMs;
      if (atMs >= sinceMs) yield { atMs, source: 'log', where, text: plain };
    }
  }
}

/** The text logs of this home, newest first. */
export async function readLogFiles(scope: CodexScope): Promise<readonly LogFile[]> {
  const folders = [
    [(await configuredFolder(scope, 'log_dir')) ?? join(scope.home.path, 'log'), /\.log$/],
    [join(scope.home.path, 'app-server-daemon'), /\.stderr\.log$/],
  ] as const;
  const found: LogFile[] = [];
  for (const [folder, pattern] of folders) {
    for (const name of await namesIn(folder)) {
      if (!pattern.test(name)) continue;
      const path = join(folder, name);
      try {
        const { size, mtimeMs } = await stat(path);
        found.push({ path, bytes: size, mtimeMs });
      } catch {
        // a dangling link, or removed since: there is nothing to read
      }
    }
  }
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    return []; // 0.169 makes neither folder until it needs it
  }
}

// biome-ignore lint/complexity/useRegexLiterals: the escape character reads better spelled out
const COLOURS = new RegExp('\\u001b\\[[0-9;]*m', 'g');

function withoutColours(text: string): string {
  return text.includes('\u001b') ? text.replace(COLOURS, '') : text;
}

/** Lines begin with an RFC 3339 time, or are JSON with a `timestamp`. */
function timeOf(line: string): number | null {
  const match =
    /^(\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d))/.exec(line) ?? /^\{"timestamp":"([^"]{10,40})"/.exec(line);
  if (!match?.[1]) return null;
  const at = Date.parse(match[1]);
  return Number.isNaN(at) ? null : at;
}
