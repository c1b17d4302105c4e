/** TOML text for keys and values, and the object that a document must be equal to after an edit. */
import { isDeepStrictEqual } from 'node:util';
import type { KeyPath, TomlEdit, TomlValue } from '../steps.ts';

/** `a."b c".d`. */
export function formatKey(path: KeyPath): string {
  return path.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : formatString(part))).join('.');
}

/** One line of TOML; nested tables are written inline. */
export function formatValue(value: TomlValue): string {
  switch (typeof value) {
    case 'string':
      return formatString(value);
    case 'boolean':
      return String(value);
    case 'number':
      return formatNumber(value);
  }
  if (isList(value)) return `[${value.map(formatValue).join(', ')}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${formatKey([key])} = ${formatValue(member)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** Whether the value is written as a table of its own where there is a choice. */
export function isTableValue(value: TomlValue): value is { readonly [key: string]: TomlValue } {
  return typeof value === 'object' && !isList(value);
}

function isList(value: TomlValue): value is readonly TomlValue[] {
  return Array.isArray(value);
}

/** TOML's basic strings escape as JSON's do, and the delete character too. */
function formatString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007F');
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return Object.is(value, -0) ? '-0.0' : String(value);
}

/** The parsed document after the edit, and the variant in which tables that became empty are gone with their header. */
export function expectedAfter(document: unknown, edit: TomlEdit): readonly unknown[] {
  if (edit.op === 'set') return [changed(document, edit.key, edit.value)];
  const results = [changed(document, edit.key, undefined)];
  for (let depth = edit.key.length - 1; depth > 0; depth--) {
    const parent = at(results.at(-1), edit.key.slice(0, depth));
    if (typeof parent !== 'object' || parent === null || Object.keys(parent).length > 0) break;
    results.push(changed(document, edit.key.slice(0, depth), undefined));
  }
  return results;
}

/** Equal in meaning: order of keys, prototypes and integer or float spelling aside. */
export function sameDocument(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(comparable(a), comparable(b));
}

function comparable(value: unknown): unknown {
  if (value instanceof Date) return `date ${value.toISOString()}`;
  if (typeof value === 'bigint') return `integer ${value}`;
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return `integer ${BigInt(value)}`;
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([key, member]) => [key, comparable(member)]));
}

/** A copy in which the value at that path is replaced, or removed when `value` is `undefined`. */
function changed(node: unknown, path: KeyPath, value: TomlValue | undefined): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(node)) {
    const index = Number(head);
    const items: unknown[] = [...node];
    const item = changed(items[index], rest, value);
    if (value === undefined && rest.length === 0) items.splice(index, 1);
    else if (value !== undefined || index < items.length) items[index] = item;
    return items;
  }
  const members = new Map<string, unknown>(
    typeof node === 'object' && node !== null ? Object.entries(node) : [],
  );
  if (value === undefined && (rest.length === 0 || !members.has(head))) members.delete(head);
  else members.set(head, changed(members.get(head), rest, value));
  return Object.fromEntries(members);
}

function at(node: unknown, path: KeyPath): unknown {
  let value = node;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}
