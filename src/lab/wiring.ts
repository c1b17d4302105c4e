/** What points an official Codex, or steward, at a lab: lines of `config.toml` and environment variables. */
import type { HomePlan } from './scenarios/scenario.ts';

/** A loopback port where nobody listens (tcpmux, which needs root and is off everywhere). */
const CLOSED = 'http://127.0.0.1:1';

/** Top-level lines of `config.toml`. Below `/v1`, because 0.169 re-routes paths below `<chatgpt_base_url>/codex`. */
export function codexConfig(
  url: string,
  plan: Pick<HomePlan, 'backend' | 'model' | 'config'>,
): readonly string[] {
  return [
    `chatgpt_base_url = "${plan.backend === 'lab' ? url : CLOSED}/backend-api/"`,
    `openai_base_url = "${modelBase(url, plan.model)}"`,
    ...plan.config.map((line) => line.replaceAll('{url}', url)),
  ];
}

function modelBase(url: string, model: HomePlan['model']): string {
  switch (model) {
    case 'lab':
      return `${url}/v1`;
    case 'backend':
      return `${url}/backend-api/codex`;
    case 'closed':
      return `${CLOSED}/v1`;
  }
}

/**
 * Variables for a process in the lab. Credentials and addresses of the real world are taken away (`undefined`), and the
 * lab is the proxy for everything that is not loopback, so that nothing gets out.
 */
export function labEnvironment(url: string): Readonly<Record<string, string | undefined>> {
  const noProxy = '127.0.0.1,localhost,::1';
  return {
    CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${url}/oauth/token`,
    CODEX_REVOKE_TOKEN_URL_OVERRIDE: `${url}/oauth/revoke`,
    CODEX_APP_SERVER_LOGIN_ISSUER: url,
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    ALL_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    all_proxy: url,
    NO_PROXY: noProxy,
    no_proxy: noProxy,
    OPENAI_API_KEY: undefined,
    OPENAI_BASE_URL: undefined,
    CODEX_API_KEY: undefined,
    CODEX_ACCESS_TOKEN: undefined,
    CODEX_SQLITE_HOME: undefined,
    CODEX_APP_SERVER_CHATGPT_BASE_URL: undefined,
  };
}
