/** What a route is. The tables stand beside what they serve; `server.ts` puts them together. */
import type { WebSocket } from 'ws';
import type { LabAnswer } from './answer.ts';
import type { Exchange } from './exchange.ts';
import type { FrameSender } from './frames.ts';
import type { LabWorld } from './world.ts';

export interface LabRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'HEAD';
  /** With `:name` for a segment that the handler reads from `exchange.params`. */
  readonly path: string;
  handle(exchange: Exchange, world: LabWorld): LabAnswer | Promise<LabAnswer>;
}

/** What faults make of one request inside a WebSocket. */
export interface FrameHarm {
  /** What is said instead: another answer, or nothing at all. */
  readonly instead: LabAnswer | 'nothing' | undefined;
  /** The line back, spoilt or not. */
  readonly frames: FrameSender;
}

export interface SocketContext {
  readonly socket: WebSocket;
  readonly exchange: Exchange;
  readonly world: LabWorld;
  /** Sends frames through the line that a fault may have spoilt. */
  readonly frames: FrameSender;
  /** Counts a request against the faults that concern frames; resolves after their delay. */
  meetFrame(): Promise<FrameHarm>;
  /** Logs one request made inside the socket. */
  logFrame(what: string, status: number): void;
  /** What a fault makes the model say instead. */
  readonly script: Extract<LabAnswer, { kind: 'events' }> | undefined;
}

export interface SocketRoute {
  readonly path: string;
  /** The refusal of an endpoint that speaks no WebSocket at all for now; it comes before any fault. */
  switchedOff?(world: LabWorld): LabAnswer | undefined;
  /** The refusal, or `undefined` when the upgrade may go on. */
  refuse(exchange: Exchange, world: LabWorld): LabAnswer | undefined;
  open(context: SocketContext): void;
}
