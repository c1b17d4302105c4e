/**
 * One try of a request on one account: sends it, holds the answer back until it is known to be worth showing, and from then
 * on lets it flow, byte for byte, at the pace of the client. A client that leaves ends the try on the wire.
 */
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { type AnswerFacts, createAnswerFacts } from './answer-facts.ts';
import { createChunkBatch } from './chunk-batch.ts';
import { type Failure, headerOf, parseHttpFailure } from './failure.ts';
import { createStreamGuard, type StreamGuard } from './stream-guard.ts';
import { createStreamTap, type StreamTap } from './stream-tap.ts';
import { startExchange, type UpstreamHead, type UpstreamRequest } from './upstream-exchange.ts';

/** An answer that was held back whole; shown after all when nothing better can be had. */
export interface HeldAnswer {
  readonly head: UpstreamHead;
  readonly body: readonly Buffer[];
}

export type AttemptOutcome =
  /** The client has it, or as much of it as came. */
  | {
      readonly kind: 'shown';
      readonly status: number;
      readonly end: 'whole' | 'cut';
      readonly facts: AnswerFacts;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly answer: HeldAnswer }
  /** No answer, or it broke off before anything was shown. */
  | { readonly kind: 'unreachable'; readonly error: Error }
  | { readonly kind: 'client-gone'; readonly facts: AnswerFacts };

export interface AttemptOptions {
  readonly dispatcher: Dispatcher;
  readonly request: UpstreamRequest;
  readonly response: ServerResponse;
  /** A model's answer, which may fail inside a 200 stream. */
  readonly isModelCall: boolean;
  readonly now: () => number;
  /** The headers have come, whatever the answer is. */
  onHead(head: UpstreamHead): void;
  /** The headers for the client, asked for right before they are sent. */
  headersFor(head: UpstreamHead): string[];
}

/** An error body beyond this, or slower than this, is passed on as it comes: it is not one of the known ones. */
const MAX_ERROR_BYTES = 256 * 1024;
const MAX_ERROR_MS = 10_000;

export function attemptHttp(options: AttemptOptions): Promise<AttemptOutcome> {
  const { response, now } = options;
  return new Promise((resolve) => {
    const facts = createAnswerFacts();
    let head: UpstreamHead | null = null;
    let guard: StreamGuard | null = null;
    let errorBody: Buffer[] | null = null;
    let errorSize = 0;
    let errorTimer: NodeJS.Timeout | undefined;
    let tap: StreamTap | null = null;
    let isShown = false;
    let isSettled = false;

    const settle = (outcome: AttemptOutcome) => {
      isSettled = true;
      batch.drop();
      clearTimeout(errorTimer);
      response.off('close', onClientGone);
      response.off('drain', onDrain);
      resolve(outcome);
    };
    const onDrain = () => exchange.resume();
    const onClientGone = () => {
      exchange.abort();
      settle({ kind: 'client-gone', facts });
    };
    const forward = (chunk: Buffer) => {
      if (!response.write(chunk)) exchange.pause();
      tap?.push(chunk);
    };
    const show = (of: UpstreamHead, held: readonly Buffer[]) => {
      isShown = true;
      clearTimeout(errorTimer);
      response.writeHead(of.status, of.statusText, options.headersFor(of));
      response.on('drain', onDrain);
      // One write for all that was held back; without any, the head alone must not wait for the first byte.
      if (held.length === 0) response.flushHeaders();
      else forward(held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held));
    };
    const fail = (failure: Failure, body: readonly Buffer[]) => {
      if (head !== null) settle({ kind: 'failed', failure, answer: { head, body } });
    };

    const batch = createChunkBatch((bytes) => {
      if (isShown) return forward(bytes);
      if (head === null) return;
      if (errorBody !== null) {
        errorBody.push(bytes);
        errorSize += bytes.length;
        if (errorSize > MAX_ERROR_BYTES) show(head, errorBody);
        return;
      }
      const state = guard?.push(bytes);
      if (state?.kind === 'open') show(head, guard?.held() ?? []);
      else if (state?.kind === 'failed') {
        exchange.abort();
        fail(state.failure, guard?.held() ?? []);
      }
    });
    const exchange = startExchange(options.dispatcher, options.request, {
      onHead: (got) => {
        head = got;
        options.onHead(got);
        const isStream = isReadableStream(got);
        if (got.status >= 400) {
          errorBody = [];
          errorTimer = setTimeout(() => show(got, errorBody ?? []), MAX_ERROR_MS);
        } else if (options.isModelCall && isStream) {
          guard = createStreamGuard(now);
          tap = createStreamTap(facts, now);
        } else {
          show(got, []);
        }
      },
      onData: batch.add,
      onEnd: () => {
        batch.flush();
        if (isSettled) return;
        if (isShown) {
          tap?.end();
          response.end();
          return settle({ kind: 'shown', status: head?.status ?? 0, end: 'whole', facts });
        }
        if (head === null) return settle({ kind: 'unreachable', error: new Error('an empty answer') });
        if (errorBody !== null) {
          const body = Buffer.concat(errorBody);
          return fail(parseHttpFailure(head.status, head.headers, body, now()), [body]);
        }
        fail(endedEarly(head), guard?.held() ?? []);
      },
      onError: (error) => {
        batch.flush();
        if (isSettled) return;
        if (!isShown) return settle({ kind: 'unreachable', error });
        // The client must see that something is missing: no clean end.
        tap?.end();
        settle({ kind: 'shown', status: head?.status ?? 0, end: 'cut', facts });
        response.destroy();
      },
    });
    response.once('close', onClientGone);
    if (response.destroyed) onClientGone();
  });
}

/** Whether the answer is a stream of events that can be read as it passes. */
function isReadableStream(head: UpstreamHead): boolean {
  const type = headerOf(head.headers, 'content-type') ?? '';
  const encoding = headerOf(head.headers, 'content-encoding') ?? 'identity';
  return type.startsWith('text/event-stream') && encoding === 'identity';
}

/** A stream that ended cleanly before it had said anything. */
function endedEarly(head: UpstreamHead): Failure {
  return {
    status: 200,
    type: 'server_error',
    code: 'stream_ended_early',
    message: 'The stream ended before the model had said anything.',
    planType: null,
    resetsAtMs: null,
    headers: head.headers,
    isApiError: false,
    text: '',
  };
}
