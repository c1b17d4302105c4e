/**
 * The parts of a line that Codex 0.133 or 0.169 logs: time and level (not in the database), spans with their fields
 * (`name{…}:name{…}: `), the target (the part of Codex that speaks, `codex_core::client`), the message.
 */

export interface LogLineParts {
  /** `null`: the line has no head of its own. */
  readonly head: { readonly time: string; readonly level: string } | null;
  /** As they stand, with what they repeat of a request. */
  readonly spans: string;
  /** Empty where none is named. */
  readonly target: string;
  /** Empty where the line was cut within its spans. */
  readonly message: string;
}

const HEAD = /^(\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)\s+(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+/;
const TARGET = /^([a-z]\w*(?:(?:::|\.)\w+)*):\s?/;
/** With fields, or without: then it is joined to the next by a colon, or stands before a target. */
const SPAN = /^[\w.:-]{1,200}\{/;
const BARE_SPAN =
  /^(?!codex_)[a-z][\w.]{0,100}:(?=[\w.:-]{1,200}\{|[\w.]{1,100}:| (?:codex_\w+|\w+(?:::\w+)+)(?:::\w+)*: )/;

/** A line of a text log: `time LEVEL spans: target: message`. */
export function logLineParts(line: string): LogLineParts {
  const head = HEAD.exec(line);
  const [whole = '', time = '', level = ''] = head ?? [];
  const { spans, rest } = cutSpans(line.slice(whole.length));
  const target = TARGET.exec(rest);
  return {
    head: head === null ? null : { time, level },
    spans,
    target: target?.[1] ?? '',
    message: rest.slice(target?.[0].length ?? 0),
  };
}

/** A row of the log database, as `recentLogLines` gives it: `target: spans: message`. */
export function logRowParts(row: string): LogLineParts {
  const target = TARGET.exec(row);
  const { spans, rest } = cutSpans(row.slice(target?.[0].length ?? 0));
  return { head: null, spans, target: target?.[1] ?? '', message: rest };
}

/** The line as a person reads it: without spans. */
export function withoutSpans(line: string, source: 'db' | 'log'): string {
  const { head, spans, target, message } = source === 'db' ? logRowParts(line) : logLineParts(line);
  if (spans === '') return line;
  return [head?.time, head?.level, target === '' ? undefined : `${target}:`, message]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}

function cutSpans(text: string): { readonly spans: string; readonly rest: string } {
  let at = 0;
  for (;;) {
    at = text.length - text.slice(at).trimStart().length;
    const next = text.slice(at, at + 400);
    const bare = BARE_SPAN.exec(next)?.[0];
    if (bare !== undefined) {
      at += bare.length;
      continue;
    }
    if (!SPAN.test(next)) break;
    const end = endOfSpan(text, text.indexOf('{', at));
    if (end === -1) return { spans: text, rest: '' };
    at = end + (text[end + 1] === ':' ? 2 : 1);
  }
  return { spans: text.slice(0, at).trim(), rest: text.slice(at) };
}

function endOfSpan(text: string, open: number): number {
  let [depth, isQuoted] = [0, false];
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '{') depth++;
    else if (!isQuoted && character === '}' && --depth === 0) return at;
  }
  return -1;
}
