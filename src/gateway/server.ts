/**
 * The listening side: HTTP/1.1 on loopback, strict about what a request is. Only the headers have a time limit; bodies and
 * answers take as long as their ends want. Connections that have not shown a token are few, the oldest go first.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { messageOf, StewardError, systemCode } from '../errors.ts';

export interface LoopbackServer {
  readonly host: string;
  readonly port: number;
  /** Called once a connection has shown a good token: it is no longer among the strangers. */
  trust(socket: Socket): void;
  /** Takes no new connections and ends those that do nothing. */
  close(): void;
  /** Ends every connection; resolves when the port is free. */
  destroy(): Promise<void>;
}

export interface LoopbackServerOptions {
  readonly host: '127.0.0.1' | '::1';
  /** 0 takes a free port. */
  readonly port: number;
  /** From the connection to the end of the headers; default 15 s. */
  readonly headerTimeoutMs?: number;
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer): void;
}

const HEADER_TIMEOUT_MS = 15_000;
/** Codex sends the whole turn's metadata in headers. */
const MAX_HEADER_BYTES = 128 * 1024;
/** A client's pool keeps connections this long; closing earlier races with its next request. */
const KEEP_ALIVE_MS = 10 * 60_000;
const MAX_STRANGERS = 512;

/** Listens. Throws `ERR_GATEWAY_LISTEN`. */
export async function startLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const { headerTimeoutMs = HEADER_TIMEOUT_MS } = options;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: headerTimeoutMs,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(2000, headerTimeoutMs),
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
  });
  server.maxHeadersCount = 200;
  const sockets = new Set<Socket>();
  const strangers = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    strangers.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      strangers.delete(socket);
    });
    if (strangers.size > MAX_STRANGERS) {
      const [oldest] = strangers;
      oldest?.destroy();
    }
  });
  server.on('request', options.onRequest);
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    options.onUpgrade(request, socket, head);
  });
  server.on('connect', (_request: IncomingMessage, socket: Socket) => socket.destroy()); // we are no forward proxy
  server.on('checkContinue', options.onRequest); // no "100 Continue" before the token has been seen
  server.on('clientError', (error: Error, socket: Socket) => {
    if (systemCode(error) === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status =
      systemCode(error) === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  const port = await listen(server, options.host, options.port);
  return {
    host: options.host,
    port,
    trust: (socket) => void strangers.delete(socket),
    close: () => {
      server.close();
      server.closeIdleConnections();
      for (const socket of strangers) socket.destroy();
    },
    destroy: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        new StewardError(
          'ERR_GATEWAY_LISTEN',
          'environment',
          `cannot listen on ${host}:${port}: ${messageOf(error)}`,
          {
            hint: 'Another program may hold that port; port 0 takes a free one.',
            cause: error,
          },
        ),
      );
    server.once('error', fail);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', fail);
      const address = server.address();
      if (address === null || typeof address === 'string') return fail(new Error('no port was given'));
      resolve(address.port);
    });
  });
}
