/**
 * `auth.json`, as Codex itself would judge it. The verdicts were measured with `codex login status` and `codex exec`
 * of 0.133 and 0.169 on every shape below; where both refuse a file it is `malformed` here, where they accept it but send
 * no or a wrong credential it is a {@link CredentialDefect}.
 */
import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuthDocument, type AuthMode, type AuthTokens, parseAuthJson } from './auth-json.ts';
import type { CodexReader } from './home.ts';
import { decodeTokenClaims, type TokenClaims } from './jwt-claims.ts';
import { type Reading, readBytes } from './reading.ts';

/** A real one has a few kB. */
const MAX_AUTH_BYTES = 4 * 1024 * 1024;

/** Why a login that Codex calls "logged in" cannot work, or will stop working. */
export type CredentialDefect =
  /** ChatGPT mode without `tokens`: requests go out without a credential. */
  | 'tokens-missing'
  /** ChatGPT mode without `last_refresh`: Codex 0.133 and 0.169 then send no credential at all. */
  | 'last-refresh-missing'
  /** Sent as it is, after refresh attempts that it causes itself. */
  | 'access-token-unreadable'
  /** Works until the access token expires, and can never be renewed. */
  | 'refresh-token-empty'
  /** API-key mode without a key ("API key auth is missing a key."), or with an empty one. */
  | 'api-key-missing'
  | 'agent-identity-missing'
  | 'agent-identity-unreadable';

export interface AuthFile {
  readonly mode: AuthMode;
  /** `auth_mode` stands in the file; older versions left it out. */
  readonly modeStated: boolean;
  readonly apiKey: string | null;
  readonly tokens: AuthTokens | null;
  /** Epoch ms. */
  readonly lastRefresh: number | null;
  /** Of the id token, which is where Codex takes the account's name and plan from. */
  readonly identity: TokenClaims | null;
  /** Of the access token: its expiry is what counts. */
  readonly access: TokenClaims | null;
  readonly defects: readonly CredentialDefect[];
  /** Members that Codex 0.169 does not know; kept by whoever rewrites the file. */
  readonly extraMembers: readonly string[];
  /** Permission bits (`0o600`); `null` on Windows. */
  readonly permissions: number | null;
  /** Owner; `null` on Windows. */
  readonly uid: number | null;
  /** Epoch ms. */
  readonly modifiedAt: number;
  readonly isSymbolicLink: boolean;
}

/** The stored credential. In keyring mode Codex deletes this file: `missing` alone does not mean "not logged in". */
export const readAuth: CodexReader<Reading<AuthFile>> = async ({ host, home }) => {
  const path = join(home.path, 'auth.json');
  const bytes = await readBytes(path, MAX_AUTH_BYTES);
  if (bytes.kind !== 'ok') return bytes;
  const parsed = await parseAuthJson(bytes.value);
  if (parsed.kind === 'malformed') return { ...parsed, path };

  const document = parsed.value;
  const tokens = document.tokens ?? null;
  const [identity, access] = tokens
    ? await Promise.all([decodeTokenClaims(tokens.idToken), decodeTokenClaims(tokens.accessToken)])
    : [null, null];
  if (tokens && identity === null) {
    return { kind: 'malformed', path, message: 'tokens.id_token is not a JWT' };
  }
  const [link, file] = await Promise.all([lstat(path), stat(path)]);
  const posix = host.platform !== 'win32';
  const mode = modeOf(document);
  return {
    kind: 'ok',
    path,
    value: {
      mode,
      modeStated: document.mode !== undefined,
      apiKey: document.apiKey,
      tokens,
      lastRefresh: document.lastRefresh,
      identity,
      access,
      defects: defectsOf(mode, document, access),
      extraMembers: document.extraMembers,
      permissions: posix ? file.mode & 0o777 : null,
      uid: posix ? file.uid : null,
      modifiedAt: file.mtimeMs,
      isSymbolicLink: link.isSymbolicLink(),
    },
  };
};

/** Without `auth_mode`: a personal access token (0.169), else a key even beside tokens, else ChatGPT. */
function modeOf(document: AuthDocument): AuthMode {
  if (document.mode !== undefined) return document.mode;
  if (document.personalAccessToken !== null) return 'personalAccessToken';
  if (document.apiKey !== null) return 'apikey';
  if (document.agentIdentity !== null && document.tokens === null) return 'agentIdentity';
  return 'chatgpt';
}

function defectsOf(
  mode: AuthMode,
  document: AuthDocument,
  access: TokenClaims | null,
): readonly CredentialDefect[] {
  switch (mode) {
    case 'chatgpt':
    case 'chatgptAuthTokens': {
      if (document.tokens === null) return ['tokens-missing'];
      const defects: CredentialDefect[] = [];
      if (document.lastRefresh === null) defects.push('last-refresh-missing');
      if (access === null) defects.push('access-token-unreadable');
      if (mode === 'chatgpt' && document.tokens.refreshToken === '') defects.push('refresh-token-empty');
      return defects;
    }
    case 'apikey':
      return document.apiKey === null || document.apiKey === '' ? ['api-key-missing'] : [];
    case 'agentIdentity': {
      if (document.agentIdentity === null) return ['agent-identity-missing'];
      return document.agentIdentity.split('.').length === 3 ? [] : ['agent-identity-unreadable'];
    }
    case 'personalAccessToken':
    case 'bedrockApiKey':
      return []; // only the server, or AWS, can tell
  }
}
