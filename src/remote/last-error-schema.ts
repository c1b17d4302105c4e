/** The shape in which the last error is stored; apart from its type, which is public and names no library. */
import * as v from 'valibot';
import type { LastErrorKind } from './last-error.ts';

const KINDS = [
  ...['enroll', 'refresh', 'pair', 'websocket', 'websocket-auth', 'transport', 'unreadable-answer'],
  ...['not-logged-in', 'api-key', 'no-account-id', 'no-state-db', 'bad-base-url', 'daemon', 'no-answer'],
  'unknown',
];

function isKind(value: string): value is LastErrorKind {
  return KINDS.includes(value);
}

const text = v.nullable(v.string());

/** The shape in which it is stored. */
export const lastErrorSchema = v.object({
  kind: v.pipe(v.string(), v.guard(isKind)),
  url: text,
  httpStatus: v.nullable(v.number()),
  statusText: text,
  detail: text,
  requestId: text,
  cfRay: text,
  body: text,
  reason: text,
  at: v.number(),
  retryAt: v.nullable(v.number()),
});
