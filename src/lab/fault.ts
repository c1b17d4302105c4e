/**
 * A fault as data: which requests it meets, how many of them, and what goes wrong. Scenarios are lists of faults, and
 * chaos tests send them over the control endpoint, so the shape is checked at that edge.
 */
import * as v from 'valibot';
import { LAB_ACCOUNT_NAMES } from './accounts.ts';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));
const headers = v.record(v.string(), v.string());

const effectSchema = v.variant('kind', [
  /** Another answer. Strings `{{unix+60}}`, `{{iso+60}}`, `{{plan}}` are filled in when it is sent. */
  v.object({
    kind: v.literal('answer'),
    status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
    headers: v.optional(headers),
    json: v.optional(v.unknown()),
    text: v.optional(v.string()),
  }),
  /** The model's stream consists of these events instead, over SSE or WebSocket alike. */
  v.object({
    kind: v.literal('events'),
    events: v.array(v.looseObject({ type: v.string() })),
    /** `end`: the stream ends; `silent`: it stays open and says nothing more. */
    ending: v.optional(v.picklist(['end', 'silent']), 'end'),
  }),
  /** These headers are added to whatever the answer is. */
  v.object({ kind: v.literal('headers'), headers }),
  v.object({ kind: v.literal('delay'), ms: bytes }),
  /** The connection ends after that many bytes of the body (or of the frames). */
  v.object({ kind: v.literal('cut'), afterBytes: bytes }),
  /** The connection stays open after that many bytes and nothing more comes. */
  v.object({ kind: v.literal('silent'), afterBytes: bytes }),
  /** TCP reset instead of an answer, or after that many bytes of it. */
  v.object({ kind: v.literal('reset'), afterBytes: v.optional(bytes, 0) }),
  /** Never answers. */
  v.object({ kind: v.literal('hang') }),
  /** The edge's HTML page that asks for a browser, with 403. */
  v.object({ kind: v.literal('challenge') }),
  v.object({ kind: v.literal('content-type'), value: v.string() }),
  /** The first half of the body, with a clean end. */
  v.object({ kind: v.literal('half-body') }),
  /** The WebSocket is accepted, then closed by the server with that code. */
  v.object({ kind: v.literal('close'), code: v.number(), reason: v.optional(v.string(), '') }),
]);

export const faultSchema = v.object({
  /** Shown in the log; a scenario's faults carry its name. */
  name: v.optional(v.string()),
  match: v.optional(
    v.object({
      method: v.optional(v.string()),
      /** A path, with `*` for one segment and `**` for any number. */
      path: v.optional(v.string()),
      /** `websocket` is the upgrade; `frame` a request inside a WebSocket that is open, met by no fault that does not name it. */
      transport: v.optional(v.picklist(['http', 'websocket', 'frame'])),
      account: v.optional(v.picklist(LAB_ACCOUNT_NAMES)),
    }),
    {},
  ),
  /** The first so many matching requests go unharmed. */
  skip: v.optional(bytes, 0),
  /** Then so many are met; without it, all. */
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  effect: effectSchema,
});

/** A fault as somebody writes it (defaults left out). */
export type FaultInput = v.InferInput<typeof faultSchema>;

export type Fault = v.InferOutput<typeof faultSchema>;

export type Effect = Fault['effect'];
