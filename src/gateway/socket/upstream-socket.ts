/** One WebSocket to the upstream: opened with an account's credential, or refused with an HTTP answer. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { UpstreamHead } from '../upstream-exchange.ts';
import type { UpstreamNetwork } from '../upstream-network.ts';
import type { UpstreamTarget } from '../upstream-route.ts';

export type SocketOutcome =
  | { readonly kind: 'open'; readonly socket: WebSocket; readonly wire: Socket; readonly head: UpstreamHead }
  | { readonly kind: 'refused'; readonly head: UpstreamHead; readonly body: Buffer }
  | { readonly kind: 'unreachable'; readonly error: Error };

export interface UpstreamSocketOptions {
  readonly network: UpstreamNetwork;
  readonly target: UpstreamTarget;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** What the client offered in `Sec-WebSocket-Protocol`. */
  readonly protocols: readonly string[];
  readonly maxFrameBytes: number;
  readonly signal: AbortSignal;
}

const HANDSHAKE_TIMEOUT_MS = 30_000;
const MAX_REFUSAL_BYTES = 256 * 1024;

export async function openUpstreamSocket(options: UpstreamSocketOptions): Promise<SocketOutcome> {
  const url = new URL(options.target.origin + options.target.path);
  let wire: Socket;
  try {
    wire = await options.network.connect(url, options.signal);
  } catch (error) {
    return { kind: 'unreachable', error: error instanceof Error ? error : new Error(String(error)) };
  }
  wire.setNoDelay(true);
  wire.setKeepAlive(true, 60_000);
  return new Promise((resolve) => {
    const socket = new WebSocket(url, [...options.protocols], {
      createConnection: () => wire,
      headers: joined(options.headers),
      perMessageDeflate: false,
      followRedirects: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      maxPayload: options.maxFrameBytes,
      autoPong: false,
      skipUTF8Validation: true,
    });
    const stop = () => socket.terminate();
    const settle = (outcome: SocketOutcome) => {
      options.signal.removeEventListener('abort', stop);
      resolve(outcome);
    };
    options.signal.addEventListener('abort', stop, { once: true });
    let head: UpstreamHead | null = null;
    socket.once('upgrade', (answer) => {
      head = headOf(answer);
    });
    socket.once('open', () => {
      if (head !== null) settle({ kind: 'open', socket, wire, head });
    });
    socket.once('unexpected-response', (_request, answer) => {
      collect(answer).then((body) => {
        settle({ kind: 'refused', head: headOf(answer), body });
        wire.destroy();
      });
    });
    socket.on('error', (error) => settle({ kind: 'unreachable', error })); // later ones end in `close`
  });
}

/** The beginning of a refusal's body; what breaks off is what there is. */
function collect(answer: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    };
    const timer = setTimeout(done, HANDSHAKE_TIMEOUT_MS);
    answer.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MAX_REFUSAL_BYTES) done();
    });
    answer.once('end', done);
    answer.once('close', done);
    answer.once('error', done);
  });
}

function headOf(answer: IncomingMessage): UpstreamHead {
  return {
    status: answer.statusCode ?? 0,
    statusText: answer.statusMessage ?? '',
    headers: answer.headers,
    rawHeaders: answer.rawHeaders,
  };
}

/** As an object: names that stand more than once are joined, as HTTP allows. */
function joined(headers: readonly string[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const value = headers[index + 1] ?? '';
    named[name] = named[name] === undefined ? value : `${named[name]}, ${value}`;
  }
  return named;
}
