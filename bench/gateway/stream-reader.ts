/** One stream read to its end over a raw socket: when each numbered event came, against when it was sent. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface ReadStream {
  /** Milliseconds under way by the event's number; a number that is missing was lost. */
  readonly took: readonly number[];
  /** Came twice, out of turn, or in pieces that are no event. */
  readonly odd: number;
  readonly isWhole: boolean;
}

const NUMBERED = /"n":(\d+),"at":(\d+)/;

/** Resolves when the stream has ended, however it did. */
export async function readStream(port: number, prefix: string, pair: string): Promise<ReadStream> {
  const body = JSON.stringify({ model: 'gpt-bench', stream: true, input: [] });
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  const took: number[] = [];
  let odd = 0;
  let isWhole = false;
  let rest = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const now = Number(process.hrtime.bigint() / 1000n);
    const events = (rest + chunk).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      const parts = NUMBERED.exec(event);
      if (parts === null) {
        isWhole ||= event.includes('response.completed');
        continue;
      }
      if (Number(parts[1]) !== took.length) odd += 1;
      took[Number(parts[1])] = (now - Number(parts[2])) / 1000;
    }
    if (isWhole && (rest + chunk).endsWith('0\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => {}); // told by what is missing
  socket.write(
    `POST ${prefix}/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer own\r\n` +
      `chatgpt-account-id: own\r\nthread-id: ${pair}\r\nx-pair: ${pair}\r\naccept: text/event-stream\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  await once(socket, 'close');
  return { took, odd, isWhole };
}
