/** Sending and closing at the level of `ws`: writes of one read go out together, a slow reader slows its writer, codes pass on. */
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

/** Beyond this many bytes that the other side has not taken, the source is told to wait. */
const HIGH_WATER = 1024 * 1024;

export interface FrameSender {
  send(data: Buffer, isBinary: boolean): void;
}

/** Frames to `socket`; `pauseSource` and `resumeSource` hold whoever they come from. */
export function createFrameSender(
  socket: WebSocket,
  wire: Socket,
  source: { pause(): void; resume(): void },
): FrameSender {
  let isCorked = false;
  let isWaiting = false;
  const uncork = () => {
    isCorked = false;
    wire.uncork();
  };
  return {
    send: (data, isBinary) => {
      if (socket.readyState !== WebSocket.OPEN) return; // its `close` has been or will be heard
      if (!isCorked) {
        isCorked = true;
        wire.cork();
        process.nextTick(uncork);
      }
      socket.send(data, { binary: isBinary });
      if (isWaiting || wire.writableLength < HIGH_WATER) return;
      isWaiting = true;
      source.pause();
      wire.once('drain', () => {
        isWaiting = false;
        source.resume();
      });
    },
  };
}

/** Ends a WebSocket as the other one has ended. */
export function closeLike(socket: WebSocket, code: number, reason: Buffer): void {
  if (code === 1005) socket.close();
  else if (isSendable(code)) socket.close(code, reason);
  else socket.terminate(); // 1006 and the like: it broke, without a word
}

function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  );
}
