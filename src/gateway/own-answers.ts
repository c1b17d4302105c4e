/** Answers that the gateway gives itself, in the shape of the API's errors. */
import type { ServerResponse } from 'node:http';
import { messageOf, systemCode } from '../errors.ts';
import type { ExhaustionAnswer } from './exhaustion.ts';
import type { HeldAnswer } from './http-attempt.ts';

export interface OwnAnswer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly error: Readonly<Record<string, unknown>>;
}

export function ownError(status: number, code: string, message: string): OwnAnswer {
  const type = status >= 500 ? 'server_error' : 'invalid_request_error';
  return { status, headers: ['content-type', 'application/json'], error: { type, code, message } };
}

/** No account reached the upstream: the network's words, since that is where the cause is. */
export function unreachable(origin: string, error: Error): OwnAnswer {
  const code = systemCode(error);
  return ownError(
    502,
    'gateway_upstream_unreachable',
    `${new URL(origin).host} could not be reached: ${code === undefined ? '' : `${code}, `}${messageOf(error)}`,
  );
}

/** Sends an answer of ours. `isLast`: what follows on this connection cannot be trusted. */
export function sendOwn(
  response: ServerResponse,
  answer: OwnAnswer | ExhaustionAnswer,
  isLast = false,
): void {
  if (response.headersSent) return void response.destroy();
  const body = Buffer.from(JSON.stringify({ error: answer.error }));
  response.writeHead(answer.status, [
    ...answer.headers,
    'content-length',
    String(body.length),
    ...(isLast ? ['connection', 'close'] : []),
  ]);
  response.end(body);
}

/** Sends an event of ours in place of the model's stream. */
export function sendOwnEvent(response: ServerResponse, event: Readonly<Record<string, unknown>>): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(`event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`);
}

/** Sends an answer that was held back. */
export function sendHeld(response: ServerResponse, answer: HeldAnswer, headers: string[]): void {
  response.writeHead(answer.head.status, answer.head.statusText, headers);
  response.end(Buffer.concat(answer.body));
}
