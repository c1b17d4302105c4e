/** Where each key and table of a TOML text stands, for evidence (`file:line`) and for edits. */
import type { AST } from 'toml-eslint-parser';
import type { KeyPath } from '../storage/steps.ts';

export interface ConfigPosition {
  readonly key: KeyPath;
  readonly kind: 'table' | 'table-item' | 'value';
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** Of a value: `key = value`. Of a table: its header with the values below it, not its sub-tables. UTF-16 offsets. */
  readonly start: number;
  readonly end: number;
  /** Of the value alone; of a table, its header. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** Inside `{ … }`: it cannot be commented out by itself. */
  readonly inline: boolean;
}

export interface ConfigPositions {
  /** In the order of the text. */
  readonly all: readonly ConfigPosition[];
  /** The place of that key; of a table that is opened by its sub-tables only, the first of them. */
  find(key: KeyPath): ConfigPosition | undefined;
  /** The table of that name and every table below it, in the order of the text. */
  tables(key: KeyPath): readonly ConfigPosition[];
}

/** Positions of a text that parses. Throws where it does not: call it on a `ConfigFile` only. */
export async function locateKeys(text: string): Promise<ConfigPositions> {
  const { parseTOML } = await import('toml-eslint-parser');
  const program = parseTOML(text, { tomlVersion: '1.1' });
  const all: ConfigPosition[] = [];
  for (const node of program.body[0].body) {
    if (node.type === 'TOMLTable') {
      const key = node.resolvedKey.map(String);
      all.push(tablePosition(node, key));
      for (const child of node.body) addValue(all, child, key, false);
    } else {
      addValue(all, node, [], false);
    }
  }
  return {
    all,
    find: (key) =>
      all.find((entry) => sameKey(entry.key, key)) ?? all.find((entry) => isBelow(entry.key, key)),
    tables: (key) => all.filter((entry) => entry.kind !== 'value' && isBelow(entry.key, key)),
  };
}

function tablePosition(node: AST.TOMLTable, key: KeyPath): ConfigPosition {
  const last = node.body.at(-1);
  return {
    key,
    kind: node.kind === 'array' ? 'table-item' : 'table',
    line: node.loc.start.line,
    column: node.loc.start.column + 1,
    start: node.range[0],
    end: last ? last.range[1] : node.range[1],
    valueStart: node.range[0],
    valueEnd: node.key.range[1] + (node.kind === 'array' ? 2 : 1),
    inline: false,
  };
}

function addValue(all: ConfigPosition[], node: AST.TOMLKeyValue, parent: KeyPath, inline: boolean): void {
  const key = [
    ...parent,
    ...node.key.keys.map((part) => (part.type === 'TOMLBare' ? part.name : part.value)),
  ];
  all.push({
    key,
    kind: 'value',
    line: node.loc.start.line,
    column: node.loc.start.column + 1,
    start: node.range[0],
    end: node.range[1],
    valueStart: node.value.range[0],
    valueEnd: node.value.range[1],
    inline,
  });
  if (node.value.type === 'TOMLInlineTable') {
    for (const child of node.value.body) addValue(all, child, key, true);
  }
}

function sameKey(a: KeyPath, b: KeyPath): boolean {
  return a.length === b.length && isBelow(a, b);
}

/** `key` itself or below it. */
function isBelow(key: KeyPath, top: KeyPath): boolean {
  return key.length >= top.length && top.every((part, index) => part === key[index]);
}
