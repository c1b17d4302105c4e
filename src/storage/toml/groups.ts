/** Adds to, and removes from, inline tables and lists (`{ … }`, `[ … ]`), whose comments and commas have to stay right. */

import { indentBefore, lineContentEnd, lineEnd, lineStart, newlineOf } from '../lines.ts';
import type { TextSplice } from '../steps.ts';
import type { Entry, Group } from './layout.ts';

/** Adds an item as the last one: on a line of its own where the last one has one. */
export function appendItem(text: string, group: Group, item: string): readonly TextSplice[] {
  const last = group.items.at(-1);
  if (last === undefined) {
    const inside = text.slice(group.start + 1, group.end - 1);
    const isBlank = inside.trim() === '';
    const padded = group.kind === 'inline' ? ` ${item}${isBlank ? ' ' : ''}` : item;
    return [splice(group.start + 1, isBlank ? group.end - 1 : group.start + 1, padded)];
  }
  const indent = indentBefore(text, last.start);
  const comma = commaAfter(text, last.end);
  const anchor = comma === undefined ? last.end : comma + 1;
  const lineFull = lineContentEnd(text, anchor) < group.end;
  if (indent === undefined || !lineFull || lineStart(text, last.start) <= group.start) {
    return [splice(last.end, last.end, `, ${item}`)];
  }
  const ownLine = splice(
    lineContentEnd(text, anchor),
    lineContentEnd(text, anchor),
    `${newlineOf(text)}${indent}${item}${comma === undefined ? '' : ','}`,
  );
  return comma === undefined ? [splice(last.end, last.end, ','), ownLine] : [ownLine];
}

/** Removes an item with one comma, and its line when nothing but its own comment is left there. */
export function removeItem(text: string, group: Group, item: Entry): readonly TextSplice[] {
  const index = group.items.indexOf(item);
  const following = commaAfter(text, item.end);
  const previous = group.items[index - 1];
  const preceding = previous === undefined ? undefined : commaAfter(text, previous.end);
  const comma = following ?? preceding;
  const endsHere = following === undefined ? item.end : following + 1;

  const isOwnLine =
    indentBefore(text, item.start) !== undefined &&
    lineStart(text, item.start) > group.start &&
    /^[ \t]*(?:#|$)/.test(text.slice(endsHere, lineContentEnd(text, endsHere)));
  const sameLineComma = following !== undefined && !text.slice(item.end, following).includes('\n');
  if (isOwnLine && (following === undefined || sameLineComma)) {
    const line = splice(lineStart(text, item.start), lineEnd(text, item.end), '');
    return following === undefined && preceding !== undefined
      ? [splice(preceding, preceding + 1, ''), line]
      : [line];
  }
  if (sameLineComma) {
    const next = /[^ \t]/.exec(text.slice(endsHere));
    const gap = next === null || next[0] === '#' || next[0] === '\r' || next[0] === '\n' ? 0 : next.index;
    return [splice(item.start, endsHere + (index < group.items.length - 1 ? gap : 0), '')];
  }
  if (comma === undefined) return [splice(item.start, item.end, '')];
  const commaOnly = splice(comma, comma + 1, '');
  if (following !== undefined) return [splice(item.start, item.end, ''), commaOnly];
  const between = text.slice(comma + 1, item.start);
  return /^[ \t]*$/.test(between)
    ? [splice(comma, item.end, '')]
    : [commaOnly, splice(item.start, item.end, '')];
}

/** The comma behind a value, over blanks, line ends and comments; `undefined` when the bracket closes first. */
function commaAfter(text: string, offset: number): number | undefined {
  for (let at = offset; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === ',') return at;
    if (character === '#') at = lineEnd(text, at) - 1;
    else if (!/\s/.test(character)) return undefined;
  }
  return undefined;
}

function splice(start: number, end: number, text: string): TextSplice {
  return { start, end, text };
}
