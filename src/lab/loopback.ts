/** Listening and connections: on loopback and nowhere else, and gone for good when the lab stops. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { StewardError, systemCode } from '../errors.ts';

const LOOPBACK_HOSTS = ['127.0.0.1', '::1'];

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Refuses connections for that long, and ends the open ones. */
  refuse(ms: number): void;
  stop(): Promise<void>;
}

/** Starts to listen. Throws `ERR_LAB_HOST` for an address that is not loopback, `ERR_LAB_LISTEN` when the port is taken. */
export async function listenOnLoopback(server: Server, host: string, port: number): Promise<Listener> {
  if (!LOOPBACK_HOSTS.includes(host)) {
    throw new StewardError('ERR_LAB_HOST', 'user', `The lab does not listen on ${host}.`, {
      hint: 'Use 127.0.0.1: whoever reaches the lab may sign in as anybody in it.',
    });
  }
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const endSockets = () => {
    for (const socket of sockets) socket.destroy();
  };
  await listen(server, host, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the lab listens on no TCP port');
  let again: NodeJS.Timeout | undefined;

  return {
    host,
    port: address.port,
    refuse: (ms) => {
      clearTimeout(again);
      if (server.listening) server.close();
      endSockets();
      again = setTimeout(() => server.listen({ host, port: address.port }), ms);
    },
    stop: async () => {
      clearTimeout(again);
      endSockets();
      if (!server.listening) return;
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new StewardError('ERR_LAB_LISTEN', 'environment', `The lab cannot listen on ${host}:${port}.`, {
          hint:
            systemCode(error) === 'EADDRINUSE'
              ? 'Choose another port, or none for a free one.'
              : error.message,
          cause: error,
        }),
      );
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
