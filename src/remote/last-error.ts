/** The last error of remote control as steward shows, stores and returns it: Codex's own words, taken apart and redacted. */
import type { EnrollmentError, EnrollmentErrorKind } from '../codex/enrollment-error.ts';
import { redact } from '../storage/redact.ts';

/** Besides Codex's own: what only the outcome of the official command tells. */
export type LastErrorKind =
  | EnrollmentErrorKind
  /** The official command failed before there was an app-server with a status. */
  | 'daemon'
  /** Codex waits for an answer that has not come yet. */
  | 'no-answer'
  /** The status is `errored`, and no source tells why. */
  | 'unknown';

export interface LastError {
  readonly kind: LastErrorKind;
  /** Which request failed; `null` where none was made, or Codex does not say. */
  readonly url: string | null;
  readonly httpStatus: number | null;
  /** `Forbidden`. */
  readonly statusText: string | null;
  /** `detail` of a JSON body, or the official command's own words. */
  readonly detail: string | null;
  readonly requestId: string | null;
  readonly cfRay: string | null;
  /** The body of the answer, cut; `null` where there was none. */
  readonly body: string | null;
  /** For failures without an answer: the words after the URL. */
  readonly reason: string | null;
  /** Epoch ms. */
  readonly at: number;
  /** Epoch ms at which Codex itself tries again; `null` where it does not say. */
  readonly retryAt: number | null;
}

const MAX_BODY = 1000;
/** Codex's error as ours; `seenAt` (epoch ms) where the text carries no time. */
export function lastErrorOf(error: EnrollmentError, seenAt: number): LastError {
  const at = error.at ?? seenAt;
  const { retryInMs, ...rest } = error;
  return cleaned({ ...rest, at, retryAt: retryInMs === null ? null : at + retryInMs });
}

/** An error that only the outcome tells. */
export function ownError(
  kind: 'daemon' | 'no-answer' | 'unknown',
  at: number,
  known: Partial<Pick<LastError, 'url' | 'detail' | 'reason'>> = {},
): LastError {
  return cleaned({
    kind,
    url: null,
    httpStatus: null,
    statusText: null,
    detail: null,
    requestId: null,
    cfRay: null,
    body: null,
    reason: null,
    retryAt: null,
    ...known,
    at,
  });
}

/** The same error as Codex reported it, for those who judge by its words. */
export function asEnrollmentError(error: LastError): EnrollmentError | null {
  const { kind, retryAt, ...rest } = error;
  if (kind === 'daemon' || kind === 'no-answer' || kind === 'unknown') return null;
  return { ...rest, kind, retryInMs: retryAt === null ? null : retryAt - error.at };
}

function cleaned(error: LastError): LastError {
  const clean = (value: string | null) => (value === null ? null : redact(value));
  const body = clean(error.body);
  return {
    ...error,
    url: clean(error.url),
    detail: clean(error.detail)?.slice(0, MAX_BODY) ?? null,
    reason: clean(error.reason)?.slice(0, MAX_BODY) ?? null,
    body: body !== null && body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)}…` : body,
  };
}
