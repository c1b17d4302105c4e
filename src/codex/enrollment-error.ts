/**
 * Reads the reason out of Codex's own words when remote control fails: enrolment, token refresh, websocket, pairing.
 *
 * Codex 0.133 puts everything into one message, 0.169 into fields (`error=…` in text, `fields.error` in JSON). The reason
 * itself has the same few forms in both; every form here was seen with the real binaries, except where marked.
 */

export type EnrollmentErrorKind =
  /** The server answered, with `httpStatus`. */
  | 'enroll'
  | 'refresh'
  | 'pair'
  | 'websocket'
  /** The websocket was refused with 401 or 403; Codex drops the body. */
  | 'websocket-auth'
  /** No answer: refused, DNS, TLS, timeout, proxy. */
  | 'transport'
  /** A 2xx answer that Codex could not read. */
  | 'unreadable-answer'
  | 'not-logged-in'
  | 'api-key'
  | 'no-account-id'
  | 'no-state-db'
  | 'bad-base-url';

export interface EnrollmentError {
  readonly kind: EnrollmentErrorKind;
  readonly url: string | null;
  readonly httpStatus: number | null;
  /** `Forbidden`. */
  readonly statusText: string | null;
  /** `detail` of a JSON body. */
  readonly detail: string | null;
  readonly requestId: string | null;
  readonly cfRay: string | null;
  readonly body: string | null;
  /** For `transport` and `unreadable-answer`: the words after the URL. */
  readonly reason: string | null;
  /** Epoch ms, where the text says when. */
  readonly at: number | null;
  /** How long Codex itself waits before it tries again, in ms, where the text says it (0.169). */
  readonly retryInMs: number | null;
}

const MESSAGE = 'failed to connect to app-server remote control websocket';
const ESCAPES = /\u001b\[[0-9;]*m/g;
const NEXT_FIELD =
  / (?:error_kind|reconnect_attempt|reconnect_delay|has_enrollment|server_id|environment_id|subscribe_cursor_present)=/;

/** What kind of request failed, by the words before the URL. */
const REQUESTS: readonly (readonly [RegExp, EnrollmentErrorKind])[] = [
  [/remote control (?:server )?enrollment failed at `([^`]*)`: /, 'enroll'],
  [/remote control (?:server )?refresh failed at `([^`]*)`: /, 'refresh'],
  [/remote control pairing(?: status| start)? failed at `([^`]*)`: /, 'pair'],
  [/failed to connect app-server remote control websocket `([^`]*)`: (?:HTTP error: )?/, 'websocket'],
];

/** Failures without an answer from the server. */
const BROKEN: readonly (readonly [RegExp, EnrollmentErrorKind])[] = [
  [/failed to parse remote control [a-z ]*response from `([^`]*)`: (.*)/s, 'unreadable-answer'],
  [/failed to (?:enroll|refresh) remote control server(?: token)? at `([^`]*)`: (.*)/s, 'transport'],
  [
    /(?:timed out|timeout) (?:connecting to|enrolling) remote control [a-z ]*at `([^`]*)`( after \S+)?/,
    'transport',
  ],
  [/invalid remote control URL `([^`]*)`; (.*)/s, 'bad-base-url'],
];

/** Failures before any request. The API-key form is the longer text of the login form and comes first. */
const LOCAL: readonly (readonly [RegExp, EnrollmentErrorKind])[] = [
  [/API key auth is not supported/, 'api-key'],
  [/remote control requires ChatGPT authentication/, 'not-logged-in'],
  [/remote control enrollment is waiting for a ChatGPT account id/, 'no-account-id'],
  [
    /remote control (?:requires sqlite state db|cannot be enabled because sqlite state db is unavailable)/,
    'no-state-db',
  ],
];

/**
 * The reason in that text: a line of the daemon's stderr log (text or JSON), a row of the log database, a JSON-RPC error or
 * the CLI's own "Error: …". `null` where the text is about something else.
 */
export function parseEnrollmentError(text: string): EnrollmentError | null {
  const line = text.replaceAll(ESCAPES, '').trim();
  const structured = fromJsonLine(line);
  const found =
    structured === null
      ? parseWords(wordsOf(line), timeOf(line))
      : structured.words === null
        ? null
        : parseWords(structured.words, structured.at);
  return found === null ? null : { ...found, retryInMs: retryOf(line) };
}

/** `reconnect_delay` as Rust prints a duration: `850.1ms`, `77.4s`. */
function retryOf(line: string): number | null {
  const found = /reconnect_delay["=: ]+(\d+(?:\.\d+)?)(ms|s)\b/.exec(line);
  return found === null ? null : Math.round(Number(found[1]) * (found[2] === 's' ? 1000 : 1));
}

/** A line by which Codex says that the connection stands: what was remembered before it is over. */
export function isConnectedLine(text: string): boolean {
  const line = text.replaceAll(ESCAPES, '');
  return (
    line.includes('connected to app-server remote control websocket') ||
    /remote control websocket status changed.*next_status"?[=:]\s*"?Connected/.test(line)
  );
}

function fromJsonLine(line: string): { words: string | null; at: number | null } | null {
  if (!line.startsWith('{')) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // a line cut off by the daemon's death: read as plain text below
  }
  const fields = member(value, 'fields');
  const message = text(member(fields, 'message')) ?? '';
  const stamp = text(member(value, 'timestamp'));
  const error = text(member(fields, 'error'));
  // 0.169 keeps the reason beside the message, 0.133 inside it.
  const words = message.startsWith(MESSAGE) && error !== null ? error : wordsOf(message);
  return { words: words === '' ? null : words, at: stamp === null ? null : epoch(stamp) };
}

/** The reason without the sentence in front of it and the fields behind it. */
function wordsOf(line: string): string {
  const start = line.indexOf(MESSAGE);
  if (start < 0) return line;
  const rest = line.slice(start + MESSAGE.length);
  const old = rest.indexOf(', err: ');
  if (rest.startsWith(': ') && old >= 0) return rest.slice(old + ', err: '.length);
  const field = rest.indexOf(' error=');
  if (field < 0) return rest;
  const words = rest.slice(field + ' error='.length);
  const end = NEXT_FIELD.exec(words);
  return end === null ? words : words.slice(0, end.index);
}

function parseWords(words: string, at: number | null): EnrollmentError | null {
  const auth = /remote control websocket auth failed with HTTP (\d{3}) ?([A-Za-z ]*)/.exec(words);
  if (auth !== null) {
    return error('websocket-auth', { httpStatus: Number(auth[1]), statusText: blankToNull(auth[2]), at });
  }
  for (const [pattern, kind] of REQUESTS) {
    const found = pattern.exec(words);
    if (found === null) continue;
    const tail = words.slice(found.index + found[0].length);
    return (
      httpAnswer(kind, found[1] ?? '', tail, at) ??
      error('transport', { url: found[1], reason: reasonOf(tail), at })
    );
  }
  for (const [pattern, kind] of BROKEN) {
    const found = pattern.exec(words);
    if (found !== null) {
      const reason =
        kind === 'transport' && found[2]?.startsWith(' after') ? `timed out${found[2]}` : found[2];
      const status = kind === 'unreadable-answer' ? /HTTP (\d{3})/.exec(words)?.[1] : undefined;
      return error(kind, {
        url: found[1],
        reason: reasonOf(reason ?? 'timed out'),
        at,
        httpStatus: status ? Number(status) : null,
      });
    }
  }
  for (const [pattern, kind] of LOCAL) if (pattern.test(words)) return error(kind, { at });
  return null;
}

/** `HTTP 403 Forbidden, request-id: …, cf-ray: …, body: …`; `null` where the tail is something else. */
function httpAnswer(
  kind: EnrollmentErrorKind,
  url: string,
  tail: string,
  at: number | null,
): EnrollmentError | null {
  const found =
    /^(?:HTTP )?(\d{3}) ?([^,]*)(?:, request-id: ([^,]*), cf-ray: ([^,]*?)(?:, body: (.*))?)?(?:; (?:retrying after|refreshing server)[^;]*)?$/s.exec(
      tail,
    );
  if (found === null) return null;
  const body = none(
    found[5]?.replace(/; (?:retrying after auth recovery|refreshing server token[^;]*)$/, ''),
  );
  return error(kind, {
    url,
    httpStatus: Number(found[1]),
    statusText: blankToNull(found[2]),
    requestId: none(found[3]),
    cfRay: none(found[4]?.replace(/; .*$/, '')),
    body,
    detail: detailOf(body),
    at,
  });
}

function error(
  kind: EnrollmentErrorKind,
  known: { readonly [K in keyof EnrollmentError]?: EnrollmentError[K] | undefined },
): EnrollmentError {
  return {
    kind,
    url: known.url ?? null,
    httpStatus: known.httpStatus ?? null,
    statusText: known.statusText ?? null,
    detail: known.detail ?? null,
    requestId: known.requestId ?? null,
    cfRay: known.cfRay ?? null,
    body: known.body ?? null,
    reason: known.reason ?? null,
    at: known.at ?? null,
    retryInMs: known.retryInMs ?? null,
  };
}

function detailOf(body: string | null): string | null {
  if (body === null || !body.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return text(member(value, 'detail')) ?? text(member(member(value, 'error'), 'message'));
  } catch {
    return /"detail"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(body)?.[1] ?? null; // bodies are cut at 4,096 bytes
  }
}

function reasonOf(words: string): string {
  return words.replace(/; retrying after auth recovery$/, '').trim();
}

function none(value: string | undefined): string | null {
  return value === undefined || value === '<none>' || value === '<empty>' || value === '' ? null : value;
}

function blankToNull(value: string | undefined): string | null {
  const trimmed = value?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

function timeOf(line: string): number | null {
  const stamp = /^(\d{4}-\d\d-\d\dT[\d:.]+Z)\s/.exec(line)?.[1];
  return stamp === undefined ? null : epoch(stamp);
}

function epoch(stamp: string): number | null {
  const at = Date.parse(stamp);
  return Number.isNaN(at) ? null : at;
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
