/**
 * Holds the beginning of a stream back until it is clear what it is. As long as only events have come that no client shows,
 * the answer can still be thrown away and another account asked; the first event that shows something ends that.
 */
import { createParser } from 'eventsource-parser';
import { isSilentEvent } from './event-kinds.ts';
import { type Failure, parseEventFailure } from './failure.ts';
import { parseObject } from './request-body.ts';

export type GuardState =
  | { readonly kind: 'holding' }
  /** Everything held is to be sent, and what follows goes straight through. */
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface StreamGuard {
  /** Takes a chunk in; the state tells what to do with all that is held. */
  push(chunk: Buffer): GuardState;
  /** What has been held back, in order. */
  held(): readonly Buffer[];
}

/** `response.created` repeats the instructions; more than this is no beginning. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

export function createStreamGuard(now: () => number): StreamGuard {
  const held: Buffer[] = [];
  const text = new TextDecoder();
  let size = 0;
  let state: GuardState = { kind: 'holding' };
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (state.kind !== 'holding') return;
      const type = event ?? typeOf(data);
      if (isSilentEvent(type)) return;
      const parsed = type === 'response.failed' || type === 'error' ? parseObject(data) : null;
      const failure = parsed === null ? null : parseEventFailure({ type, ...parsed }, now());
      state = failure === null ? { kind: 'open' } : { kind: 'failed', failure };
    },
  });
  return {
    push: (chunk) => {
      held.push(chunk);
      size += chunk.length;
      // Event by event: a first chunk may hold the whole answer, and only its beginning is of interest.
      for (let from = 0; from < chunk.length && state.kind === 'holding'; ) {
        const end = chunk.indexOf('\n\n', from);
        const to = end === -1 ? chunk.length : end + 2;
        parser.feed(text.decode(chunk.subarray(from, to), { stream: true }));
        from = to;
      }
      if (state.kind === 'holding' && size > MAX_HELD_BYTES) state = { kind: 'open' };
      return state;
    },
    held: () => held,
  };
}

function typeOf(data: string): string {
  const type = parseObject(data)?.type;
  return typeof type === 'string' ? type : '';
}
