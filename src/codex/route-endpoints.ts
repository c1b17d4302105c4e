/** The endpoints that this Codex home talks to, as its own settings name them (Codex 0.133 to 0.169). */
import { readAuth } from './auth-file.ts';
import { readConfig } from './config-file.ts';
import { type CodexReader, readIn } from './home.ts';
import type { RouteEndpoint } from './route.ts';

const CHATGPT_BASE = 'https://chatgpt.com/backend-api/';
const API_BASE = 'https://api.openai.com/v1/';
const ISSUER = 'https://auth.openai.com/';

export interface RouteEndpoints {
  readonly endpoints: readonly RouteEndpoint[];
  /** Settings that are no URL: there is no way to walk. */
  readonly invalid: readonly { readonly setting: string; readonly value: string }[];
}

/** Model traffic, ChatGPT backend (for ChatGPT logins) and login issuer. */
export const readRouteEndpoints: CodexReader<RouteEndpoints> = async (scope) => {
  const [config, auth] = await Promise.all([readIn(scope, readConfig), readIn(scope, readAuth)]);
  const settings = config.kind === 'ok' ? config.value.value : {};
  const key = auth.kind === 'ok' && auth.value.mode === 'apikey';
  const endpoints: RouteEndpoint[] = [];
  const invalid: { setting: string; value: string }[] = [];
  const base = (setting: string, fallback: string, given: unknown): URL | null => {
    const text = typeof given === 'string' && given !== '' ? given : fallback;
    try {
      const url = new URL(text.endsWith('/') ? text : `${text}/`);
      if (url.protocol === 'https:' || url.protocol === 'http:') return url;
    } catch {
      // said below
    }
    invalid.push({ setting, value: text });
    return null;
  };

  const chatgpt = base('chatgpt_base_url', CHATGPT_BASE, settings.chatgpt_base_url);
  // A changed chatgpt_base_url does not move the model traffic (measured with 0.133.0 and 0.169.0).
  const model = base('openai_base_url', key ? API_BASE : `${CHATGPT_BASE}codex`, settings.openai_base_url);
  const issuer = base('CODEX_APP_SERVER_LOGIN_ISSUER', ISSUER, scope.host.env.CODEX_APP_SERVER_LOGIN_ISSUER);
  if (model !== null) {
    endpoints.push({
      name: 'model traffic',
      url: new URL('models', model),
      webSocketUrl: new URL('responses', model),
    });
  }
  if (chatgpt !== null && !key) {
    endpoints.push({ name: 'ChatGPT backend', url: new URL('wham/usage', chatgpt), webSocketUrl: null });
  }
  if (issuer !== null && !key) {
    endpoints.push({
      name: 'login',
      url: new URL('.well-known/openid-configuration', issuer),
      webSocketUrl: null,
    });
  }
  return { endpoints, invalid };
};
