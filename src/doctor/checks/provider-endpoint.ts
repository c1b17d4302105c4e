/** Does anything listen where the configuration sends Codex on this machine? A proxy that is gone is a known trap. */
import { type ConfigLayer, effectiveText } from '../../codex/config-layers.ts';
import { type ModelProvider, readLoginFacts } from '../../codex/login-facts.ts';
import { type LocalEndpoint, loopbackOf, probeLoopback } from '../../codex/loopback.ts';
import { tomlKey } from '../../codex/toml.ts';
import { RIVAL_PROVIDER, readBinding } from '../../gateway-client/binding.ts';
import { finding } from '../../knowledge/finding.ts';
import type { Check, FoundProblem } from '../check.ts';
import { planRemoveEndpoint, type Removal, removalOf } from '../repairs/provider.ts';
import { settingEvidence } from './config-evidence.ts';

/** Where the built-in local providers listen unless told otherwise. */
const BUILT_IN_LOCAL: Readonly<Record<string, string>> = {
  ollama: 'http://localhost:11434/v1',
  lmstudio: 'http://localhost:1234/v1',
};

interface Endpoint {
  readonly key: readonly string[];
  readonly layer: ConfigLayer;
  readonly url: string;
  readonly purpose: string;
  readonly removal: Removal | null;
}

export const providerEndpointCheck: Check = {
  id: 'steward.provider-endpoint',
  category: 'provider',
  title: 'Local endpoints',
  finds: ['provider.local_endpoint_down'],
  timeoutMs: 4000,
  async run(context) {
    const { layers, provider } = await context.read(readLoginFacts);
    const binding = await context.read(readBinding);
    const endpoints = [...modelEndpoint(provider, context.host.env), ...backendEndpoint(layers)].filter(
      // The gateway's own check tells about it, and knows how to start it.
      ({ url }) => binding.kind !== 'bound' || url !== binding.record.baseUrl,
    );
    const probed = await Promise.all(
      endpoints.map(async (endpoint) => {
        const local = loopbackOf(endpoint.url);
        return local && { endpoint, state: await probeLoopback(local.hosts, local.port) };
      }),
    );
    const local = probed.filter((item) => item !== null);
    const details = Object.fromEntries(
      local.map(({ endpoint, state }) => [tomlKey(endpoint.key), stateText(state)]),
    );
    const down = local.filter(({ state }) => state.kind === 'down');
    if (down.length > 0) {
      const problems = await Promise.all(down.map(({ endpoint }) => problemOf(endpoint)));
      return { summary: 'a local endpoint does not answer', status: 'problems', details, problems };
    }
    const unknown = local.find(({ state }) => state.kind === 'unknown');
    if (unknown)
      return {
        summary: `${origin(unknown.endpoint.url)}: ${stateText(unknown.state)}`,
        status: 'skipped',
        details,
        problems: [],
      };
    const summary =
      local.length === 0 ? 'no endpoint on this machine is configured' : 'every local endpoint listens';
    return { summary, status: 'ok', details, problems: [] };
  },
};

function modelEndpoint(
  provider: ModelProvider,
  env: Readonly<Record<string, string | undefined>>,
): readonly Endpoint[] {
  const removal = removalOf(provider);
  const purpose = 'the model traffic';
  if (provider.baseUrl !== null && provider.layer !== null && provider.baseUrlKey !== null) {
    return [{ key: provider.baseUrlKey, layer: provider.layer, url: provider.baseUrl, purpose, removal }];
  }
  const url = BUILT_IN_LOCAL[provider.id];
  const moved = env.CODEX_OSS_BASE_URL ?? env.CODEX_OSS_PORT; // then it is elsewhere, and not ours to guess
  if (
    url === undefined ||
    moved !== undefined ||
    provider.selectedBy === null ||
    provider.selectedIn === null
  )
    return [];
  return [{ key: provider.selectedBy, layer: provider.selectedIn, url, purpose, removal }];
}

function backendEndpoint(layers: readonly ConfigLayer[]): readonly Endpoint[] {
  const backend = effectiveText(layers, 'chatgpt_base_url');
  if (backend === undefined) return [];
  const { key, layer, value } = backend;
  const summary = `Turn ${tomlKey(key)} into a comment: Codex then uses the backend of ChatGPT.`;
  return [
    {
      key,
      layer,
      url: value,
      purpose: 'account, usage and remote control',
      removal: { key, layer, summary },
    },
  ];
}

async function problemOf({ key, layer, url, purpose, removal }: Endpoint): Promise<FoundProblem> {
  const name = tomlKey(key);
  const common = {
    subject: name,
    evidence: [
      await settingEvidence(layer, key, origin(url)),
      { source: 'process' as const, where: origin(url), what: 'connection refused: nothing listens there' },
    ],
    cause: `${name} in ${layer.path} sends ${purpose} to ${origin(url)}, and nothing listens there.`,
    steps: [
      ...(key.includes(RIVAL_PROVIDER)
        ? ['steward auth rotation unbind-app   # what codex-multi-auth bound, as it was before; or:']
        : []),
      `Start the program that should listen at ${origin(url)}`,
      `or remove ${name} from ${layer.path}.`,
    ],
  };
  if (removal === null || removal.layer.kind !== 'user') {
    return {
      finding: finding('provider.local_endpoint_down', {
        ...common,
        actor: layer.kind === 'user' ? 'you' : 'admin',
      }),
    };
  }
  const repairId = 'provider.local_endpoint_down.restore-official';
  return {
    finding: finding('provider.local_endpoint_down', {
      ...common,
      summary: `Start it; or: ${removal.summary}`,
      repairId,
    }),
    plan: () => planRemoveEndpoint(removal, repairId),
  };
}

/** Scheme, host and port: a path or query may carry a secret. */
function origin(url: string): string {
  return new URL(url).origin;
}

function stateText(state: LocalEndpoint): string {
  return state.kind === 'unknown' ? `undecided (${state.reason})` : state.kind;
}
