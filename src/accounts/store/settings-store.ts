/** `settings.json`: the settings in effect, and storing some of them without touching the others. */
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { type JsonReading, readJson } from './json-file.ts';
import { resolveRoot } from './root.ts';
import { isRow, type Row } from './row.ts';
import { type SettingKey, type Settings, SettingsObject, VARIABLES, valueOfText } from './settings-schema.ts';

export type { SettingKey, Settings } from './settings-schema.ts';

export type SettingSource = 'env' | 'file' | 'default';

export interface SettingsReading {
  readonly settings: Settings;
  /** Where each value comes from. */
  readonly sources: ReadonlyMap<SettingKey, SettingSource>;
  /** The file that was read, or `null` when there is none. */
  readonly path: string | null;
  /** What could not be honoured: a broken file, a value of the wrong type, a variable that means nothing. No secrets. */
  readonly warnings: readonly string[];
}

/** Where settings are kept; in a file of the user's own naming, its members are the settings themselves. */
interface SettingsFile {
  readonly path: string;
  readonly isOwn: boolean;
}

const KEYS = Object.keys(VARIABLES).filter((key): key is SettingKey => key in SettingsObject.entries);

/** Reads the settings; a broken file means the defaults and a warning. Never writes. */
export async function readSettings(scope: CodexScope): Promise<SettingsReading> {
  const warnings: string[] = [];
  const sources = new Map<SettingKey, SettingSource>();
  const { path, config } = await readConfig(scope, warnings);
  const values = KEYS.flatMap((key) => {
    const text = scope.host.env[VARIABLES[key]]?.trim() ?? '';
    const ofVariable = text === '' ? undefined : valueOfText(key, text);
    const stored = config[key];
    const isUsable = stored !== undefined && v.is(SettingsObject.entries[key], stored);
    if (text !== '' && ofVariable === undefined) warnings.push(`${VARIABLES[key]}=${text} means nothing`);
    if (stored !== undefined && !isUsable) warnings.push(`${path}: ${key} cannot have that value`);
    sources.set(key, ofVariable !== undefined ? 'env' : isUsable ? 'file' : 'default');
    const value = ofVariable ?? (isUsable ? stored : undefined);
    return value === undefined ? [] : [[key, value] as const];
  });
  return { settings: v.parse(SettingsObject, Object.fromEntries(values)), sources, path, warnings };
}

export interface SettingExplained {
  readonly key: SettingKey;
  readonly value: Settings[SettingKey];
  readonly defaultValue: Settings[SettingKey];
  readonly source: SettingSource;
  /** The variable that goes before the file. */
  readonly envNames: readonly string[];
}

export interface SettingsExplained extends Pick<SettingsReading, 'path' | 'warnings'> {
  readonly entries: readonly SettingExplained[];
  /** Names in the file that are no settings of steward's. */
  readonly others: readonly string[];
}

/** Each setting in effect and where it comes from. */
export async function explainSettings(scope: CodexScope): Promise<SettingsExplained> {
  const { settings, sources, path, warnings } = await readSettings(scope);
  const { config } = await readConfig(scope, []);
  const defaults = v.parse(SettingsObject, {});
  const entries = KEYS.map((key) => ({
    key,
    value: settings[key],
    defaultValue: defaults[key],
    source: sources.get(key) ?? ('default' as const),
    envNames: [VARIABLES[key]],
  }));
  const others = Object.keys(config).filter((name) => !KEYS.some((key) => key === name));
  return { path, warnings, entries, others };
}

/** Stores these keys (`null` removes one) and keeps everything else in the file. Nothing is written when nothing changes. */
export async function updateSettings(
  scope: CodexScope,
  changes: { readonly [K in SettingKey]?: Settings[K] | null },
): Promise<void> {
  const root = resolveRoot(scope);
  const own = ownFile(scope);
  const file: SettingsFile = own ?? { path: join(root, 'settings.json'), isOwn: false };
  const { updateJson } = await import('./update-json.ts');
  const { writeFileAtomic } = await import('../../storage/atomic-file.ts');
  // Whoever comes from an older version has the settings elsewhere; the first change brings them all along.
  const older = (await readJson(file.path)).kind === 'missing' ? await readOlder(scope, root) : null;
  await updateJson(
    scope,
    file.path,
    (value) => {
      const config = file.isOwn ? value : rowOf(value.pluginConfig);
      const next: Record<string, unknown> = { ...config };
      for (const [key, change] of Object.entries(changes)) {
        if (change === null) delete next[key];
        else if (change !== undefined) next[key] = change;
      }
      return file.isOwn ? next : { ...value, pluginConfig: next, version: 1 };
    },
    {
      mode: 0o644, // no secrets in it
      initial: file.isOwn ? {} : { pluginConfig: older?.config ?? {}, version: 1 },
      read: file.isOwn ? readJson : readWithBackup,
      beforeWrite: async (former) => {
        // The previous valid file is what a broken one is recovered from.
        if (former.kind !== 'ok' || file.isOwn) return;
        await writeFileAtomic(`${file.path}.bak`, former.text, { mode: 0o644, tempSuffix: '.steward-new' });
      },
    },
  );
}

async function readConfig(
  scope: CodexScope,
  warnings: string[],
): Promise<{ readonly path: string | null; readonly config: Row }> {
  const own = ownFile(scope);
  if (own !== null) {
    const reading = await readJson(own.path);
    if (reading.kind === 'ok') return { path: own.path, config: reading.value };
    if (reading.kind === 'broken') warnings.push(reading.message);
  }
  const root = resolveRoot(scope);
  const path = join(root, 'settings.json');
  const reading = await readWithBackup(path, warnings);
  if (reading.kind === 'ok') return { path, config: rowOf(reading.value.pluginConfig) };
  if (reading.kind === 'broken') return { path, config: {} };
  return (await readOlder(scope, root)) ?? { path: null, config: {} };
}

function ownFile({ host }: CodexScope): SettingsFile | null {
  const named = host.env.CODEX_MULTI_AUTH_CONFIG_PATH?.trim() ?? '';
  return named === '' ? null : { path: resolve(host.cwd, named), isOwn: true };
}

/** A broken file gives way to the last valid one. */
async function readWithBackup(path: string, warnings: string[] = []): Promise<JsonReading> {
  const reading = await readJson(path);
  if (reading.kind !== 'broken') return reading;
  warnings.push(reading.message);
  const backup = reading.isDamage ? await readJson(`${path}.bak`) : reading;
  return backup.kind === 'ok' ? backup : reading;
}

/** Where versions before the unified file kept the settings. */
async function readOlder({ home }: CodexScope, root: string) {
  const places = [
    join(root, 'config.json'),
    join(home.path, 'codex-multi-auth-config.json'),
    join(home.path, 'openai-codex-auth-config.json'),
  ];
  for (const path of places) {
    const reading = await readJson(path);
    if (reading.kind === 'ok') return { path, config: reading.value };
  }
  return null;
}

function rowOf(value: unknown): Row {
  return isRow(value) ? value : {};
}
