/**
 * One request and its whole answer, over the way that Codex itself takes (`http-route.ts`). Redirects are never
 * followed: a token must not go to another host than the one it was meant for.
 */
import { messageOf, systemCode } from '../errors.ts';
import type { CodexScope } from './home.ts';
import { createHttpRoutes } from './http-route.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For everything: connecting, asking, reading. */
  readonly timeoutMs: number;
  /** A longer answer is `too-large`. Default 1 MiB. */
  readonly maxBytes?: number;
}

/** Any status is an answer. */
export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Names in lower case; repeated ones joined by `, `. */
      readonly headers: Readonly<Record<string, string>>;
      readonly text: string;
    }
  | {
      readonly kind: 'failed';
      readonly reason: 'network' | 'timeout' | 'too-large' | 'aborted';
      /** The system's or TLS's code (`ECONNREFUSED`, `SELF_SIGNED_CERT_IN_CHAIN`), if there is one. */
      readonly code: string | null;
      /** Without URL, headers and body. */
      readonly message: string;
      /** The request may have reached the server: what it does may be done. */
      readonly isSent: boolean;
    };

export interface Http {
  /** Never throws, except for a URL that is none (`ERR_INVALID_URL`). */
  request(request: HttpRequest): Promise<HttpOutcome>;
  close(): Promise<void>;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;

/** Requests end with `aborted` when the scope's signal does; one that must not be cut off gets a scope with another. */
export function createHttp(scope: CodexScope): Http {
  const routes = createHttpRoutes(scope);
  return {
    close: routes.close,
    request: async (request) => {
      const url = new URL(request.url);
      const { DecoratorHandler, request: send } = await import('./undici-parts.ts');
      const stop = new AbortController();
      const dispatcher = await routes.dispatcherFor(url);
      const timer = setTimeout(() => stop.abort(TIMED_OUT), request.timeoutMs);
      const signal = AbortSignal.any([stop.signal, scope.signal]);
      let isSent = false;
      class SentHandler extends DecoratorHandler {
        onRequestStart(...args: unknown[]): void {
          isSent = true; // the connection stands, the request is being written
          const next: unknown = Reflect.get(DecoratorHandler.prototype, 'onRequestStart');
          if (typeof next === 'function') next.apply(this, args);
        }
      }
      const failed = (reason: Failed['reason'], message: string, code: string | null = null): Failed => {
        return { kind: 'failed', reason, code, message, isSent };
      };
      try {
        const answer = await send(url, {
          method: request.method,
          headers: { ...request.headers },
          body: request.body ?? null,
          dispatcher: dispatcher.compose(
            (dispatch) => (options, handler) => dispatch(options, new SentHandler(handler)),
          ),
          signal,
        });
        const text = await readBody(answer.body, request.maxBytes ?? DEFAULT_MAX_BYTES);
        if (text === undefined)
          return failed('too-large', 'the answer is longer than anything expected here');
        return { kind: 'answer', status: answer.statusCode, headers: plainHeaders(answer.headers), text };
      } catch (error) {
        if (stop.signal.aborted)
          return failed('timeout', `no complete answer within ${request.timeoutMs} ms`);
        if (scope.signal.aborted) return failed('aborted', 'stopped before the answer was complete');
        const cause = rootCause(error);
        return failed('network', messageOf(cause), systemCode(cause) ?? null);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

type Failed = Extract<HttpOutcome, { readonly kind: 'failed' }>;

const TIMED_OUT = 'timed out';

async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return undefined; // leaving the loop ends the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function plainHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}

/** The error below wrappers that say only "failed": it has the code. */
function rootCause(error: unknown): unknown {
  let current = error;
  for (let depth = 0; depth < 5; depth++) {
    if (!(current instanceof Error)) return current;
    const inner: unknown = current instanceof AggregateError ? current.errors[0] : current.cause;
    if (!(inner instanceof Error)) return current;
    current = inner;
  }
  return current;
}
