/** Does the credential go to an endpoint that takes its kind, and does a provider with a key of its own have it? */
import { join } from 'node:path';
import {
  type EnvironmentSources,
  readEnvironmentSources,
  searchFile,
  sourcesOf,
} from '../../codex/environment-sources.ts';
import {
  isChatgptLogin,
  type LoginFacts,
  type ModelProvider,
  readLoginFacts,
} from '../../codex/login-facts.ts';
import { tomlKey } from '../../codex/toml.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import type { Check, CheckContext, FoundProblem } from '../check.ts';
import { planRemoveEndpoint, removalOf } from '../repairs/provider.ts';
import { settingEvidence } from './config-evidence.ts';

export const authEndpointCheck: Check = {
  id: 'steward.auth-endpoint',
  category: 'auth',
  title: 'The credential fits the endpoint',
  finds: ['auth.wrong_endpoint_for_token', 'auth.apikey_invalid'],
  timeoutMs: 3000,
  async run(context) {
    const [facts, environment] = await Promise.all([
      context.read(readLoginFacts),
      context.read(readEnvironmentSources),
    ]);
    const { provider } = facts;
    const details = {
      'model provider': provider.id,
      'base URL': provider.baseUrl === null ? 'default' : hostOf(provider.baseUrl),
    };
    const problems = [
      ...(await wrongEndpoint(facts)),
      ...(provider.envKey === null ? [] : await keyProblems(context, provider, provider.envKey, environment)),
    ];
    if (problems.length > 0) {
      return {
        summary: problems.map(({ finding }) => finding.cause).join(' '),
        status: 'problems',
        details,
        problems,
      };
    }
    return { summary: `provider ${provider.id}`, status: 'ok', details, problems };
  },
};

/** `api.openai.com` takes keys; a ChatGPT token ends in "Missing scopes: api.responses.write". */
async function wrongEndpoint(facts: LoginFacts): Promise<readonly FoundProblem[]> {
  const { auth, provider } = facts;
  if (auth.kind !== 'ok' || !isChatgptLogin(auth.value.mode)) return [];
  if (provider.baseUrl === null || hostOf(provider.baseUrl) !== 'api.openai.com') return [];
  if (provider.envKey !== null || provider.hasOwnCredential) return [];
  const { layer, baseUrlKey } = provider;
  if (layer === null || baseUrlKey === null) return [];

  const removal = removalOf(provider);
  const own = removal !== null && removal.layer.kind === 'user';
  const repairId = 'auth.wrong_endpoint_for_token.remove-endpoint';
  const common = {
    subject: tomlKey(baseUrlKey),
    evidence: [
      await settingEvidence(layer, baseUrlKey, hostOf(provider.baseUrl)),
      { source: 'file' as const, where: auth.path, what: 'a ChatGPT login' },
    ],
    cause: `${tomlKey(baseUrlKey)} in ${layer.path} sends the ChatGPT login to api.openai.com, which takes API keys only.`,
    summary: own ? removal.summary : 'Remove the endpoint, or use an API key with it.',
    steps: [
      `Remove ${tomlKey(removal?.key ?? baseUrlKey)} from ${layer.path}: Codex knows the endpoint of a ChatGPT login.`,
      'or use an API key: printenv OPENAI_API_KEY | codex login --with-api-key',
    ],
  };
  if (!own) return [{ finding: finding('auth.wrong_endpoint_for_token', { ...common, actor: 'admin' }) }];
  return [
    {
      finding: finding('auth.wrong_endpoint_for_token', { ...common, repairId }),
      plan: () => planRemoveEndpoint(removal, repairId),
    },
  ];
}

/** "Missing environment variable: `X`." — a blank value counts as missing; `.env` of the home counts as set. */
async function keyProblems(
  context: CheckContext,
  provider: ModelProvider,
  name: string,
  environment: EnvironmentSources,
): Promise<readonly FoundProblem[]> {
  const { layer } = provider;
  const key = ['model_providers', provider.id, 'env_key'];
  if (layer === null) return [];
  const evidence: Evidence[] = [await settingEvidence(layer, key, 'the variable that holds the key')];
  if (/^sk-|^eyJ|\s/.test(name)) {
    return [
      {
        finding: finding('auth.apikey_invalid', {
          subject: tomlKey(key),
          evidence,
          cause: `${tomlKey(key)} in ${layer.path} holds a key itself; it has to be the name of the environment variable with the key.`,
          steps: [`Put the key into an environment variable, and its name into ${tomlKey(key)}.`],
        }),
      },
    ];
  }
  if ((context.host.env[name] ?? '').trim() !== '') return [];
  const inDotenv = await searchFile(join(context.home.path, '.env'), [name]);
  if (inDotenv.some(({ value }) => value.trim() !== '')) return [];
  const places = sourcesOf(environment, name).map(({ path, line }) => `${path}:${line}`);
  return [
    {
      finding: finding('auth.apikey_invalid', {
        subject: name,
        title: 'The key of the model provider is not set',
        evidence: [...evidence, { source: 'env', where: name, what: 'not set' }],
        cause: `Provider ${provider.id} takes its key from ${name}, which is not set here, so every request fails.`,
        summary: `Set ${name}.`,
        steps: [
          ...places.map((place) => `${place} sets it: open a new terminal, or start Codex from one.`),
          `export ${name}=…   # or a line in ${join(context.home.path, '.env')}`,
        ],
      }),
    },
  ];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : 'not a URL';
}
