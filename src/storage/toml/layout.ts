/** Where each key, table and list item of a TOML document stands, by its full path. */
import type { AST } from 'toml-eslint-parser';
import type { KeyPath } from '../steps.ts';

/** A `key = value` or a list item. `path` is absolute; list positions are decimal strings. */
export interface Entry {
  readonly path: KeyPath;
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** A table with a header, or the keys before the first header (`header` is `null`). */
export interface Section {
  readonly path: KeyPath;
  /** Offsets of the header's key and kind; the brackets stand around it on the same line. */
  readonly header: { readonly start: number; readonly keyEnd: number; readonly isListItem: boolean } | null;
  readonly entries: readonly Entry[];
}

/** `{ … }` or `[ … ]` as a value; `start` and `end` include the brackets. */
export interface Group {
  readonly kind: 'inline' | 'list';
  readonly path: KeyPath;
  readonly start: number;
  readonly end: number;
  readonly items: readonly Entry[];
}

export interface Layout {
  /** In file order; the first has no header. */
  readonly sections: readonly [Section, ...Section[]];
  readonly groups: readonly Group[];
}

/** The layout of text that is valid TOML 1.1 and has no byte order mark. */
export async function readLayout(text: string): Promise<Layout> {
  const { parseTOML } = await import('toml-eslint-parser');
  const root = parseTOML(text, { tomlVersion: '1.1' }).body[0];
  const groups: Group[] = [];
  const first: Entry[] = [];
  const tables: Section[] = [];
  for (const node of root.body) {
    if (node.type === 'TOMLKeyValue') {
      first.push(keyValue(node, [], groups));
      continue;
    }
    const path = node.resolvedKey.map(String);
    tables.push({
      path,
      header: { start: node.range[0], keyEnd: node.key.range[1], isListItem: node.kind === 'array' },
      entries: node.body.map((entry) => keyValue(entry, path, groups)),
    });
  }
  return { sections: [{ path: [], header: null, entries: first }, ...tables], groups };
}

function keyValue(node: AST.TOMLKeyValue, parent: KeyPath, groups: Group[]): Entry {
  const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
  return entry([...parent, ...keys], node.range, node.value, groups);
}

function entry(
  path: KeyPath,
  range: readonly [number, number],
  value: AST.TOMLContentNode,
  groups: Group[],
): Entry {
  if (value.type === 'TOMLInlineTable') {
    const items = value.body.map((member) => keyValue(member, path, groups));
    groups.push({ kind: 'inline', path, start: value.range[0], end: value.range[1], items });
  } else if (value.type === 'TOMLArray') {
    const items = value.elements.map((item, index) =>
      entry([...path, String(index)], item.range, item, groups),
    );
    groups.push({ kind: 'list', path, start: value.range[0], end: value.range[1], items });
  }
  return { path, start: range[0], end: range[1], valueStart: value.range[0], valueEnd: value.range[1] };
}

/** Whether `path` is `prefix` or lies below it. */
export function isWithin(path: KeyPath, prefix: KeyPath): boolean {
  return prefix.length <= path.length && prefix.every((part, index) => part === path[index]);
}

export function samePath(a: KeyPath, b: KeyPath): boolean {
  return a.length === b.length && isWithin(a, b);
}
