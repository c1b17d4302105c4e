/** What a route says, before faults have harmed it and before it has become bytes. */

import * as v from 'valibot';

export type LabAnswer =
  | {
      readonly kind: 'full';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      /** For the log: what was odd about the request. */
      readonly note?: string;
    }
  | {
      /** A stream of the model's events. */
      readonly kind: 'events';
      readonly headers: Readonly<Record<string, string>>;
      readonly events: readonly ModelEvent[];
      readonly ending: 'end' | 'silent';
    };

export interface ModelEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): LabAnswer {
  return {
    kind: 'full',
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

export function html(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): LabAnswer {
  return { kind: 'full', status, headers: { 'content-type': 'text/html; charset=utf-8', ...headers }, body };
}

export function empty(status: number, headers: Readonly<Record<string, string>> = {}): LabAnswer {
  return { kind: 'full', status, headers, body: '' };
}

export function redirect(location: string): LabAnswer {
  return empty(302, { location });
}

/** The ChatGPT backend's way to refuse: `{"detail": "…"}`. */
export function detail(status: number, text: string): LabAnswer {
  return json(status, { detail: text });
}

/** The issuer's and the model endpoint's way to refuse: `{"error": {"message", "type", "param", "code"}}`. */
export function apiError(
  status: number,
  code: string | null,
  message: string,
  type = 'invalid_request_error',
): LabAnswer {
  return json(status, { error: { message, type, param: null, code } });
}

/** For the log: why that answer is a refusal, in its own words; `undefined` when it is none, or says nothing. */
export function reasonOf(answer: LabAnswer): string | undefined {
  if (answer.kind === 'events' || answer.status < 400) return undefined;
  if (answer.note !== undefined) return answer.note;
  const body = v.safeParse(refusalSchema, parseJson(answer.body));
  if (!body.success) return undefined;
  const { detail: text, error } = body.output;
  return text ?? error?.code ?? error?.type ?? error?.message ?? undefined;
}

const refusalSchema = v.object({
  detail: v.optional(v.string()),
  error: v.optional(
    v.object({ code: v.nullish(v.string()), type: v.nullish(v.string()), message: v.nullish(v.string()) }),
  ),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a page, half a body: the status has to do
  }
}

/** A path the lab does not know; the note names it in the log. */
export function unknownPath(method: string, path: string): LabAnswer {
  return {
    kind: 'full',
    status: 404,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ detail: 'Not Found' }),
    note: `unknown path: ${method} ${path}`,
  };
}

/** The page that the edge shows to a client it takes for a robot. */
export function challengePage(): LabAnswer {
  const body =
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body>' +
    '<h1>chatgpt.com</h1><p>Enable JavaScript and cookies to continue</p>' +
    '<script>window._cf_chl_opt={cType:"managed"};</script></body></html>';
  return html(403, body, { server: 'cloudflare', 'cf-mitigated': 'challenge', 'cf-ray': '8lab00000000-LAB' });
}
