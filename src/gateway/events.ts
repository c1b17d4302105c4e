/** What the gateway tells about its work: one event a request, and numbers that only rise. Never a token, never a text. */
import type { TokenUsage } from './account-source.ts';

/** One try on one account, and why it was not the last. */
export interface AttemptNote {
  readonly account: string | null;
  /** Why it was chosen. */
  readonly reason: string;
  readonly status: number | null;
  /** `served`, a verdict (`rotate:usage-limit`, `wait:server`, …), `unreachable`, `no-credential` or `client-gone`. */
  readonly outcome: string;
}

export interface RequestEvent {
  readonly kind: 'request';
  readonly client: string;
  readonly transport: 'http' | 'websocket';
  readonly method: string;
  readonly path: string;
  readonly threadId: string | null;
  readonly model: string | null;
  /** Key of the account whose answer the client got; `null` when it got one of ours. */
  readonly account: string | null;
  readonly status: number;
  readonly end: 'whole' | 'cut' | 'client-gone' | 'refused';
  readonly usage: TokenUsage | null;
  readonly attempts: readonly AttemptNote[];
  /** Epoch ms. */
  readonly startedAtMs: number;
  readonly firstByteMs: number | null;
  readonly tookMs: number;
}

export type GatewayEvent =
  | RequestEvent
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }
  /** Our own fault, told without the request's content. */
  | { readonly kind: 'fault'; readonly message: string };

export interface Counters {
  requests: number;
  /** Requests and WebSocket turns under way. */
  active: number;
  sockets: number;
  attempts: number;
  /** Requests that another account than the first one answered. */
  failovers: number;
  refused: number;
  exhausted: number;
  cut: number;
  clientGone: number;
  inputTokens: number;
  outputTokens: number;
}

export function createCounters(): Counters {
  return {
    requests: 0,
    active: 0,
    sockets: 0,
    attempts: 0,
    failovers: 0,
    refused: 0,
    exhausted: 0,
    cut: 0,
    clientGone: 0,
    inputTokens: 0,
    outputTokens: 0,
  };
}

/** Adds a finished request to the numbers. */
export function countRequest(counters: Counters, event: RequestEvent): void {
  counters.requests += 1;
  counters.attempts += event.attempts.length;
  const [first] = event.attempts;
  if (event.account !== null && first !== undefined && first.account !== event.account)
    counters.failovers += 1;
  if (event.end === 'cut') counters.cut += 1;
  if (event.end === 'client-gone') counters.clientGone += 1;
  if (event.end === 'refused') counters.exhausted += 1;
  counters.inputTokens += event.usage?.inputTokens ?? 0;
  counters.outputTokens += event.usage?.outputTokens ?? 0;
}
