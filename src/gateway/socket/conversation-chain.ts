/**
 * Over a WebSocket the client sends only what is new, and names the response that it continues; the server keeps the rest, for
 * this connection and account alone. This keeps it too, so that a request can be written out in full for another account.
 */
import * as v from 'valibot';
import { parseObject } from '../request-body.ts';

export interface ConversationChain {
  /** A response has been completed: what was asked, and the frames of its finished items. */
  add(response: {
    readonly id: string;
    readonly previousId: string | null;
    readonly request: Buffer;
    readonly items: readonly Buffer[];
  }): void;
  /** All input that stands behind that response, in order; `null` when part of it is not known here. */
  inputBehind(responseId: string): readonly unknown[] | null;
}

interface Link {
  readonly previousId: string | null;
  readonly request: Buffer;
  readonly items: readonly Buffer[];
}

/** For one connection; a conversation that is longer continues by a new connection. */
const MAX_BYTES = 48 * 1024 * 1024;

export function createConversationChain(): ConversationChain {
  const links = new Map<string, Link>();
  let bytes = 0;
  return {
    add: ({ id, previousId, request, items }) => {
      // A request that continues nothing begins a new conversation: the former one is over.
      if (previousId === null) {
        links.clear();
        bytes = 0;
      }
      bytes += request.length + items.reduce((sum, item) => sum + item.length, 0);
      if (bytes > MAX_BYTES) {
        links.clear();
        return;
      }
      links.set(id, { previousId, request, items });
    },
    inputBehind: (responseId) => {
      const parts: (readonly unknown[])[] = [];
      for (let id: string | null = responseId; id !== null; ) {
        const link = links.get(id);
        const input = link === undefined ? null : inputOf(link.request);
        if (link === undefined || input === null) return null;
        parts.push([...input, ...link.items.flatMap(itemOf)]);
        id = link.previousId;
      }
      return parts.reverse().flat();
    },
  };
}

const itemSchema = v.looseObject({ item: v.record(v.string(), v.unknown()) });

function itemOf(frame: Buffer): readonly unknown[] {
  const parsed = v.safeParse(itemSchema, parseObject(frame));
  return parsed.success ? [withoutServerFields(parsed.output.item)] : [];
}

/** An output item as input: its id names something that the server does not keep (`store: false`), its status is over. */
function withoutServerFields(item: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { id: _id, status: _status, ...rest } = item;
  return rest;
}

function inputOf(request: Buffer): readonly unknown[] | null {
  const input = parseObject(request)?.input;
  return Array.isArray(input) ? input : null;
}
