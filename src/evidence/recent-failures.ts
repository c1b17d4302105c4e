/** What failed lately, as Codex's own logs tell it: each known failure with the lines around its last time. */
import type { CodexScope } from '../codex/home.ts';
import { type LogLine, recentLogLines } from '../codex/log-files.ts';
import { recentTurnErrors } from '../codex/turn-errors.ts';
import { failureEntry } from '../knowledge/catalogue.ts';
import { matchLogLines } from '../knowledge/matcher/log-lines.ts';
import { redact } from '../storage/redact.ts';
import { withoutConversation } from './log-privacy.ts';

/** Lines shown on either side of the one that matched. */
const AROUND = 8;
/** Errors that no entry of the catalogue knows: the newest of them. */
const UNKNOWN_SHOWN = 20;
const MAX_LINE = 4096;

export interface RecentFailure {
  readonly id: string;
  readonly title: string;
  readonly count: number;
  /** ISO 8601; `null` where the lines carry no time. */
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly where: string;
  /** Its last line, redacted and without what may be quoted from a conversation. */
  readonly sample: string;
}

export interface LogExcerpt {
  /** A failure of the catalogue, or `unknown` for complaints that none fits. */
  readonly id: string;
  /** Oldest first, NOT redacted; without what may be quoted from a conversation. */
  readonly lines: readonly LogLine[];
}

export interface RecentFailures {
  readonly failures: readonly RecentFailure[];
  readonly excerpts: readonly LogExcerpt[];
  /** How many lines of the last seven days were read. */
  readonly linesRead: number;
}

/** Reads the logs of the last seven days, newest failure first. */
export async function readRecentFailures(scope: CodexScope): Promise<RecentFailures> {
  const lines: LogLine[] = [];
  for (const source of [recentLogLines(scope), recentTurnErrors(scope)])
    for await (const line of source) lines.push({ ...line, text: line.text.slice(0, MAX_LINE) });
  const matches = (await matchLogLines(each(lines))).filter(({ id }) => id !== 'none');
  const kept = withoutConversation(lines);
  const said = new Map(kept.map(({ where, text }) => [where, redact(text)]));
  const failures = matches
    .map(({ id, count, firstAtMs, lastAtMs, where }) => ({
      id,
      title: failureEntry(id).title,
      count,
      firstAt: isoOf(firstAtMs),
      lastAt: isoOf(lastAtMs),
      where,
      sample: said.get(where) ?? '',
    }))
    .sort((a, b) => (b.lastAt ?? '').localeCompare(a.lastAt ?? '') || a.id.localeCompare(b.id));
  const excerpts = failures.flatMap(({ id, where }) => {
    const around = linesAround(kept, where);
    return around.length === 0 ? [] : [{ id, lines: around }];
  });
  const known = new Set(excerpts.flatMap((excerpt) => excerpt.lines));
  const others = kept.filter((line) => isComplaint(line) && !known.has(line));
  others.sort((a, b) => a.atMs - b.atMs);
  const unknown = others.slice(-UNKNOWN_SHOWN);
  return {
    failures,
    excerpts: unknown.length === 0 ? excerpts : [...excerpts, { id: 'unknown', lines: unknown }],
    linesRead: lines.length,
  };
}

async function* each(lines: readonly LogLine[]): AsyncGenerator<LogLine> {
  yield* lines;
}

/** Of the same log: rows of the database stand newest first, lines of a file oldest first. */
function linesAround(lines: readonly LogLine[], where: string): readonly LogLine[] {
  const at = lines.findIndex((line) => line.where === where);
  const found = lines[at];
  if (found === undefined) return [];
  const log = logOf(found);
  const around = lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).filter((line) => logOf(line) === log);
  return found.source === 'db' ? around.reverse() : around;
}

/** The file without the line, or the database without the row. */
function logOf({ source, where }: LogLine): string {
  return source === 'db' ? 'db' : where.replace(/(?::\d+|, line \d+ from the end)$/, '');
}

/** Rows of the database are warnings and errors only. */
function isComplaint({ source, text }: LogLine): boolean {
  return source === 'db' || /\b(?:ERROR|WARN|FATAL|panicked)\b/.test(text.slice(0, 400));
}

function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
