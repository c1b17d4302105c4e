/**
 * Reads usage, ids and encrypted items out of a stream that passes by. Most events are of no interest and are not even looked
 * at: what ends an answer stands last, and encrypted items are found by a byte search; only those go through the parser.
 */
import { createParser } from 'eventsource-parser';
import { type AnswerFacts, noteEvent } from './answer-facts.ts';
import { isFinalEvent } from './event-kinds.ts';
import { parseObject } from './request-body.ts';

export interface StreamTap {
  /** Takes in what has just passed; cheap. */
  push(chunk: Buffer): void;
  /** The stream is over: what is left is looked at too. */
  end(): void;
}

const ITEM = 'response.output_item.done';
const ENCRYPTED = '"encrypted_content"';
const BOUNDARY = '\n\n';
/** The type of an event stands in its first bytes. */
const TYPE_BYTES = 120;
/** An event that is larger is not looked into: what it would tell is not worth the memory. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

export function createStreamTap(facts: AnswerFacts, now: () => number): StreamTap {
  /** The bytes since the last boundary: the start of an event that has not ended. */
  let rest: Buffer[] = [];
  let restSize = 0;
  /** The whole events that passed last, for an end that did not stand last. */
  let lately: Buffer | null = null;

  const parse = (bytes: Buffer, from: number) => {
    const parser = createParser({
      onEvent: ({ event, data }) => {
        if (event !== undefined && event !== ITEM && !isFinalEvent(event)) return;
        const parsed = parseObject(data);
        const type = event ?? (typeof parsed?.type === 'string' ? parsed.type : '');
        if (parsed !== null && (type === ITEM || isFinalEvent(type))) noteEvent(facts, type, parsed, now());
      },
    });
    parser.feed(bytes.toString('utf8', from));
  };
  const take = (bytes: Buffer) => {
    lately = bytes;
    const encrypted = bytes.indexOf(ENCRYPTED);
    if (encrypted !== -1) return parse(bytes, startOf(bytes, encrypted));
    const last = startOf(bytes, bytes.length - BOUNDARY.length - 1);
    if (mayEnd(bytes.toString('latin1', last, last + TYPE_BYTES))) parse(bytes, last);
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
      if (rest.length > 0) take(Buffer.concat([...rest, Buffer.from(BOUNDARY)]));
      if (facts.ending === null && lately !== null) parse(lately, 0);
      rest = [];
      lately = null;
    },
  };
}

/** Where the event begins that has a byte at that place. */
function startOf(bytes: Buffer, at: number): number {
  const boundary = at < 0 ? -1 : bytes.lastIndexOf(BOUNDARY, at);
  return boundary === -1 ? 0 : boundary + BOUNDARY.length;
}

function mayEnd(beginning: string): boolean {
  return /response\.(?:completed|failed|incomplete)|"?error"?/.test(beginning);
}
