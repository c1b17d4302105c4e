/** One request to the upstream and its answer as it arrives: nothing interpreted, nothing kept. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { flatHeaders } from './response-headers.ts';

export interface UpstreamHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

export interface ExchangeHandler {
  onHead(head: UpstreamHead): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  /** No answer, or an answer that broke off. Not called after `abort`. */
  onError(error: Error): void;
}

export interface UpstreamRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: Buffer | null;
}

/** Hold on an exchange under way. */
export interface Exchange {
  pause(): void;
  resume(): void;
  /** Ends it on the wire; the handler hears nothing more. */
  abort(): void;
}

/** Sends it. Every outcome goes to the handler, also one that comes at once. */
export function startExchange(
  dispatcher: Dispatcher,
  request: UpstreamRequest,
  handler: ExchangeHandler,
): Exchange {
  let controller: Dispatcher.DispatchController | null = null;
  let isOver = false;
  const abortReason = () => new Error('the client has gone, or another account takes over');
  dispatcher.dispatch(
    {
      origin: request.origin,
      path: request.path,
      method: request.method as Dispatcher.HttpMethod, // undici's list is a hint; any token is sent
      headers: [...request.headers],
      body: request.body,
    },
    {
      onRequestStart: (started) => {
        controller = started;
        if (isOver) started.abort(abortReason());
      },
      onResponseStart: (started, status, headers, statusText = '') => {
        if (isOver || status < 200) return;
        handler.onHead({ status, statusText, headers, rawHeaders: flatHeaders(started.rawHeaders) });
      },
      onResponseData: (_started, chunk) => {
        if (!isOver) handler.onData(chunk);
      },
      onResponseEnd: () => {
        if (isOver) return;
        isOver = true;
        handler.onEnd();
      },
      onResponseError: (_started, error) => {
        if (isOver) return;
        isOver = true;
        handler.onError(error);
      },
    },
  );
  return {
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
    abort: () => {
      if (isOver) return;
      isOver = true;
      controller?.abort(abortReason());
    },
  };
}
