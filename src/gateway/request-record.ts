/** What becomes of one request or WebSocket turn, written down as it happens and told once at its end. */
import type { TokenUsage } from './account-source.ts';
import { type AttemptNote, countRequest, type RequestEvent } from './events.ts';
import type { Traffic } from './traffic.ts';
import type { Verdict } from './verdict.ts';

export interface RequestRecord {
  note(attempt: AttemptNote): void;
  /** Whether a try was made on an account other than that one. */
  triedOther(key: string): boolean;
  /** The first byte goes to the client now. */
  firstByte(): void;
  finish(end: {
    readonly account: string | null;
    readonly status: number;
    readonly end: RequestEvent['end'];
    readonly usage?: TokenUsage | null;
  }): void;
}

export type RecordSubject = Pick<
  RequestEvent,
  'client' | 'transport' | 'method' | 'path' | 'threadId' | 'model'
>;

export function createRequestRecord(traffic: Traffic, subject: RecordSubject): RequestRecord {
  const startedAtMs = traffic.now();
  const started = performance.now();
  const attempts: AttemptNote[] = [];
  let firstByteMs: number | null = null;
  return {
    note: (attempt) => void attempts.push(attempt),
    triedOther: (key) => attempts.some(({ account }) => account !== null && account !== key),
    firstByte: () => {
      firstByteMs ??= performance.now() - started;
    },
    finish: ({ account, status, end, usage = null }) => {
      const event: RequestEvent = {
        kind: 'request',
        ...subject,
        account,
        status,
        end,
        usage,
        attempts,
        startedAtMs,
        firstByteMs,
        tookMs: performance.now() - started,
      };
      countRequest(traffic.counters, event);
      traffic.emit(event);
    },
  };
}

/** A verdict in one word for the record: `rotate:usage-limit`, `refresh`. */
export function verdictName(verdict: Verdict): string {
  return 'why' in verdict ? `${verdict.kind}:${verdict.why}` : verdict.kind;
}
