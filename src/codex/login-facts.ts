/**
 * How this home is set up to log in, put together from all configuration layers: where the credential is kept, what is
 * enforced, which provider the model traffic goes to.
 */
import { type AuthFile, readAuth } from './auth-file.ts';
import type { AuthMode } from './auth-json.ts';
import {
  type ConfigLayer,
  effectiveSetting,
  effectiveText,
  providerTable,
  readConfigLayers,
} from './config-layers.ts';
import { BUILT_IN_PROVIDERS } from './config-schema.ts';
import { type CodexReader, readIn } from './home.ts';
import type { Reading } from './reading.ts';
import type { TomlTable } from './toml.ts';

/** `file` is the default. `ephemeral`: kept in memory, gone when the process ends. */
export type CredentialStore = 'file' | 'keyring' | 'auto' | 'ephemeral';

export interface ModelProvider {
  readonly id: string;
  readonly builtIn: boolean;
  /** Where the model traffic goes; `null` for the provider's own default. */
  readonly baseUrl: string | null;
  /** The key that says so, and its file; `null` for the default. */
  readonly baseUrlKey: readonly string[] | null;
  readonly layer: ConfigLayer | null;
  /** The key that selects this provider; `null` when it is the default. */
  readonly selectedBy: readonly string[] | null;
  readonly selectedIn: ConfigLayer | null;
  /** Name of the environment variable with its key. */
  readonly envKey: string | null;
  readonly requiresOpenaiAuth: boolean;
  /** It brings a credential of its own: a token, a command, headers, AWS. */
  readonly hasOwnCredential: boolean;
}

export interface LoginFacts {
  readonly layers: readonly ConfigLayer[];
  readonly auth: Reading<AuthFile>;
  readonly store: CredentialStore;
  readonly provider: ModelProvider;
  /** Something of the configuration could not be read: what is said above may be incomplete. */
  readonly configIncomplete: boolean;
}

/** The facts about the login of this home. */
export const readLoginFacts: CodexReader<LoginFacts> = async (scope) => {
  const [layers, auth] = await Promise.all([readIn(scope, readConfigLayers), readIn(scope, readAuth)]);
  const store = effectiveSetting(layers, ['cli_auth_credentials_store'])?.value;
  return {
    layers,
    auth,
    store: store === 'keyring' || store === 'auto' || store === 'ephemeral' ? store : 'file',
    provider: providerOf(layers),
    configIncomplete: layers.some(
      ({ reading }) => reading.kind === 'malformed' || reading.kind === 'unreadable',
    ),
  };
};

/** Whether that mode is a login with ChatGPT (and not a key). */
export function isChatgptLogin(mode: AuthMode): boolean {
  return mode === 'chatgpt' || mode === 'chatgptAuthTokens';
}

function providerOf(layers: readonly ConfigLayer[]): ModelProvider {
  const selected = effectiveText(layers, 'model_provider');
  const id = selected?.value ?? 'openai';
  const selectedBy = selected?.key ?? null;
  const selectedIn = selected?.layer ?? null;
  const own = {
    selectedBy,
    selectedIn,
    envKey: null,
    requiresOpenaiAuth: id === 'openai',
    hasOwnCredential: false,
  };
  if (id === 'openai') {
    const url = effectiveText(layers, 'openai_base_url');
    return {
      id,
      builtIn: true,
      baseUrl: url?.value ?? null,
      baseUrlKey: url?.key ?? null,
      layer: url?.layer ?? null,
      ...own,
    };
  }
  const found = providerTable(layers, id);
  if (!found) {
    const builtIn = BUILT_IN_PROVIDERS.includes(id);
    return {
      id,
      builtIn,
      baseUrl: null,
      baseUrlKey: selected?.key ?? null,
      layer: selected?.layer ?? null,
      ...own,
    };
  }
  const table = found.value;
  const baseUrl = textOf(table, 'base_url');
  return {
    id,
    builtIn: false,
    baseUrl,
    baseUrlKey: ['model_providers', id, 'base_url'],
    layer: found.layer,
    selectedBy,
    selectedIn,
    envKey: textOf(table, 'env_key'),
    requiresOpenaiAuth: table.requires_openai_auth === true,
    hasOwnCredential: ['experimental_bearer_token', 'auth', 'aws', 'env_http_headers', 'http_headers'].some(
      (key) => Object.hasOwn(table, key),
    ),
  };
}

function textOf(table: TomlTable, key: string): string | null {
  const value = table[key];
  return typeof value === 'string' ? value : null;
}
