/** TOML as Codex reads it (Codex 0.133 and 0.169 take TOML 1.1, as smol-toml does; measured on forty odd documents). */
import { messageOf } from '../errors.ts';

/** A table as parsed: strings, numbers, booleans, dates, lists, tables. Integers beyond 2^53 are `bigint`. */
export type TomlTable = Readonly<Record<string, unknown>>;

export type ParsedToml =
  | { readonly kind: 'ok'; readonly value: TomlTable }
  /** `line` and `column` count from 1. */
  | { readonly kind: 'malformed'; readonly message: string; readonly line: number; readonly column: number };

export interface ParseTomlOptions {
  /** Every integer as `bigint`, so that `1` and `1.0` can be told apart. */
  readonly exactIntegers?: boolean;
}

/** Parses TOML text; never throws. */
export async function parseToml(text: string, options: ParseTomlOptions = {}): Promise<ParsedToml> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    // The 1.1 grammar has no limit on nesting; a stack overflow is caught below like any other refusal.
    return {
      kind: 'ok',
      value: parse(text, { integersAsBigInt: options.exactIntegers === true ? true : 'asNeeded' }),
    };
  } catch (error) {
    if (error instanceof TomlError) {
      const message = error.message.split('\n', 1)[0] ?? '';
      return {
        kind: 'malformed',
        message: message.replace(/^Invalid TOML document: /, ''),
        line: error.line,
        column: error.column,
      };
    }
    return { kind: 'malformed', message: messageOf(error), line: 1, column: 1 };
  }
}

/** Whether that is a TOML table (and not a list or a date). */
export function isTomlTable(value: unknown): value is TomlTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

/** The value at that key path, or `undefined`. */
export function tomlAt(table: TomlTable, key: readonly string[]): unknown {
  let value: unknown = table;
  for (const part of key) {
    if (!isTomlTable(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

/** `mcp_servers."a b".command`: a key path as it is written in TOML. */
export function tomlKey(key: readonly string[]): string {
  return key.map((part) => (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part))).join('.');
}
