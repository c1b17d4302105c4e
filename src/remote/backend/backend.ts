/**
 * The remote-control endpoints of the ChatGPT backend that belong to a person: clients, environments, MFA. Shapes as public
 * clients of this API use them; unknown members are kept out of the way, missing ids make the whole answer unreadable.
 */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { createHttp } from '../../codex/http.ts';
import { type Asker, askBackend, type BackendAnswer } from './answer.ts';
import { readRemoteBase } from './base-url.ts';
import { type RemoteLogin, readRemoteLogin, withFreshToken } from './login.ts';

/** A phone or app that may drive machines of this account. */
export interface RemoteClient {
  readonly clientId: string;
  /** `pending_enrollment`, `enrolled`, `revoked`; `null` in lists that do not tell. */
  readonly status: string | null;
  readonly displayName: string | null;
  readonly deviceType: string | null;
  readonly platform: string | null;
  /** Epoch ms. */
  readonly lastSeenAt: number | null;
}

/** A machine of this account, as the server lists it. */
export interface RemoteEnvironment {
  readonly environmentId: string;
  readonly displayName: string | null;
  readonly hostName: string | null;
  readonly online: boolean | null;
  /** `CODEX_CLI`, `CODEX_DESKTOP_APP`. */
  readonly clientType: string | null;
  readonly os: string | null;
  readonly version: string | null;
  /** Epoch ms. */
  readonly lastSeenAt: number | null;
}

export interface RemoteBackend {
  readonly kind: 'ok';
  readonly base: URL;
  readonly login: RemoteLogin;
  listClients(): Promise<BackendAnswer<readonly RemoteClient[]>>;
  listEnvironments(): Promise<BackendAnswer<readonly RemoteEnvironment[]>>;
  environment(environmentId: string): Promise<BackendAnswer<RemoteEnvironment>>;
  /** Clients that were paired with that machine. */
  clientsOf(environmentId: string): Promise<BackendAnswer<readonly RemoteClient[]>>;
  /** What that client may drive: the question by which the server says that a client is revoked. */
  environmentsOf(clientId: string): Promise<BackendAnswer<readonly RemoteEnvironment[]>>;
  /** Whether the account must use MFA for remote control; `null` for an answer that says neither. */
  mfaRequired(): Promise<BackendAnswer<{ readonly required: boolean | null }>>;
  /** Whether the account has MFA switched on. */
  mfaEnabled(): Promise<BackendAnswer<{ readonly enabled: boolean }>>;
  removeClient(clientId: string): Promise<BackendAnswer<true>>;
  removeEnvironment(environmentId: string): Promise<BackendAnswer<true>>;
  /** Ends the right of one client to one machine. */
  revokeGrant(environmentId: string, clientId: string): Promise<BackendAnswer<true>>;
  close(): Promise<void>;
}

export type BackendUnavailable = {
  readonly kind: 'unavailable';
  readonly reason: 'no-login' | 'login-expired' | 'api-key' | 'bad-base-url';
  readonly message: string;
};

const PAGE = 100;
/** More than anybody has; a server that never ends its list is not followed for ever. */
const MAX_PAGES = 30;

const text = v.optional(v.nullable(v.string()), null);
const time = v.pipe(
  v.optional(v.nullable(v.union([v.string(), v.number()])), null),
  v.transform((value) => {
    if (value === null) return null;
    const ms = typeof value === 'number' ? value * 1000 : Date.parse(value);
    return Number.isNaN(ms) ? null : ms;
  }),
);
const clientSchema = v.looseObject({
  client_id: v.pipe(v.string(), v.nonEmpty()),
  enrollment_status: text,
  display_name: text,
  device_type: text,
  platform: text,
  last_seen_at: time,
});
const environmentSchema = v.looseObject({
  env_id: v.pipe(v.string(), v.nonEmpty()),
  display_name: text,
  host_name: text,
  online: v.optional(v.nullable(v.boolean()), null),
  client_type: text,
  os: text,
  app_server_version: text,
  last_seen_at: time,
});
const page = v.looseObject({ items: v.array(v.unknown()), cursor: text });

export interface BackendOptions {
  /** For each question. */
  readonly timeoutMs: number;
  /** `false`: an expired login stays as it is, for a look that must change nothing. */
  readonly refresh?: boolean;
}

/** The backend of this home, for the account that is logged in. Makes no request yet; `close` it when done. */
export async function openRemoteBackend(
  scope: CodexScope,
  options: BackendOptions,
): Promise<RemoteBackend | BackendUnavailable> {
  const [base, stored] = await Promise.all([readRemoteBase(scope), readRemoteLogin(scope)]);
  if (base.kind === 'refused') {
    const message = `chatgpt_base_url is ${base.value}: ${base.message}`;
    return { kind: 'unavailable', reason: 'bad-base-url', message };
  }
  if (stored.kind !== 'ok') {
    const reason = stored.kind === 'api-key' ? 'api-key' : 'no-login';
    return { kind: 'unavailable', reason, message: stored.message };
  }
  const login = options.refresh === false ? stored : await withFreshToken(scope, stored);
  if (login.kind === 'expired')
    return { kind: 'unavailable', reason: 'login-expired', message: login.message };
  const http = createHttp(scope);
  const asker: Asker = { http, login, timeoutMs: options.timeoutMs, now: scope.host.now };
  const at = (path: string) => new URL(path, base.url);
  const one = encodeURIComponent;
  const list = <T>(path: string, parse: (value: unknown) => T | null) => listAll(asker, at(path), parse);
  const remove = (path: string) =>
    askBackend(asker, { method: 'DELETE', url: at(path) }, () => true as const);
  return {
    kind: 'ok',
    base: base.url,
    login,
    listClients: () => list('wham/remote/control/clients', clientOf),
    listEnvironments: () => list('codex/remote/control/environments', environmentOf),
    environment: (id) =>
      askBackend(
        asker,
        { method: 'GET', url: at(`codex/remote/control/environments/${one(id)}`) },
        environmentOf,
      ),
    clientsOf: (id) => list(`wham/remote/control/environments/${one(id)}/clients`, clientOf),
    environmentsOf: (id) => list(`codex/remote/control/clients/${one(id)}/environments`, environmentOf),
    mfaRequired: () =>
      askBackend(asker, { method: 'GET', url: at('wham/remote/control/mfa_requirement') }, requirementOf),
    mfaEnabled: () => askBackend(asker, { method: 'GET', url: at('accounts/mfa_info') }, mfaOf),
    removeClient: (id) => remove(`wham/remote/control/clients/${one(id)}`),
    removeEnvironment: (id) => remove(`codex/remote/control/environments/${one(id)}`),
    revokeGrant: (environment, client) =>
      remove(`wham/remote/control/environments/${one(environment)}/clients/${one(client)}`),
    close: () => http.close(),
  };
}

/** All pages, or the first thing that went wrong: half a list proves nothing. */
async function listAll<T>(
  asker: Asker,
  url: URL,
  parse: (value: unknown) => T | null,
): Promise<BackendAnswer<readonly T[]>> {
  const items: T[] = [];
  const seen = new Set<string>();
  let cursor = '';
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const own = new URL(url);
    own.searchParams.set('limit', String(PAGE));
    if (cursor !== '') own.searchParams.set('cursor', cursor);
    const answer = await askBackend(asker, { method: 'GET', url: own }, (value) => {
      const parsed = v.safeParse(page, value);
      if (!parsed.success) return null;
      const own = parsed.output.items.map(parse);
      return own.every((item) => item !== null) ? { items: own, cursor: parsed.output.cursor ?? '' } : null;
    });
    if (answer.kind !== 'ok') return answer;
    items.push(...answer.value.items);
    cursor = answer.value.cursor;
    if (cursor === '') return { ...answer, value: items };
    if (seen.has(cursor)) break;
    seen.add(cursor);
  }
  const message = 'the list does not come to an end';
  return { kind: 'failed', method: 'GET', url: url.href, reason: 'unreadable', message, isSent: true };
}

function clientOf(value: unknown): RemoteClient | null {
  const parsed = v.safeParse(clientSchema, value);
  if (!parsed.success) return null;
  const { client_id, enrollment_status, display_name, device_type, platform, last_seen_at } = parsed.output;
  return {
    clientId: client_id,
    status: enrollment_status,
    displayName: display_name,
    deviceType: device_type,
    platform,
    lastSeenAt: last_seen_at,
  };
}

function environmentOf(value: unknown): RemoteEnvironment | null {
  const parsed = v.safeParse(environmentSchema, value);
  if (!parsed.success) return null;
  const { env_id, display_name, host_name, online, client_type, os, app_server_version, last_seen_at } =
    parsed.output;
  return {
    environmentId: env_id,
    displayName: display_name,
    hostName: host_name,
    online,
    clientType: client_type,
    os,
    version: app_server_version,
    lastSeenAt: last_seen_at,
  };
}

function requirementOf(value: unknown): { readonly required: boolean | null } | null {
  const parsed = v.safeParse(v.looseObject({ requirement: v.string() }), value);
  if (!parsed.success) return null;
  const { requirement } = parsed.output;
  return {
    required: requirement === 'required' ? true : /not|none|optional/.test(requirement) ? false : null,
  };
}

function mfaOf(value: unknown): { readonly enabled: boolean } | null {
  const parsed = v.safeParse(v.looseObject({ mfa_enabled_v2: v.boolean() }), value);
  return parsed.success ? { enabled: parsed.output.mfa_enabled_v2 } : null;
}
