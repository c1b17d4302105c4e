/** One question to the remote-control backend, and everything that may come back instead of an answer. */
import { STATUS_CODES } from 'node:http';
import type { Http, HttpRequest } from '../../codex/http.ts';
import { redact } from '../../storage/redact.ts';
import type { RemoteLogin } from './login.ts';

export type BackendAnswer<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly clockSkewMs: number | null }
  | BackendRefusal
  | BackendFailure;

/** The server said no. */
export interface BackendRefusal {
  readonly kind: 'refused';
  readonly method: string;
  readonly url: string;
  readonly httpStatus: number;
  readonly statusText: string | null;
  /** `detail` of a JSON body; `null` for any other body. */
  readonly detail: string | null;
  /** Redacted and cut. */
  readonly body: string | null;
  readonly requestId: string | null;
  readonly cfRay: string | null;
  /** Server's clock minus ours; `null` where the answer carries no time. */
  readonly clockSkewMs: number | null;
}

/** Nobody knows what the server thinks: nothing may be concluded from it. */
export interface BackendFailure {
  readonly kind: 'failed';
  readonly method: string;
  readonly url: string;
  readonly reason: 'network' | 'timeout' | 'too-large' | 'aborted' | 'redirect' | 'unreadable';
  readonly message: string;
  /** The request may have had its effect. */
  readonly isSent: boolean;
}

export interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly body?: object;
}

export interface Asker {
  readonly http: Http;
  readonly login: RemoteLogin;
  readonly timeoutMs: number;
  now(): number;
}

/** Any list of clients or environments is far smaller. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_BODY = 600;

/** Asks, as the person who is logged in. `parse` gives `null` for a body that is not what was asked for. */
export async function askBackend<T>(
  { http, login, timeoutMs, now }: Asker,
  question: Question,
  parse: (value: unknown) => T | null,
): Promise<BackendAnswer<T>> {
  const { method, url } = question;
  const place = { method, url: url.href };
  const request: HttpRequest = {
    method,
    url: url.href,
    headers: {
      authorization: `Bearer ${login.accessToken}`,
      'chatgpt-account-id': login.accountId,
      accept: 'application/json',
      'user-agent': 'codex-steward',
      ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
    timeoutMs,
    maxBytes: MAX_BYTES,
  };
  const outcome = await http.request(request);
  if (outcome.kind === 'failed') {
    const { reason, message, isSent } = outcome;
    return { kind: 'failed', ...place, reason, message: redact(message), isSent };
  }
  const { status, headers, text } = outcome;
  const date = Date.parse(headers.date ?? '');
  const clockSkewMs = Number.isNaN(date) ? null : date - now();
  if (status >= 300 && status < 400) {
    return {
      kind: 'failed',
      ...place,
      reason: 'redirect',
      message: redirectMessage(headers.location, url),
      isSent: true,
    };
  }
  const json = parseJson(text);
  if (status < 200 || status >= 300) {
    return {
      kind: 'refused',
      ...place,
      httpStatus: status,
      statusText: STATUS_CODES[status] ?? null,
      detail: detailOf(json),
      body: text === '' ? null : redact(text).slice(0, MAX_BODY),
      requestId: headers['x-request-id'] ?? headers['x-oai-request-id'] ?? null,
      cfRay: headers['cf-ray'] ?? null,
      clockSkewMs,
    };
  }
  const value = parse(text === '' ? null : json);
  if (value !== null) return { kind: 'ok', value, clockSkewMs };
  return {
    kind: 'failed',
    ...place,
    reason: 'unreadable',
    message: unreadableMessage(text, json),
    isSent: true,
  };
}

function redirectMessage(location: string | undefined, from: URL): string {
  try {
    const to = new URL(location ?? '', from);
    return `the answer sends on to ${to.host}; the login was not taken there`;
  } catch {
    return 'the answer sends on to another address; the login was not taken there';
  }
}

function unreadableMessage(text: string, json: unknown): string {
  if (/^\s*</.test(text)) return 'a web page came instead of JSON';
  if (json === undefined) return 'the JSON of the answer is broken';
  return 'the answer has not the members that it should have';
}

/** `undefined`: no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by whoever needed it
  }
}

function detailOf(json: unknown): string | null {
  if (typeof json !== 'object' || json === null || !('detail' in json)) return null;
  return typeof json.detail === 'string' ? redact(json.detail) : null;
}
