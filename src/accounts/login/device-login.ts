/**
 * Login with a code that a person types in a browser anywhere. The issuer's own flow, not RFC 8628 (measured with Codex
 * 0.133 and 0.169): 403 and 404 mean "not yet", the interval comes as text, and success brings a code with its verifier.
 */
import { setTimeout as sleepFor } from 'node:timers/promises';
import * as v from 'valibot';
import type { HttpOutcome } from '../../codex/http.ts';
import { parseServerError } from '../oauth/server-error.ts';
import type { OauthDeps } from '../oauth/token-endpoint.ts';
import type { LoginFailure } from './login-failure.ts';

export interface DeviceDeps extends OauthDeps {
  readonly signal: AbortSignal;
  /** Waits; rejects when the signal aborts. Default: the real clock. */
  readonly sleep?: (ms: number) => Promise<void>;
  /** 0 to 1, for the spread of repeated requests. Default: `Math.random`. */
  readonly random?: () => number;
}

export interface DeviceCode {
  readonly deviceAuthId: string;
  /** What the person types. */
  readonly userCode: string;
  readonly pageUrl: string;
  readonly intervalMs: number;
  /** Epoch ms. */
  readonly expiresAt: number;
}

export type DeviceStart =
  | { readonly kind: 'code'; readonly code: DeviceCode }
  | { readonly kind: 'failed'; readonly failure: LoginFailure };

export type DeviceResult =
  /** To be exchanged, with the redirect URI of the endpoints. */
  | { readonly kind: 'approved'; readonly code: string; readonly verifier: string }
  | { readonly kind: 'failed'; readonly failure: LoginFailure };

const TIMEOUT_MS = 30_000;
/** The official limit. */
const LIFETIME_MS = 15 * 60_000;
const DEFAULT_INTERVAL_MS = 5_000;
const MAX_INTERVAL_MS = 60_000;
/** In a row; a machine that slept needs one or two until its network is back. */
const MAX_NETWORK_FAILURES = 5;

const Seconds = v.optional(
  v.fallback(v.nullable(v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.gtValue(0))), null),
  null,
);

const UserCodeAnswer = v.looseObject({
  device_auth_id: v.pipe(v.string(), v.nonEmpty()),
  user_code: v.optional(v.string()),
  usercode: v.optional(v.string()),
  interval: Seconds,
  expires_in: Seconds,
});

const Approval = v.looseObject({
  authorization_code: v.pipe(v.string(), v.nonEmpty()),
  code_verifier: v.pipe(v.string(), v.nonEmpty()),
});

/** Asks for a device code. */
export async function startDeviceLogin(deps: DeviceDeps): Promise<DeviceStart> {
  const { endpoints } = deps;
  const outcome = await post(deps, endpoints.deviceUserCodeUrl, { client_id: endpoints.clientId });
  if (outcome.kind === 'failed') return failed(unreachable(outcome));
  const { status, text } = outcome;
  if (status === 404) return failed({ kind: 'device-off', ...parseServerError(text) });
  if (status === 429) return failed({ kind: 'rate-limited', retryAfterSeconds: retryAfter(outcome, deps) });
  if (status < 200 || status > 299) return failed(refusal(status, text));
  const answer = parse(UserCodeAnswer, text);
  const userCode = answer?.user_code ?? answer?.usercode ?? '';
  if (answer === null || userCode === '')
    return failed({ kind: 'malformed', message: 'the answer has no device code' });
  return {
    kind: 'code',
    code: {
      deviceAuthId: answer.device_auth_id,
      userCode,
      pageUrl: endpoints.devicePageUrl,
      intervalMs: Math.min(
        answer.interval === null ? DEFAULT_INTERVAL_MS : answer.interval * 1000,
        MAX_INTERVAL_MS,
      ),
      expiresAt: deps.now() + Math.min((answer.expires_in ?? Infinity) * 1000, LIFETIME_MS),
    },
  };
}

/** Polls until somebody decided or the code's time is over. Rejects only with the signal's reason. */
export async function awaitDeviceApproval(deps: DeviceDeps, device: DeviceCode): Promise<DeviceResult> {
  const sleep = deps.sleep ?? ((ms: number) => sleepFor(ms, undefined, { signal: deps.signal }));
  const jitter = (ms: number) => ms * (0.9 + 0.2 * (deps.random ?? Math.random)());
  let networkFailures = 0;
  for (let waitMs = device.intervalMs; deps.now() + waitMs <= device.expiresAt; ) {
    await sleep(waitMs);
    waitMs = device.intervalMs;
    const outcome = await post(deps, deps.endpoints.deviceTokenUrl, {
      device_auth_id: device.deviceAuthId,
      user_code: device.userCode,
    });
    deps.signal.throwIfAborted();
    if (outcome.kind === 'failed') {
      networkFailures += 1;
      if (networkFailures >= MAX_NETWORK_FAILURES) return failed(unreachable(outcome));
      waitMs = jitter(device.intervalMs * networkFailures);
      continue;
    }
    networkFailures = 0;
    const verdict = judgePoll(outcome);
    if (verdict.kind !== 'again') return verdict;
    if (verdict.isTrouble) {
      waitMs = Math.max(jitter(device.intervalMs), (retryAfter(outcome, deps) ?? 0) * 1000);
    }
  }
  return failed({ kind: 'expired', code: null });
}

/** How long until the code is of no use, in whole seconds. */
export function secondsLeft(device: DeviceCode, now: number): number {
  return Math.max(0, Math.ceil((device.expiresAt - now) / 1000));
}

type Answer = Extract<HttpOutcome, { readonly kind: 'answer' }>;

function judgePoll({ status, text }: Answer): DeviceResult | { kind: 'again'; isTrouble: boolean } {
  if (status >= 200 && status <= 299) {
    const approval = parse(Approval, text);
    if (approval === null)
      return failed({ kind: 'malformed', message: 'the approval has no authorization code' });
    return { kind: 'approved', code: approval.authorization_code, verifier: approval.code_verifier };
  }
  const error = parseServerError(text);
  const { code, message } = error;
  if (code === 'access_denied' || code === 'authorization_denied')
    return failed({ kind: 'denied', code, message });
  if (code === 'expired_token') return failed({ kind: 'expired', code });
  if (status === 403 || status === 404) return { kind: 'again', isTrouble: false };
  if (status === 408 || status === 429 || status >= 500) return { kind: 'again', isTrouble: true };
  return failed({ kind: 'refused', status, code, message });
}

function refusal(status: number, text: string): LoginFailure {
  const { code, message } = parseServerError(text);
  if (status < 500) return { kind: 'refused', status, code, message };
  const words = [code, message].filter((part) => part !== null && part !== '').join(': ');
  return {
    kind: 'server',
    status,
    message: `the sign-in server answered ${status}${words === '' ? '' : ` (${words})`}`,
  };
}

function unreachable({ reason, message }: Extract<HttpOutcome, { readonly kind: 'failed' }>): LoginFailure {
  return reason === 'too-large' ? { kind: 'malformed', message } : { kind: 'unreachable', reason, message };
}

function post(
  { http }: OauthDeps,
  url: string,
  body: Readonly<Record<string, string>>,
): Promise<HttpOutcome> {
  return http.request({
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    timeoutMs: TIMEOUT_MS,
  });
}

/** `Retry-After` in seconds: a number, or a date (RFC 9110, 10.2.3). */
function retryAfter({ headers }: Answer, { now }: OauthDeps): number | null {
  const text = headers['retry-after'] ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now()) / 1000));
}

function parse<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // the caller says what is missing
  }
  const parsed = v.safeParse(schema, json);
  return parsed.success ? parsed.output : null;
}

function failed(failure: LoginFailure): { readonly kind: 'failed'; readonly failure: LoginFailure } {
  return { kind: 'failed', failure };
}
