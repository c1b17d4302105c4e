/** How findings name a place in a configuration file. */
import type { ConfigLayer } from '../../codex/config-layers.ts';
import { locateKeys } from '../../codex/config-positions.ts';
import { tomlKey } from '../../codex/toml.ts';
import type { Evidence } from '../../knowledge/finding.ts';
import { redact } from '../../storage/redact.ts';

/** `…/config.toml:12`, with what stands there. */
export async function keyEvidence(
  path: string,
  text: string,
  key: readonly string[],
  what: string,
): Promise<Evidence> {
  const position = (await locateKeys(text)).find(key);
  const where = position ? `${path}:${position.line}` : path;
  return { source: 'config', where, what: redact(`${tomlKey(key)}: ${what}`) };
}

/** The same for a layer that was read. */
export async function settingEvidence(
  layer: ConfigLayer,
  key: readonly string[],
  what: string,
): Promise<Evidence> {
  if (layer.reading.kind !== 'ok') return { source: 'config', where: layer.path, what: redact(what) };
  return keyEvidence(layer.path, layer.reading.value.text, key, what);
}
