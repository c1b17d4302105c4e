/** Makes pairing codes and asks whether one was claimed: through the app-server where it can (0.169), else as Codex itself would. */
import * as v from 'valibot';
import { type AppServer, connectAppServer } from '../../codex/app-server-client.ts';
import { parseEnrollmentError } from '../../codex/enrollment-error.ts';
import type { CodexScope } from '../../codex/home.ts';
import { createHttp } from '../../codex/http.ts';
import { readInstallationId } from '../../codex/installation-id.ts';
import { redact } from '../../storage/redact.ts';
import { askBackend, type BackendAnswer } from '../backend/answer.ts';
import { readRemoteBase } from '../backend/base-url.ts';
import { type RemoteLogin, readRemoteLogin } from '../backend/login.ts';
import { type LastError, lastErrorOf } from '../last-error.ts';
import { readLocalState } from '../local-state.ts';
import { whyNot } from '../server-state.ts';

/** Short-lived, good once. Both texts are secrets until then. */
export interface PairingCode {
  /** Goes into the QR code. */
  readonly pairingCode: string;
  /** To be typed; `null` where the server makes none. */
  readonly manualCode: string | null;
  readonly environmentId: string;
  /** Epoch ms, by the server's clock. */
  readonly expiresAt: number;
}

export type CodeOutcome =
  | { readonly kind: 'code'; readonly code: PairingCode }
  /** The backend refused; `null` where the words are not the backend's. */
  | { readonly kind: 'refused'; readonly error: LastError | null; readonly message: string };

export type ClaimOutcome =
  | { readonly kind: 'claimed' | 'waiting' | 'expired' }
  | { readonly kind: 'unknown'; readonly message: string };

export interface PairingCodes {
  readonly kind: 'ok';
  make(): Promise<CodeOutcome>;
  isClaimed(code: PairingCode): Promise<ClaimOutcome>;
  close(): Promise<void>;
}

export interface NoPairing {
  readonly kind: 'unavailable';
  readonly message: string;
}

const TIMEOUT_MS = 15_000;
const rpcCode = v.looseObject({
  pairingCode: v.string(),
  manualPairingCode: v.optional(v.nullable(v.string()), null),
  environmentId: v.string(),
  expiresAt: v.number(),
});
const claim = v.looseObject({ claimed: v.boolean() });
const serverToken = v.looseObject({ remote_control_token: v.string(), environment_id: v.string() });
const wireCode = v.looseObject({
  pairing_code: v.string(),
  manual_pairing_code: v.optional(v.nullable(v.string()), null),
  environment_id: v.string(),
  expires_at: v.string(),
});

/** The link behind the QR code, as the official apps read it. */
export function pairingLink(code: PairingCode): string {
  const url = new URL('https://chatgpt.com/codex/pair');
  url.searchParams.set('pairing_code', code.pairingCode);
  return url.href;
}

/** The way to codes that this machine's app-server offers. */
export async function openPairingCodes(scope: CodexScope): Promise<PairingCodes | NoPairing> {
  const server = await connectAppServer(scope, { timeoutMs: 2000 });
  if (server.kind === 'unreachable') {
    return { kind: 'unavailable', message: `no app-server answers (${server.message})` };
  }
  // Neither code is given: an app-server that knows the method complains about that, an older one about the method.
  const probe = await server.request('remoteControl/pairing/status', {}, 2000);
  if (probe.kind === 'error' && /unknown variant/.test(probe.message)) {
    server.close();
    return await throughBackend(scope);
  }
  return throughAppServer(scope, server);
}

function throughAppServer(scope: CodexScope, server: AppServer): PairingCodes {
  return {
    kind: 'ok',
    make: async () => {
      const said = await server.request('remoteControl/pairing/start', { manualCode: true }, TIMEOUT_MS);
      if (said.kind !== 'result') return refusedBy(scope, said.message);
      const parsed = v.safeParse(rpcCode, said.value);
      if (!parsed.success) return refusedBy(scope, 'the app-server’s pairing code cannot be read');
      const { pairingCode, manualPairingCode, environmentId, expiresAt } = parsed.output;
      return {
        kind: 'code',
        code: { pairingCode, manualCode: manualPairingCode, environmentId, expiresAt: expiresAt * 1000 },
      };
    },
    isClaimed: async ({ pairingCode }) => {
      const said = await server.request('remoteControl/pairing/status', { pairingCode }, TIMEOUT_MS);
      if (said.kind !== 'result') {
        return /HTTP 410|expired/i.test(said.message)
          ? { kind: 'expired' }
          : { kind: 'unknown', message: redact(said.message) };
      }
      const parsed = v.safeParse(claim, said.value);
      if (!parsed.success) return { kind: 'unknown', message: 'the answer cannot be read' };
      return { kind: parsed.output.claimed ? 'claimed' : 'waiting' };
    },
    close: async () => server.close(),
  };
}

function refusedBy(scope: CodexScope, message: string): CodeOutcome {
  const error = parseEnrollmentError(message);
  return {
    kind: 'refused',
    error: error === null ? null : lastErrorOf(error, scope.host.now()),
    message: redact(message),
  };
}

/**
 * 0.133 cannot pair, but its machine is enrolled like any other: the token of its stored enrolment is renewed, as 0.169 does at
 * each start, and a code is asked for with it. Its own connection does not use that token and stays.
 */
async function throughBackend(scope: CodexScope): Promise<PairingCodes | NoPairing> {
  const [base, login, id] = await Promise.all([
    readRemoteBase(scope),
    readRemoteLogin(scope),
    readInstallationId(scope),
  ]);
  if (base.kind === 'refused') return { kind: 'unavailable', message: base.message };
  if (login.kind !== 'ok') return { kind: 'unavailable', message: login.message };
  if (id.kind !== 'ok') return { kind: 'unavailable', message: 'this home has no installation id yet' };
  const { rows } = await readLocalState(scope, login, base.url);
  const row = rows.find(({ clientName }) => clientName === '') ?? rows[0];
  if (row === undefined)
    return { kind: 'unavailable', message: 'this machine is not enrolled for this account' };
  const http = createHttp(scope);
  const asker = (as: RemoteLogin) => ({ http, login: as, timeoutMs: TIMEOUT_MS, now: scope.host.now });
  const at = (path: string) => new URL(`wham/remote/control/server/${path}`, base.url);
  let token: string | null = null;
  const post = <T>(path: string, body: object, parse: (value: unknown) => T | null, as: RemoteLogin) =>
    askBackend(asker(as), { method: 'POST', url: at(path), body }, parse);
  const machine = (): RemoteLogin => ({ ...login, accessToken: token ?? '' });
  const refused = (answer: Exclude<BackendAnswer<unknown>, { kind: 'ok' }>): CodeOutcome => ({
    kind: 'refused',
    error: errorOf(answer, scope.host.now()),
    message: whyNot(answer),
  });
  return {
    kind: 'ok',
    make: async () => {
      const body = { server_id: row.serverId, installation_id: id.value };
      const renewed = await post('refresh', body, parseWith(serverToken), login);
      if (renewed.kind !== 'ok') return refused(renewed);
      token = renewed.value.remote_control_token;
      const made = await post('pair', { manual_code: true }, parseWith(wireCode), machine());
      if (made.kind !== 'ok') return refused(made);
      const { pairing_code, manual_pairing_code, environment_id, expires_at } = made.value;
      return {
        kind: 'code',
        code: {
          pairingCode: pairing_code,
          manualCode: manual_pairing_code,
          environmentId: environment_id,
          expiresAt: Date.parse(expires_at),
        },
      };
    },
    isClaimed: async ({ pairingCode }) => {
      const said = await post('pair/status', { pairing_code: pairingCode }, parseWith(claim), machine());
      if (said.kind === 'ok') return { kind: said.value.claimed ? 'claimed' : 'waiting' };
      if (said.kind === 'refused' && said.httpStatus === 410) return { kind: 'expired' };
      return { kind: 'unknown', message: whyNot(said) };
    },
    close: () => http.close(),
  };
}

function parseWith<const S extends v.GenericSchema>(schema: S) {
  return (value: unknown): v.InferOutput<S> | null => {
    const parsed = v.safeParse(schema, value);
    return parsed.success ? parsed.output : null;
  };
}

function errorOf(answer: Exclude<BackendAnswer<unknown>, { kind: 'ok' }>, at: number): LastError {
  const none = { requestId: null, cfRay: null, body: null, statusText: null, httpStatus: null, detail: null };
  if (answer.kind === 'failed') {
    const { url, message } = answer;
    return { ...none, kind: 'transport', url, reason: message, at, retryAt: null };
  }
  const { url, httpStatus, statusText, detail, body, requestId, cfRay } = answer;
  return {
    kind: 'pair',
    url,
    httpStatus,
    statusText,
    detail,
    body,
    requestId,
    cfRay,
    reason: null,
    at,
    retryAt: null,
  };
}
