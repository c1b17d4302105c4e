/** The splices that set a key: replace its value, or add it where a person would. */
import { StewardError } from '../../errors.ts';
import { indentBefore, lineEnd, lineStart, newlineOf } from '../lines.ts';
import type { KeyPath, TextSplice, TomlValue } from '../steps.ts';
import { appendItem } from './groups.ts';
import { isWithin, type Layout, type Section, samePath } from './layout.ts';
import { formatKey, formatValue, isTableValue } from './value.ts';

/** Whether something below the path is written as tables or dotted keys, so that it has to be deleted before it is set. */
export function isSpreadOut(layout: Layout, path: KeyPath): boolean {
  return layout.sections.some(
    (section) =>
      (section.header !== null && isWithin(section.path, path)) ||
      section.entries.some((entry) => entry.path.length > path.length && isWithin(entry.path, path)),
  );
}

/** The splices that give `path` that value; nothing below it may be spread out (see {@link isSpreadOut}). */
export function settingSplices(
  text: string,
  layout: Layout,
  path: KeyPath,
  value: TomlValue,
): readonly TextSplice[] {
  const existing = [...layout.sections.map((s) => s.entries), ...layout.groups.map((g) => g.items)]
    .flat()
    .find((entry) => samePath(entry.path, path));
  if (existing !== undefined) {
    return [{ start: existing.valueStart, end: existing.valueEnd, text: formatValue(value) }];
  }

  // Inside `{ … }` or `[ … ]`: the innermost that holds the path.
  const group = layout.groups
    .filter((candidate) => candidate.path.length < path.length && isWithin(path, candidate.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (group !== undefined) {
    const rest = path.slice(group.path.length);
    if (group.kind === 'inline') return appendItem(text, group, `${formatKey(rest)} = ${formatValue(value)}`);
    if (rest.length > 1 || rest[0] !== String(group.items.length)) {
      throw new StewardError(
        'ERR_STORAGE_TOML_PATH',
        'bug',
        `no list item ${rest.join('.')} in ${formatKey(group.path)}`,
      );
    }
    return appendItem(text, group, formatValue(value));
  }

  const parent = path.slice(0, -1);
  const dotted = dottedSection(layout, parent);
  if (dotted !== undefined) {
    const key = formatKey(path.slice(dotted.section.path.length));
    return [addLine(text, dotted.end, `${key} = ${formatValue(value)}`, dotted.start)];
  }
  if (isTableValue(value)) return [addTable(text, layout, path, Object.entries(value))];
  const section = layout.sections.find((candidate) => samePath(candidate.path, parent));
  const key = path.at(-1) ?? '';
  if (section === undefined) return [addTable(text, layout, parent, [[key, value]])];
  return [addToSection(text, layout, section, `${formatKey([key])} = ${formatValue(value)}`)];
}

/** The section in which that table is written as dotted keys (`a.b = 1`), which forbids a header for it. */
function dottedSection(layout: Layout, path: KeyPath) {
  for (let depth = path.length; depth > 0; depth--) {
    const prefix = path.slice(0, depth);
    if (layout.sections.some((section) => samePath(section.path, prefix))) return undefined;
    for (const section of layout.sections) {
      if (section.path.length >= depth) continue;
      const last = section.entries.findLast(
        (entry) => entry.path.length > depth && isWithin(entry.path, prefix),
      );
      if (last !== undefined) return { section, start: last.start, end: last.end };
    }
  }
  return undefined;
}

function addToSection(text: string, layout: Layout, section: Section, line: string): TextSplice {
  const last = section.entries.at(-1);
  if (last !== undefined) return addLine(text, last.end, line, last.start);
  if (section.header !== null) return addLine(text, section.header.keyEnd, line, section.header.start);
  return addFirstLine(text, layout, line);
}

/** A line below the one on which `offset` stands, indented as the line of `model`. */
function addLine(text: string, offset: number, line: string, model: number): TextSplice {
  const at = lineEnd(text, offset);
  const newline = newlineOf(text);
  const indented = `${indentBefore(text, model) ?? ''}${line}`;
  const added = at > 0 && text[at - 1] === '\n' ? `${indented}${newline}` : `${newline}${indented}`;
  return { start: at, end: at, text: added };
}

/** The first key before all tables: below the comment that opens the file, above the comments of the first table. */
function addFirstLine(text: string, layout: Layout, line: string): TextSplice {
  const newline = newlineOf(text);
  const first = layout.sections[1]?.header;
  if (first === undefined || first === null) {
    const gap = text === '' || text.endsWith('\n') ? '' : newline;
    return { start: text.length, end: text.length, text: `${gap}${line}${newline}` };
  }
  let at = 0;
  let blank = -1;
  while (at < lineStart(text, first.start)) {
    const end = lineEnd(text, at);
    if (text.slice(at, end).trim() === '') {
      blank = end;
      break;
    }
    at = end;
  }
  const position = blank === -1 ? 0 : blank;
  return { start: position, end: position, text: `${line}${newline}${newline}` };
}

function addTable(
  text: string,
  layout: Layout,
  path: KeyPath,
  members: readonly (readonly [string, TomlValue])[],
): TextSplice {
  const newline = newlineOf(text);
  const key = formatKey(path.filter((_part, index) => !isListIndex(layout, path.slice(0, index + 1))));
  const header = isNextListItem(layout, path) ? `[[${key}]]` : `[${key}]`;
  const lines = [header, ...members.map(([name, value]) => `${formatKey([name])} = ${formatValue(value)}`)];
  const neighbour = lastRelative(layout, path);
  const isAtEnd = neighbour === undefined || neighbour === layout.sections.at(-1);
  const at = isAtEnd ? text.length : sectionEnd(text, neighbour);
  const block = lines.join(newline);
  if (text.trim() === '') return { start: at, end: at, text: `${block}${newline}` };
  if (at > 0 && text[at - 1] !== '\n') return { start: at, end: at, text: `${newline}${newline}${block}` };
  const hasBlank = /(?:^|\n)[ \t]*\r?\n$/.test(text.slice(Math.max(0, at - 200), at));
  return { start: at, end: at, text: `${hasBlank ? '' : newline}${block}${newline}` };
}

/** The last table that shares the longest beginning with the path: a new table stands below its relatives. */
function lastRelative(layout: Layout, path: KeyPath): Section | undefined {
  for (let depth = path.length; depth > 0; depth--) {
    const prefix = path.slice(0, depth);
    const found = layout.sections.findLast((section) => isWithin(section.path, prefix));
    if (found !== undefined) return found;
  }
  return undefined;
}

function sectionEnd(text: string, section: Section): number {
  return lineEnd(text, section.entries.at(-1)?.end ?? section.header?.keyEnd ?? 0);
}

function isListIndex(layout: Layout, path: KeyPath): boolean {
  return (
    isNextListItem(layout, path) ||
    layout.sections.some((s) => s.header?.isListItem && samePath(s.path, path))
  );
}

/** `list.2` where `[[list]]` stands twice. */
function isNextListItem(layout: Layout, path: KeyPath): boolean {
  const parent = path.slice(0, -1);
  const count = layout.sections.filter(
    (section) => section.header?.isListItem && samePath(section.path.slice(0, -1), parent),
  ).length;
  return count > 0 && path.at(-1) === String(count);
}
