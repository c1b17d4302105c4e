/** Sends WebSocket frames, honouring what a fault did to the line: cut, silence or reset after so many bytes. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Harm } from './fault-book.ts';

export interface FrameSender {
  /** Sends one JSON frame, or the part of the stream that the line still carries. */
  send(value: unknown): void;
}

/** A sender over `socket`; `tcp` is the connection below it. */
export function createFrameSender(socket: WebSocket, tcp: Socket, line: Harm['line']): FrameSender {
  let left = line?.afterBytes ?? Number.POSITIVE_INFINITY;
  let down = false;
  return {
    send: (value) => {
      if (down || socket.readyState !== WebSocket.OPEN) return;
      const text = JSON.stringify(value);
      left -= Buffer.byteLength(text);
      if (left >= 0) {
        socket.send(text);
        return;
      }
      down = true;
      if (line?.kind === 'cut') tcp.destroy();
      if (line?.kind === 'reset') tcp.resetAndDestroy();
    },
  };
}
