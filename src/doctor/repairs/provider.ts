/** Takes an endpoint out of the configuration again, so that Codex talks to OpenAI as it does by default. */
import type { ConfigLayer } from '../../codex/config-layers.ts';
import type { ModelProvider } from '../../codex/login-facts.ts';
import { tomlKey } from '../../codex/toml.ts';
import type { KeyPath, RepairPlan } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';
import { planCommentOutKeys } from './config-edit.ts';

export interface Removal {
  readonly layer: ConfigLayer;
  readonly key: KeyPath;
  readonly summary: string;
}

/**
 * What to take out so that this provider is no longer used: its address, or for a custom one the line that selects it
 * (its table stays). `null` where nothing selects it.
 */
export function removalOf(provider: ModelProvider): Removal | null {
  if (provider.id === 'openai') {
    if (provider.baseUrlKey === null || provider.layer === null) return null;
    const name = tomlKey(provider.baseUrlKey);
    return {
      layer: provider.layer,
      key: provider.baseUrlKey,
      summary: `Turn ${name} into a comment: Codex then uses its own endpoint.`,
    };
  }
  if (provider.selectedBy === null || provider.selectedIn === null) return null;
  const name = tomlKey(provider.selectedBy);
  return {
    layer: provider.selectedIn,
    key: provider.selectedBy,
    summary: `Turn ${name} into a comment: Codex then uses OpenAI; sessions of ${provider.id} are listed again when it comes back.`,
  };
}

/** The plan for it; only for the user's own file. */
export async function planRemoveEndpoint(
  removal: Removal,
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const { layer } = removal;
  if (layer.kind !== 'user' || layer.reading.kind !== 'ok')
    return { refused: `${layer.path} is not yours to change` };
  const input = { path: layer.path, text: layer.reading.value.text, repairId, summary: removal.summary };
  return planCommentOutKeys(input, [removal.key], 'taken out by a repair');
}
