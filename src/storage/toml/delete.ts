/**
 * The splices that delete a key or a table. A deleted line takes its own trailing comment along; a deleted table takes
 * its header, its body, and the comment block right above its header. Every other comment stays.
 */

import { lineContentEnd, lineEnd, lineStart } from '../lines.ts';
import type { KeyPath, TextSplice } from '../steps.ts';
import { removeItem } from './groups.ts';
import { type Entry, isWithin, type Layout, type Section } from './layout.ts';

/** Nothing to delete is no splice. */
export function deletionSplices(text: string, layout: Layout, path: KeyPath): readonly TextSplice[] {
  for (const group of layout.groups) {
    const items = group.items.filter((item) => isWithin(item.path, path));
    // The whole group lies below the path only if it goes with its own key; that is found in its section.
    if (items.length === 0 || isWithin(group.path, path)) continue;
    const item = items[0];
    if (item !== undefined) return removeItem(text, group, item);
  }
  const lines: TextSplice[] = [];
  const tables: TextSplice[] = [];
  for (const section of layout.sections) {
    if (section.header !== null && isWithin(section.path, path)) {
      const range = tableRange(text, section, section.header);
      const last = tables.at(-1);
      // Tables that follow each other go as one, with the blank lines between them.
      if (last !== undefined && text.slice(last.end, range.start).trim() === '') {
        tables[tables.length - 1] = { ...last, end: range.end };
      } else tables.push(range);
    } else {
      for (const entry of section.entries) if (isWithin(entry.path, path)) lines.push(lineRange(text, entry));
    }
  }
  return merged(text, [...lines, ...tables.map((range) => withOneGap(text, range))]);
}

/** Whether one deletion leaves another: `{ a.b = 1, a.c = 2 }` has two members below `a`. */
export function hasMoreToDelete(layout: Layout, path: KeyPath): boolean {
  return layout.groups.some(
    (group) =>
      !isWithin(group.path, path) && group.items.filter((item) => isWithin(item.path, path)).length > 1,
  );
}

function lineRange(text: string, entry: Entry): TextSplice {
  return { start: lineStart(text, entry.start), end: lineEnd(text, entry.end), text: '' };
}

/** Ranges that touch become one. A text that ended without a line end still does. */
function merged(text: string, ranges: readonly TextSplice[]): readonly TextSplice[] {
  const result: TextSplice[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const last = result.at(-1);
    if (last === undefined || range.start > last.end) result.push(range);
    else result[result.length - 1] = { ...last, end: Math.max(last.end, range.end) };
  }
  const last = result.at(-1);
  if (last !== undefined && last.end === text.length && text[text.length - 1] !== '\n' && last.start > 0) {
    result[result.length - 1] = { ...last, start: lineContentEnd(text, last.start - 1) };
  }
  return result;
}

function tableRange(text: string, section: Section, header: NonNullable<Section['header']>): TextSplice {
  const end = lineEnd(text, section.entries.at(-1)?.end ?? header.keyEnd);
  return { start: commentBlockAbove(text, lineStart(text, header.start)), end, text: '' };
}

/** Of the blank lines above and below a table one side goes with it; at the end of the file, those above. */
function withOneGap(text: string, range: TextSplice): TextSplice {
  const { start, end } = range;
  if (end === text.length) return { ...range, start: trailingBlankStart(text, start) };
  const isParted = start === 0 || trailingBlankStart(text, start) < start;
  return isParted ? { ...range, end: blankLinesFrom(text, end) } : range;
}

/** The start of the comment lines right above a header, if a blank line parts them from what is above. */
function commentBlockAbove(text: string, headerLine: number): number {
  let start = headerLine;
  while (start > 0) {
    const previous = lineStart(text, start - 1);
    const line = text.slice(previous, start).trim();
    if (line === '') return start;
    if (!line.startsWith('#')) return headerLine; // parted from nothing: it may be about the line above
    start = previous;
  }
  return headerLine; // the head of the file is about the file
}

function blankLinesFrom(text: string, offset: number): number {
  let at = offset;
  while (at < text.length && text.slice(at, lineEnd(text, at)).trim() === '') at = lineEnd(text, at);
  return at;
}

/** Where blank lines that end at `offset` begin; the line end of the line above them stays. */
function trailingBlankStart(text: string, offset: number): number {
  let at = offset;
  while (at > 0) {
    const previous = lineStart(text, at - 1);
    if (text.slice(previous, at).trim() !== '') return at;
    at = previous;
  }
  return at;
}
