/**
 * Finds one path in JSON text, comments allowed, without building a tree: a state file may have hundreds of megabytes.
 *
 * A key may stand twice in an object. The last one counts, as for every JSON parser; the others are reported too.
 */
import { StewardError } from '../../errors.ts';

export type JsonPath = readonly (string | number)[];

/** A member of an object, or an item of a list. All offsets are UTF-16 units of the text without byte order mark. */
export interface Member {
  /** Of the key, or of the value in a list. */
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
  readonly container: Container;
  readonly commaBefore: number | undefined;
  readonly commaAfter: number | undefined;
}

export interface Container {
  readonly kind: 'object' | 'list';
  /** Offsets of the brackets, both included. */
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly firstStart: number;
  readonly lastEnd: number;
}

export interface Located {
  /** Every place that has the path, shadowed duplicates included, in file order. */
  readonly members: readonly Member[];
  /** The place that counts, if the path exists. */
  readonly effective: Member | undefined;
  /** The deepest container on the path, and how many segments lead to it; none where a plain value is in the way. */
  readonly deepest: { readonly container: Container; readonly depth: number } | undefined;
  /** What stands between key and value: `": "` or `":"`. */
  readonly colon: string;
}

type Open<T> = { -readonly [K in keyof T]: T[K] };

interface Frame {
  readonly container: Open<Container>;
  readonly isOnPath: boolean;
  key: string;
  keyStart: number;
  index: number;
  lastComma: number | undefined;
  lastMember: Open<Member> | undefined;
}

/** Where that path stands. Throws `ERR_STORAGE_JSON_SYNTAX` (line and column in `details`) for text that is not JSON. */
export async function locate(text: string, path: JsonPath): Promise<Located> {
  const { visit, printParseErrorCode } = await import('jsonc-parser');
  const frames: Frame[] = [];
  const onPath: (Container | undefined)[] = [];
  const members: Member[] = [];
  let effective: Member | undefined;
  let colon: string | undefined;
  let isBlocked = false;
  const pending: { readonly depth: number; readonly member: Open<Member> }[] = [];

  /** A value begins: which member it is, and whether the path leads through it. */
  const beginValue = (offset: number): boolean => {
    const depth = frames.length;
    const frame = frames.at(-1);
    if (frame === undefined) return true;
    const isList = frame.container.kind === 'list';
    const start = isList ? offset : frame.keyStart;
    if (frame.container.count++ === 0) frame.container.firstStart = start;
    const segment = path[depth - 1];
    const isHere = frame.isOnPath && (isList ? frame.index : frame.key) === segment;
    if (!isHere) return false;
    isBlocked = false;
    effective = undefined; // an earlier duplicate does not count any more
    onPath.length = depth;
    if (depth !== path.length) return true;
    const member: Open<Member> = {
      start,
      valueStart: offset,
      valueEnd: offset,
      container: frame.container,
      commaBefore: frame.lastComma,
      commaAfter: undefined,
    };
    pending.push({ depth, member });
    return true;
  };
  const endValue = (end: number) => {
    const frame = frames.at(-1);
    if (frame !== undefined) frame.container.lastEnd = end;
    if (pending.at(-1)?.depth !== frames.length) return;
    const member = pending.pop()?.member;
    if (member === undefined) return;
    member.valueEnd = end;
    if (frame !== undefined) frame.lastMember = member;
    members.push(member);
    effective = member;
  };
  const beginContainer = (kind: Container['kind'], offset: number) => {
    const isOnPath = beginValue(offset);
    const container = { kind, start: offset, end: offset, count: 0, firstStart: offset, lastEnd: offset };
    if (isOnPath && frames.length < path.length) onPath[frames.length] = container;
    frames.push({
      container,
      isOnPath: isOnPath && frames.length < path.length,
      key: '',
      keyStart: offset,
      index: 0,
      lastComma: undefined,
      lastMember: undefined,
    });
  };
  const endContainer = (offset: number, length: number) => {
    const frame = frames.pop();
    if (frame === undefined) return;
    frame.container.end = offset + length;
    endValue(offset + length);
  };

  visit(
    text,
    {
      onObjectBegin: (offset) => beginContainer('object', offset),
      onArrayBegin: (offset) => beginContainer('list', offset),
      onObjectEnd: endContainer,
      onArrayEnd: endContainer,
      onObjectProperty: (property, offset) => {
        const frame = frames.at(-1);
        if (frame === undefined) return;
        frame.key = property;
        frame.keyStart = offset;
      },
      onLiteralValue: (_value, offset, length) => {
        const isOnPath = beginValue(offset);
        if (isOnPath && frames.length < path.length) isBlocked = true;
        endValue(offset + length);
      },
      onSeparator: (character, offset) => {
        const frame = frames.at(-1);
        if (character === ':') colon ??= text[offset + 1] === ' ' ? ': ' : ':';
        if (character !== ',' || frame === undefined) return;
        if (frame.lastMember !== undefined) frame.lastMember.commaAfter = offset;
        frame.lastMember = undefined;
        frame.lastComma = offset;
        frame.index++;
      },
      onError: (code, _offset, _length, line, column) => {
        throw syntaxError(printParseErrorCode(code), line + 1, column + 1);
      },
    },
    { allowTrailingComma: true },
  );
  const container = onPath.at(-1);
  const deepest = container === undefined || isBlocked ? undefined : { container, depth: onPath.length - 1 };
  return { members, effective, deepest, colon: colon ?? (text.trim().includes('\n') ? ': ' : ':') };
}

function syntaxError(what: string, line: number, column: number): StewardError {
  return new StewardError(
    'ERR_STORAGE_JSON_SYNTAX',
    'user',
    `not JSON: ${what}, line ${line}, column ${column}`,
    {
      details: { line, column },
    },
  );
}
