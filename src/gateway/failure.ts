/** An upstream's "no" in one shape, whether it came as an HTTP answer, inside a 200 stream or in a WebSocket frame. */
import * as v from 'valibot';
import type { HeaderMap } from './account-source.ts';

export interface Failure {
  /** Of the HTTP answer or the frame; 200 for a failure inside a stream. */
  readonly status: number;
  readonly type: string | null;
  readonly code: string | null;
  readonly message: string;
  readonly planType: string | null;
  /** Epoch ms, from the body. */
  readonly resetsAtMs: number | null;
  readonly headers: HeaderMap;
  /** Whether the body was JSON in a shape that the API uses. */
  readonly isApiError: boolean;
  /** The start of the body, for signs that have no field. */
  readonly text: string;
}

const textual = v.fallback(v.nullish(v.string()), null);
const numeric = v.fallback(v.nullish(v.number()), null);
const errorSchema = v.looseObject({
  type: textual,
  code: textual,
  message: textual,
  plan_type: textual,
  resets_at: numeric,
  resets_in_seconds: numeric,
});
const bodySchema = v.union([
  v.looseObject({ error: errorSchema }),
  v.pipe(
    v.looseObject({ detail: v.union([v.string(), errorSchema]) }),
    v.transform(({ detail }) => ({
      error: typeof detail === 'string' ? v.parse(errorSchema, { message: detail }) : detail,
    })),
  ),
]);

const TEXT_LENGTH = 4096;

/** The failure of an HTTP answer that is not 2xx. */
export function parseHttpFailure(status: number, headers: HeaderMap, body: Buffer, nowMs: number): Failure {
  const text = body.toString('utf8');
  return describe(status, headers, parseJson(text), text, nowMs);
}

/** The failure in an `error` or `response.failed` event or frame; `null` for any other event. */
export function parseEventFailure(event: Readonly<Record<string, unknown>>, nowMs: number): Failure | null {
  const text = () => JSON.stringify(event).slice(0, TEXT_LENGTH);
  if (event.type === 'response.failed') {
    const response = v.safeParse(v.looseObject({ error: v.unknown() }), event.response);
    return describe(200, {}, { error: response.success ? response.output.error : {} }, text(), nowMs);
  }
  if (event.type !== 'error') return null;
  // The frame carries the error in `error`; the plain API's stream event carries its fields itself.
  const inner =
    typeof event.error === 'object' && event.error !== null ? event.error : { ...event, type: null };
  const status = typeof event.status === 'number' ? event.status : 200;
  return describe(status, headersOf(event.headers), { error: inner }, text(), nowMs);
}

/** The first value of a header. */
export function headerOf(headers: HeaderMap, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : (value?.[0] ?? null);
}

function describe(status: number, headers: HeaderMap, body: unknown, text: string, nowMs: number): Failure {
  const parsed = v.safeParse(bodySchema, body);
  const error = parsed.success ? parsed.output.error : null;
  const seconds = error?.resets_in_seconds;
  const resetsAtMs =
    typeof error?.resets_at === 'number'
      ? error.resets_at * 1000
      : typeof seconds === 'number'
        ? nowMs + seconds * 1000
        : null;
  return {
    status,
    type: error?.type ?? null,
    code: error?.code ?? null,
    message: error?.message ?? '',
    planType: error?.plan_type ?? null,
    resetsAtMs,
    headers,
    isApiError: parsed.success,
    text: text.slice(0, TEXT_LENGTH),
  };
}

function headersOf(value: unknown): HeaderMap {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) =>
      typeof text === 'string' || typeof text === 'number' ? [[name.toLowerCase(), String(text)]] : [],
    ),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a page or nothing: told by `isApiError`
  }
}
