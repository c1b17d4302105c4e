/**
 * Which entries of a parsed `config.toml` Codex refuses. It stops at the first of them, so its own message names one
 * while there may be several; here all are found. Nothing is reported that a measured version accepts.
 */
import type { KeyPath } from '../storage/steps.ts';
import {
  asBoolean,
  asChoice,
  asInteger,
  asNumber,
  asText,
  asTextMap,
  asTexts,
} from './config-corrections.ts';
import { judgeEntries } from './config-entries.ts';
import { type ConfigCorrection, type ConfigFault, setTo } from './config-fault.ts';
import { CONFIG_RULES, type ConfigRule, type Era, type TomlShape } from './config-schema.ts';
import { isTomlTable, parseToml } from './toml.ts';

/** Every refused entry of that text, in the order of the tables. Empty for text that does not parse. */
export async function judgeConfig(text: string): Promise<readonly ConfigFault[]> {
  const parsed = await parseToml(text, { exactIntegers: true });
  if (parsed.kind === 'malformed') return [];
  const byEntry = judgeEntries(parsed.value);
  const seen = new Set(byEntry.map((fault) => JSON.stringify(fault.key)));
  const byType = judge(parsed.value, CONFIG_RULES, [], 'all').filter(
    (fault) => !seen.has(JSON.stringify(fault.key)), // the entry's own rule says it better
  );
  return [...byType, ...byEntry];
}

/** Whether faults of that era concern that Codex version; unknown versions and those between the measured ones: no. */
export function concerns(era: Era, version: string | null): boolean {
  if (era === 'all') return true;
  const match = /^(\d+)\.(\d+)/.exec(version ?? '');
  if (match === null) return false;
  if (match[1] !== '0') return era === 'new';
  const minor = Number(match[2]);
  return era === 'old' ? minor <= 133 : minor >= 169;
}

function judge(value: unknown, rule: ConfigRule, key: KeyPath, era: Era): readonly ConfigFault[] {
  const shape = shapeOf(value);
  const refuse = (
    expected: string,
    correction?: ConfigCorrection,
    inEra: Era = era,
  ): readonly ConfigFault[] => [
    {
      key,
      kind: 'value',
      era: inEra,
      expected,
      found: describe(value, key),
      correction: correction ?? { kind: 'comment-out', key, what: `not ${expected}` },
    },
  ];
  const fixed = <T extends string | number | boolean>(form: T | undefined): ConfigCorrection | undefined =>
    form === undefined ? undefined : setTo(key, form, `write ${JSON.stringify(form)}`);

  switch (rule.kind) {
    case 'era':
      return judge(value, rule.rule, key, rule.era);
    case 'text':
    case 'file':
      return shape === 'text' || shape === 'date' ? [] : refuse('text', fixed(asText(value)));
    case 'boolean':
      return shape === 'boolean' ? [] : refuse('true or false', fixed(asBoolean(value)));
    case 'integer':
      if (typeof value !== 'bigint') return refuse('a whole number', fixed(asInteger(value)));
      if (value >= rule.min && value <= rule.max) return [];
      return refuse(`a whole number from ${rule.min} to ${rule.max}`);
    case 'number':
      if (typeof value !== 'bigint' && typeof value !== 'number')
        return refuse('a number', fixed(asNumber(value)));
      return rule.min !== undefined && Number(value) < rule.min ? refuse(`a number from ${rule.min}`) : [];
    case 'choice': {
      if (shape === 'table') return []; // some choices take settings of their own in this form
      const expected = `one of ${rule.values.join(', ')}`;
      if (typeof value === 'string') {
        if (rule.values.includes(value)) return [];
        const wildcard = rule.others?.includes('*') === true && value !== '';
        const correction = fixed(asChoice(value, rule.values));
        if (wildcard || rule.others?.includes(value)) return refuse(expected, correction, 'old');
        return refuse(expected, correction);
      }
      return refuse(expected);
    }
    case 'texts': {
      if (!Array.isArray(value)) return refuse('a list of texts', listOf(key, asTexts(value)));
      const items: readonly unknown[] = value;
      return items.every((item) => typeof item === 'string' || item instanceof Date)
        ? []
        : refuse('a list of texts', listOf(key, asTexts(value)));
    }
    case 'list':
      return shape === 'list' ? [] : refuse('a list');
    case 'shape':
      return shape === 'date' || rule.shapes.includes(shape)
        ? []
        : refuse(
            rule.shapes.map(shapeName).join(' or '),
            rule.shapes.includes('boolean') ? fixed(asBoolean(value)) : undefined,
          );
    case 'table':
      if (shape === 'list') return [];
      if (!isTomlTable(value)) return refuse('a table');
      return Object.entries(rule.keys).flatMap(([name, inner]) =>
        Object.hasOwn(value, name) ? judge(value[name], inner, [...key, name], era) : [],
      );
    case 'map': {
      if (!isTomlTable(value)) {
        const map = rule.of.kind === 'text' ? asTextMap(value) : undefined;
        return refuse('a table', map && setTo(key, map, 'write it as a table'));
      }
      return Object.entries(value).flatMap(([name, item]) => judge(item, rule.of, [...key, name], era));
    }
  }
}

function listOf(key: KeyPath, texts: readonly string[] | undefined): ConfigCorrection | undefined {
  return texts === undefined ? undefined : setTo(key, texts, 'write it as a list of texts');
}

function shapeOf(value: unknown): TomlShape | 'date' {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'bigint') return 'integer';
  if (typeof value === 'number') return 'float';
  if (Array.isArray(value)) return 'list';
  return value instanceof Date ? 'date' : 'table';
}

function shapeName(shape: TomlShape | 'date'): string {
  const names = { text: 'text', boolean: 'true or false', integer: 'a whole number', float: 'a number' };
  if (shape === 'list') return 'a list';
  if (shape === 'table') return 'a table';
  return shape === 'date' ? 'a date' : names[shape];
}

/** Keys whose values people would not want to see on a screen they share. */
const PRIVATE = /token|secret|key|password|header|env|query|bearer|set$|instructions|prompt|url/i;

function describe(value: unknown, key: KeyPath): string {
  const shape = shapeOf(value);
  const isPrivate = key.some((part) => PRIVATE.test(part));
  if (isPrivate || shape === 'list' || shape === 'table' || shape === 'date') return shapeName(shape);
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shown.length > 40 ? shapeName(shape) : shown;
}
