/**
 * Reads usage, ids and encrypted items out of a stream that passes by. Most events are of no interest and are not parsed:
 * a byte search finds the few that are, and only those go through the parser.
 */
import { createParser } from 'eventsource-parser';
import { type AnswerFacts, noteEvent } from './answer-facts.ts';
import { isFinalEvent } from './event-kinds.ts';
import { parseObject } from './request-body.ts';

export interface StreamTap {
  push(chunk: Buffer): void;
  /** The stream is over: what is left is looked at too. */
  end(): void;
}

const MARKS = [
  'response.completed',
  'response.failed',
  'response.incomplete',
  '"error"',
  'encrypted_content',
];
const BOUNDARY = '\n\n';
/** An event that is larger is not looked into: what it would tell is not worth the memory. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

export function createStreamTap(facts: AnswerFacts, now: () => number): StreamTap {
  /** The bytes since the last boundary: the start of an event that has not ended. */
  let rest: Buffer[] = [];
  let restSize = 0;
  const take = (bytes: Buffer) => {
    const marks = MARKS.map((mark) => bytes.indexOf(mark)).filter((at) => at !== -1);
    if (marks.length === 0) return;
    const before = bytes.lastIndexOf(BOUNDARY, Math.min(...marks));
    const parser = createParser({
      onEvent: ({ event, data }) => {
        const type = event ?? '';
        if (event !== undefined && !isFinalEvent(type) && type !== 'response.output_item.done') return;
        const parsed = parseObject(data);
        if (parsed === null) return;
        const named = event ?? (typeof parsed.type === 'string' ? parsed.type : '');
        if (isFinalEvent(named) || named === 'response.output_item.done')
          noteEvent(facts, named, parsed, now());
      },
    });
    parser.feed(bytes.toString('utf8', before === -1 ? 0 : before + BOUNDARY.length));
  };
  return {
    push: (chunk) => {
      const end = chunk.lastIndexOf(BOUNDARY);
      if (end === -1) {
        // The boundary may lie across two chunks; then the event waits for the next one, which costs nothing.
        rest.push(chunk);
        restSize += chunk.length;
        if (restSize > MAX_EVENT_BYTES) {
          rest = [];
          restSize = 0;
        }
        return;
      }
      const whole = chunk.subarray(0, end + BOUNDARY.length);
      take(rest.length === 0 ? whole : Buffer.concat([...rest, whole]));
      const left = chunk.subarray(end + BOUNDARY.length);
      rest = left.length === 0 ? [] : [left];
      restSize = left.length;
    },
    end: () => {
      if (rest.length === 0) return;
      take(Buffer.concat([...rest, Buffer.from(BOUNDARY)]));
      rest = [];
    },
  };
}
