/**
 * Failures in Codex's own log lines, for the doctor. Only signals exact enough to be believed without context count,
 * and only in lines that are the client's own complaint: a log also holds what the model read and wrote, and a
 * source file that mentions an error is not that error.
 */
import { withoutSpans } from '../../codex/log-line.ts';
import type { FailureId } from '../ids.ts';
import { fold } from './fold.ts';
import { createLineShower } from './lines.ts';
import { createSignalIndex, type SignalIndex } from './signal-index.ts';

export interface LogLine {
  /** Epoch ms, or `null` where the log does not say. */
  readonly atMs: number | null;
  /** Which log: `tui`, `database`, `app-server`, … */
  readonly source: string;
  /** File with line, or table with row id. */
  readonly where: string;
  readonly text: string;
  /** As the log names it; a line without one is judged by its text alone. */
  readonly level?: string;
}

export interface LogMatch {
  readonly id: FailureId;
  readonly count: number;
  readonly firstAtMs: number | null;
  readonly lastAtMs: number | null;
  /** The newest line, redacted. */
  readonly sample: string;
  /** Where that line stands. */
  readonly where: string;
  readonly source: string;
}

/** A line longer than this is somebody's content, not a message. */
const MAX_LINE = 16_384;

/** Lines that carry the conversation or a tool's output. */
const CONTENT = compileContentSigns();

function compileContentSigns(): RegExp {
  const signs = [
    'response\\.output_(?:text|item)',
    'response\\.(?:function_call|reasoning|custom_tool)',
    'function_call_output',
    'custom_tool_call',
    '"?input_text"?',
    '"?output_text"?',
    'ToolCall:',
    'ToolOutput',
    'aggregated_output',
    'apply_patch',
    'user_message',
    'UserInput',
    'ResponseItem',
    'websocket event: ',
    'SSE event: ',
  ];
  return new RegExp(signs.join('|'));
}

const QUIET_LEVEL = /^(?:trace|debug|info)$/i;
/** The level as a line shows it, perhaps in colour. */
const LEVEL_IN_HEAD = /(?:^|[\s"[]|\[[\d;]*m)(TRACE|DEBUG|INFO|WARN|ERROR)(?![A-Za-z])/;

/** Groups the failures in these lines by id, newest first. */
export async function matchLogLines(lines: AsyncIterable<LogLine> | Iterable<LogLine>): Promise<LogMatch[]> {
  const match = createLogLineMatcher();
  const groups = new Map<FailureId, LogMatch>();
  for await (const line of lines) {
    for (const id of match(line)) groups.set(id, extend(groups.get(id), id, line));
  }
  return [...groups.values()].sort((a, b) => (b.lastAtMs ?? 0) - (a.lastAtMs ?? 0));
}

function extend(group: LogMatch | undefined, id: FailureId, line: LogLine): LogMatch {
  const newest = !group || group.lastAtMs === null || (line.atMs !== null && line.atMs >= group.lastAtMs);
  const first = [group?.firstAtMs, line.atMs].filter((time) => typeof time === 'number');
  const last = [group?.lastAtMs, line.atMs].filter((time) => typeof time === 'number');
  return {
    id,
    count: (group?.count ?? 0) + 1,
    firstAtMs: first.length > 0 ? Math.min(...first) : null,
    lastAtMs: last.length > 0 ? Math.max(...last) : null,
    sample: newest
      ? createLineShower(line.text)(withoutSpans(line.text, line.source === 'db' ? 'db' : 'log'), 0)
      : group.sample,
    where: newest ? line.where : group.where,
    source: newest ? line.source : group.source,
  };
}

/** The failures that one log line shows, at most one of each id; empty for nearly every line. */
export function createLogLineMatcher(): (line: LogLine) => FailureId[] {
  let index: SignalIndex | undefined; // takes 30 ms to build, and a quiet log never needs it
  return (line) => {
    if (line.text.length > MAX_LINE || isQuiet(line) || CONTENT.test(line.text)) return [];
    index ??= createSignalIndex({ logOnly: true });
    const places = new Set<number>();
    index.scan(Buffer.from(line.text, 'utf8'), (place) => places.add(place));
    if (places.size === 0) return [];
    const hits = index.tryPlaces(places, fold(line.text), line.text).map((hit) => hit.compiled);
    const explained = new Set(hits.flatMap((hit) => hit.signal.over ?? []));
    return [...new Set(hits.map((hit) => hit.id))].filter((id) => !explained.has(id));
  };
}

function isQuiet(line: LogLine): boolean {
  const level = line.level ?? LEVEL_IN_HEAD.exec(line.text.slice(0, 120))?.[1];
  return level !== undefined && QUIET_LEVEL.test(level);
}
