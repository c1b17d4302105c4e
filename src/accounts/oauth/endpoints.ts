/**
 * The sign-in server and the client steward is to it: the official ones, or those that the official overrides name
 * (Codex 0.133 to 0.169), so that a lab can stand in.
 */
import type { CodexScope } from '../../codex/home.ts';
import { EXIT, StewardError } from '../../errors.ts';

const OFFICIAL_ISSUER = 'https://auth.openai.com';
/** Public: the id of the Codex CLI itself. */
const OFFICIAL_CLIENT_ID = 'app_EMoamEEZ73f0CkXaXp7hrann';

export interface AuthEndpoints {
  /** Without a slash at its end. */
  readonly issuer: string;
  readonly clientId: string;
  readonly authorizeUrl: string;
  /** Codes become tokens here. */
  readonly tokenUrl: string;
  /** The same unless `CODEX_REFRESH_TOKEN_URL_OVERRIDE` says otherwise. */
  readonly refreshUrl: string;
  readonly deviceUserCodeUrl: string;
  readonly deviceTokenUrl: string;
  /** Where a person types the device code. */
  readonly devicePageUrl: string;
  /** Named when the code of a device login is exchanged; nothing listens there. */
  readonly deviceRedirectUri: string;
}

export interface EndpointOptions {
  /** Before the environment. */
  readonly issuer?: string;
}

/** The endpoints in force. Throws `ERR_LOGIN_ISSUER` (usage) for one that is no URL or would send tokens in clear text. */
export function readAuthEndpoints(
  { host }: Pick<CodexScope, 'host'>,
  options: EndpointOptions = {},
): AuthEndpoints {
  const given = options.issuer ?? nonEmpty(host.env.CODEX_APP_SERVER_LOGIN_ISSUER) ?? OFFICIAL_ISSUER;
  const issuer = checked(given, 'the sign-in server').replace(/\/+$/, '');
  const refresh = nonEmpty(host.env.CODEX_REFRESH_TOKEN_URL_OVERRIDE);
  const tokenUrl = `${issuer}/oauth/token`;
  return {
    issuer,
    clientId: nonEmpty(host.env.CODEX_APP_SERVER_LOGIN_CLIENT_ID) ?? OFFICIAL_CLIENT_ID,
    authorizeUrl: `${issuer}/oauth/authorize`,
    tokenUrl,
    refreshUrl: refresh === undefined ? tokenUrl : checked(refresh, 'CODEX_REFRESH_TOKEN_URL_OVERRIDE'),
    deviceUserCodeUrl: `${issuer}/api/accounts/deviceauth/usercode`,
    deviceTokenUrl: `${issuer}/api/accounts/deviceauth/token`,
    devicePageUrl: `${issuer}/codex/device`,
    deviceRedirectUri: `${issuer}/deviceauth/callback`,
  };
}

function checked(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return text;
  throw new StewardError('ERR_LOGIN_ISSUER', 'user', `${name} has no address that tokens may be sent to`, {
    hint: 'It must begin with https://; http:// is accepted for this machine only.',
    exitCode: EXIT.usage,
  });
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
