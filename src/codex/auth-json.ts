/**
 * The bytes of `auth.json` to its members, refusing what Codex refuses. No message quotes the file: it is all secrets.
 */
import * as v from 'valibot';

/** Which kind of credential Codex takes from the file. */
export type AuthMode =
  | 'apikey'
  | 'chatgpt'
  /** Supplied by an embedding client and normally kept in memory only. */
  | 'chatgptAuthTokens'
  | 'agentIdentity'
  /** 0.169 and later. */
  | 'personalAccessToken'
  /** 0.169 and later. */
  | 'bedrockApiKey';

export interface AuthTokens {
  readonly idToken: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** What goes into the `chatgpt-account-id` header. */
  readonly accountId: string | null;
}

/** The members of `auth.json`, with those that Codex may leave out made explicit. */
export interface AuthDocument {
  readonly mode: AuthMode | undefined;
  readonly apiKey: string | null;
  readonly tokens: AuthTokens | null;
  readonly lastRefresh: number | null;
  readonly agentIdentity: string | null;
  readonly personalAccessToken: string | null;
  readonly extraMembers: readonly string[];
}

export type ParsedAuth =
  | { readonly kind: 'ok'; readonly value: AuthDocument }
  | {
      readonly kind: 'malformed';
      readonly message: string;
      readonly line?: number;
      readonly column?: number;
    };

/** As `auth_mode` spells them; 0.133 knows the first four. */
const MODES = [
  'apikey',
  'chatgpt',
  'chatgptAuthTokens',
  'agentIdentity',
  'personalAccessToken',
  'bedrockApiKey',
] as const satisfies readonly AuthMode[];

const NullableText = v.optional(v.nullable(v.string()), null);

const AuthJson = v.looseObject({
  auth_mode: v.optional(v.nullable(v.picklist(MODES))),
  OPENAI_API_KEY: NullableText,
  tokens: v.optional(
    v.nullable(
      v.looseObject({
        id_token: v.string(),
        access_token: v.string(),
        refresh_token: v.string(),
        account_id: NullableText,
      }),
    ),
    null,
  ),
  last_refresh: NullableText,
  // 0.133 wants a string; 0.169 also keeps an object here.
  agent_identity: v.optional(v.nullable(v.union([v.string(), v.looseObject({})])), null),
  personal_access_token: NullableText,
});

const KNOWN_MEMBERS: ReadonlySet<string> = new Set(Object.keys(AuthJson.entries).concat('bedrock_api_key'));

/** Parses as Codex 0.133 and 0.169 do: strict JSON, no byte order mark, RFC 3339 time. Never throws. */
export async function parseAuthJson(bytes: Buffer): Promise<ParsedAuth> {
  if (bytes.length === 0) return malformed('the file is empty');
  if (bytes.every((byte) => byte === 0)) return malformed('the file holds only zero bytes (lost in a crash)');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return malformed('it starts with a byte order mark, which Codex does not accept here', 1, 1);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return malformed('not UTF-8 text');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return notJson(text);
  }
  const twice = [...KNOWN_MEMBERS].find(
    (member) => (text.match(new RegExp(`"${member}"\\s*:`, 'g'))?.length ?? 0) > 1,
  );
  if (twice !== undefined) return malformed(`"${twice}" stands in it twice`);

  if (Array.isArray(json)) return malformed('the top level is a list, not an object'); // an object to valibot
  const parsed = v.safeParse(AuthJson, json);
  if (!parsed.success) return malformed(describeIssue(parsed.issues[0]));
  const value = parsed.output;
  const lastRefresh = value.last_refresh === null ? null : Date.parse(value.last_refresh);
  if (
    lastRefresh !== null &&
    (Number.isNaN(lastRefresh) || !/^\d{4}-\d\d-\d\d[Tt ]/.test(value.last_refresh ?? ''))
  ) {
    return malformed('last_refresh is not an RFC 3339 time');
  }
  return {
    kind: 'ok',
    value: {
      mode: value.auth_mode ?? undefined,
      apiKey: value.OPENAI_API_KEY,
      tokens: value.tokens && {
        idToken: value.tokens.id_token,
        accessToken: value.tokens.access_token,
        refreshToken: value.tokens.refresh_token,
        accountId: value.tokens.account_id,
      },
      lastRefresh,
      agentIdentity: typeof value.agent_identity === 'string' ? value.agent_identity : null,
      personalAccessToken: value.personal_access_token,
      extraMembers: Object.keys(value).filter((member) => !KNOWN_MEMBERS.has(member)),
    },
  };
}

/** Where and how the JSON breaks off; the parser's own words would quote the file. */
async function notJson(text: string): Promise<ParsedAuth> {
  const { parseTree } = await import('jsonc-parser');
  const errors: { error: number; offset: number; length: number }[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const offset = errors[0]?.offset ?? 0;
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const truncated = offset >= text.trimEnd().length || !/[}\]]\s*$/.test(text);
  return malformed(
    truncated ? 'the JSON breaks off before its end (truncated)' : 'not valid JSON',
    line,
    column,
  );
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = issue.path?.map((item) => String(item.key)).join('.') ?? '';
  if (path === '') return `the top level is ${typeName(issue.input)}, not an object`;
  if (path === 'auth_mode' && typeof issue.input === 'string') {
    return `auth_mode is none of ${MODES.join(', ')}`;
  }
  if (issue.input === undefined) return `${path} is missing`;
  return `${path} is ${typeName(issue.input)}, not ${path === 'tokens' ? 'an object' : 'text'}`;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function malformed(message: string, line?: number, column?: number): ParsedAuth {
  return {
    kind: 'malformed',
    message,
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
