/** A load generator that costs little itself: raw sockets, one prepared request, the end of the answer found by its last bytes. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Of one request, milliseconds. */
  readonly median: number;
  readonly p99: number;
}

const END = Buffer.from('0\r\n\r\n');
const BODY = JSON.stringify({ model: 'gpt-bench', stream: true, input: ['x'.repeat(8100)] });

export async function loadHttp(
  port: number,
  prefix: string,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const request = Buffer.from(
    `POST ${prefix}/responses HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer own\r\n` +
      `chatgpt-account-id: own\r\nthread-id: 0199-bench\r\nsession-id: 0199-bench\r\noriginator: codex_exec\r\n` +
      `accept: text/event-stream\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`,
  );
  return run(connections, seconds, async (isOver, took) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    await new Promise<void>((resolve, reject) => {
      let started = performance.now();
      let isFirst = true;
      socket.on('data', (chunk) => {
        if (isFirst && !chunk.subarray(0, 15).includes(' 200 '))
          return reject(new Error(chunk.toString('latin1', 0, 300)));
        isFirst = false;
        if (
          chunk.length < END.length ? !chunk.includes('\r\n\r\n') : !chunk.subarray(-END.length).equals(END)
        )
          return;
        took(performance.now() - started);
        if (isOver()) {
          socket.destroy();
          return resolve();
        }
        isFirst = true;
        started = performance.now();
        socket.write(request);
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the connection was closed')));
      socket.write(request);
    });
  });
}

export async function loadWebSocket(
  port: number,
  prefix: string,
  connections: number,
  seconds: number,
): Promise<LoadResult> {
  const frame = JSON.stringify({ type: 'response.create', ...JSON.parse(BODY) });
  return run(connections, seconds, async (isOver, took) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${prefix}/responses`, {
      perMessageDeflate: false,
      headers: { authorization: 'Bearer own', 'chatgpt-account-id': 'own', 'thread-id': '0199-bench' },
    });
    await once(socket, 'open');
    await new Promise<void>((resolve, reject) => {
      let started = performance.now();
      socket.on('message', (data) => {
        if (!Buffer.isBuffer(data) || !data.subarray(0, 40).includes('response.completed')) return;
        took(performance.now() - started);
        if (isOver()) {
          socket.terminate();
          return resolve();
        }
        started = performance.now();
        socket.send(frame);
      });
      socket.on('error', reject);
      socket.send(frame);
    });
  });
}

async function run(
  connections: number,
  seconds: number,
  client: (isOver: () => boolean, took: (ms: number) => void) => Promise<void>,
): Promise<LoadResult> {
  const times: number[] = [];
  const started = performance.now();
  const isOver = () => performance.now() - started > seconds * 1000;
  await Promise.all(Array.from({ length: connections }, () => client(isOver, (ms) => times.push(ms))));
  const elapsed = (performance.now() - started) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { requests: times.length, seconds: elapsed, median: at(0.5), p99: at(0.99) };
}
