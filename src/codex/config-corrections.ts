/**
 * The evident right form of a value of the wrong type. Evident means: a person who reads the line would write the same;
 * everything else is left to be commented out.
 */
import type { TomlValue } from '../storage/steps.ts';
import { isTomlTable } from './toml.ts';

/** `"true"`, `"Yes"`, `1` and the like as the switch they are meant to be. */
export function asBoolean(value: unknown): boolean | undefined {
  if (typeof value !== 'string' && typeof value !== 'bigint') return undefined;
  const word = String(value).trim().toLowerCase();
  if (['true', 'yes', 'on', '1', 'enabled'].includes(word)) return true;
  if (['false', 'no', 'off', '0', 'disabled'].includes(word)) return false;
  return undefined;
}

/** `"120"`, `120.0` and `"120_000"` as whole numbers. */
export function asInteger(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) return undefined;
  const number = Number(value.replaceAll('_', ''));
  return Number.isSafeInteger(number) ? number : undefined;
}

/** `"1.5"` as a number. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value)) return undefined;
  return Number(value);
}

/** A number or switch as the text that stands in the file. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  return undefined;
}

/** The one of these values that differs from it only in case, spaces, underscores or dashes. */
export function asChoice(value: unknown, choices: readonly string[]): string | undefined {
  if (typeof value !== 'string') return undefined;
  const plain = (text: string) => text.toLowerCase().replace(/[\s_-]+/g, '');
  return choices.find((choice) => plain(choice) === plain(value));
}

/** One word as a list of one, and a list with numbers or switches in it as a list of texts. */
export function asTexts(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return /\s/.test(value.trim()) ? undefined : [value.trim()];
  if (!Array.isArray(value)) return undefined;
  const texts = value.map((item: unknown) => (typeof item === 'string' ? item : asText(item)));
  return texts.every((item) => item !== undefined) ? texts : undefined;
}

/** `["A=b"]` (the form of Docker's and MCP's other clients) as a table of texts. */
export function asTextMap(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries: [string, string][] = [];
  for (const item of value as unknown[]) {
    const pair = typeof item === 'string' ? /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/s.exec(item) : null;
    if (!pair) return undefined;
    entries.push([pair[1] ?? '', pair[2] ?? '']);
  }
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A parsed value as one that can be written again; `undefined` for dates and numbers beyond 2^53. */
export function asTomlValue(value: unknown): TomlValue | undefined {
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => asTomlValue(item));
    return items.every((item) => item !== undefined) ? items : undefined;
  }
  if (!isTomlTable(value)) return undefined;
  const entries = Object.entries(value).map(([key, item]) => [key, asTomlValue(item)] as const);
  const written: Record<string, TomlValue> = {};
  for (const [key, item] of entries) {
    if (item === undefined) return undefined;
    written[key] = item;
  }
  return written;
}
