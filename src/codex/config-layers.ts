/**
 * The files that Codex puts together to its configuration, measured with 0.133 and 0.169 on Linux: from weakest to
 * strongest `/etc/codex/config.toml`, the user's `config.toml`, a trusted project's `.codex/config.toml`,
 * `/etc/codex/managed_config.toml`; `/etc/codex/requirements.toml` limits them all. Files of the last two names inside
 * a Codex home are not read.
 */
import { join } from 'node:path';
import { systemPath } from '../host.ts';
import { type ConfigReading, readConfig, readConfigFile } from './config-file.ts';
import { type CodexReader, readIn } from './home.ts';
import { isTomlTable, type TomlTable, tomlAt } from './toml.ts';

export type LayerKind = 'system' | 'user' | 'project' | 'managed' | 'requirements';

export interface ConfigLayer {
  readonly kind: LayerKind;
  readonly path: string;
  readonly reading: ConfigReading;
}

/** Every layer that exists (the user's always, even when missing), from weakest to strongest. */
export const readConfigLayers: CodexReader<readonly ConfigLayer[]> = async (scope) => {
  const { host } = scope;
  const user = await readIn(scope, readConfig);
  const paths: [LayerKind, string][] = [];
  if (host.platform !== 'win32') {
    for (const [kind, name] of [
      ['system', 'config.toml'],
      ['managed', 'managed_config.toml'],
      ['requirements', 'requirements.toml'],
    ] as const) {
      paths.push([kind, systemPath(host, `/etc/codex/${name}`)]);
    }
  }
  const project = join(host.cwd, '.codex', 'config.toml');
  if (user.kind === 'ok' && project !== user.path && isTrustedFolder(user.value.value, host.cwd)) {
    paths.push(['project', project]);
  }
  const others = await Promise.all(
    paths.map(async ([kind, path]) => ({ kind, path, reading: await readConfigFile(path) })),
  );
  const layers = [{ kind: 'user' as const, path: user.path, reading: user }, ...others];
  const order: readonly LayerKind[] = ['system', 'user', 'project', 'managed', 'requirements'];
  return layers
    .filter((layer) => layer.kind === 'user' || layer.reading.kind !== 'missing')
    .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
};

/** Codex reads a project's configuration only when the user's own calls that folder trusted. */
export function isTrustedFolder(user: TomlTable, folder: string): boolean {
  return tomlAt(user, ['projects', folder, 'trust_level']) === 'trusted';
}

export interface SettingAt {
  readonly value: unknown;
  readonly layer: ConfigLayer;
}

/** The value that wins for that key, and the layer that it comes from; projects may not set credentials or endpoints. */
export function effectiveSetting(
  layers: readonly ConfigLayer[],
  key: readonly string[],
): SettingAt | undefined {
  for (const layer of [...layers].reverse()) {
    if (layer.kind === 'requirements' || layer.kind === 'project' || layer.reading.kind !== 'ok') continue;
    const value = tomlAt(layer.reading.value.value, key);
    if (value !== undefined) return { value, layer };
  }
  return undefined;
}

/** Like {@link effectiveSetting}, but a profile that the same file selects comes first (Codex up to 0.133). */
export function effectiveText(
  layers: readonly ConfigLayer[],
  name: string,
): { readonly value: string; readonly key: readonly string[]; readonly layer: ConfigLayer } | undefined {
  const profile = effectiveSetting(layers, ['profile'])?.value;
  const keys = typeof profile === 'string' ? [['profiles', profile, name], [name]] : [[name]];
  for (const key of keys) {
    const setting = effectiveSetting(layers, key);
    if (setting && typeof setting.value === 'string')
      return { value: setting.value, key, layer: setting.layer };
  }
  return undefined;
}

/** The table of that provider, from whichever layer has it. */
export function providerTable(
  layers: readonly ConfigLayer[],
  id: string,
): (SettingAt & { readonly value: TomlTable }) | undefined {
  const setting = effectiveSetting(layers, ['model_providers', id]);
  return setting && isTomlTable(setting.value) ? { ...setting, value: setting.value } : undefined;
}
