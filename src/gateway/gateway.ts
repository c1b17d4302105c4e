/** The data plane as one thing that starts and stops: what the daemon runs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { CodexScope } from '../codex/home.ts';
import { messageOf } from '../errors.ts';
import type { AccountSource } from './account-source.ts';
import { type Admitted, createAdmission, type Refused } from './admission.ts';
import { createClientBook, type GatewayClient } from './clients.ts';
import { createEncryptedBook } from './encrypted-items.ts';
import { type Counters, createCounters, type GatewayEvent } from './events.ts';
import { ownError, sendOwn } from './own-answers.ts';
import { OWN_LOGIN_ONLY } from './own-login-source.ts';
import { serveHttp } from './serve-http.ts';
import { startLoopbackServer } from './server.ts';
import { createTroubleWatch } from './server-trouble.ts';
import { createSocketServer } from './socket/serve-socket.ts';
import type { Traffic } from './traffic.ts';
import { openUpstreamNetwork } from './upstream-network.ts';
import { createUpstreamRouter, type UpstreamBases } from './upstream-route.ts';
import { createVisitors } from './visitors.ts';

export interface GatewayOptions {
  readonly scope: CodexScope;
  readonly accounts: AccountSource;
  readonly bases: UpstreamBases;
  readonly clients: readonly GatewayClient[];
  /** Default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1';
  /** Default 0: a free port. */
  readonly port?: number;
  /** Of one request as it is sent; default 128 MiB. */
  readonly maxBodyBytes?: number;
  /** Called for every request and refusal, after the answer has gone out; must not throw. */
  readonly onEvent?: (event: GatewayEvent) => void;
}

export interface Gateway {
  readonly address: {
    readonly host: string;
    readonly port: number;
    /** `openai_base_url` for a client with that token. */
    baseUrl(token: string): string;
  };
  readonly counters: Readonly<Counters>;
  /** Takes nothing new, lets what is under way end for so long, then ends it. */
  stop(drainMs: number): Promise<void>;
}

const FOREIGN: Refused = {
  kind: 'refused',
  status: 403,
  code: 'gateway_foreign_user',
  message: 'This gateway belongs to another user of this machine.',
};
const MAX_BODY_BYTES = 128 * 1024 * 1024;

/** Starts listening. Throws `ERR_GATEWAY_LISTEN`, or a TypeError for a base that is no URL or a token that is too weak. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { now } = options.scope.host;
  const counters = createCounters();
  const emit = options.onEvent ?? (() => {});
  const clients = createClientBook(options.clients);
  const hosts = new Set<string>();
  const admit = createAdmission({ clients, hosts });
  const traffic: Traffic = {
    accounts: options.accounts,
    network: await openUpstreamNetwork(options.scope),
    route: createUpstreamRouter(options.bases),
    trouble: createTroubleWatch(now),
    book: createEncryptedBook(),
    counters,
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
    now,
    emit,
  };
  const visitors = createVisitors(options.scope);
  /** For those who have the token and may not be this user: nothing of the pool. */
  const guestTraffic: Traffic = { ...traffic, accounts: OWN_LOGIN_ONLY, book: createEncryptedBook() };
  const tell = async ({ socket, headers }: IncomingMessage) =>
    visitors.isOwn(socket) ? 'own' : await visitors.tell(socket, headers);
  const refuse = (response: ServerResponse, { status, code, message }: Refused) => {
    counters.refused += 1;
    emit({ kind: 'refused', status, code });
    sendOwn(response, ownError(status, code, message), true);
  };
  const refuseUpgrade = (socket: Socket, status: number, code: string) => {
    counters.refused += 1;
    emit({ kind: 'refused', status, code });
    socket.end(`HTTP/1.1 ${status} \r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  };
  let isStopping = false;
  let onIdle: (() => void) | null = null;
  const leave = () => {
    counters.active -= 1;
    if (counters.active === 0) onIdle?.();
  };

  const onTurn = (change: 1 | -1) => {
    if (change === 1) counters.active += 1;
    else leave();
  };
  const sockets = createSocketServer(traffic, onTurn);
  const guestSockets = createSocketServer(guestTraffic, onTurn);
  const serveRequest = async (entry: Admitted, request: IncomingMessage, response: ServerResponse) => {
    const visitor = await tell(request);
    if (response.destroyed) return;
    if (visitor === 'foreign') return refuse(response, FOREIGN);
    await serveHttp(visitor === 'own' ? traffic : guestTraffic, entry, request, response);
  };
  const serveUpgrade = async (entry: Admitted, request: IncomingMessage, socket: Socket, head: Buffer) => {
    const visitor = await tell(request);
    if (socket.destroyed) return;
    if (visitor === 'foreign') return refuseUpgrade(socket, FOREIGN.status, FOREIGN.code);
    await (visitor === 'own' ? sockets : guestSockets).serve(entry, request, socket, head);
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    response.sendDate = false;
    response.on('error', () => response.destroy()); // the client went away in the middle of a write
    const entry = admit(request);
    if (entry.kind === 'refused') return refuse(response, entry);
    server.trust(request.socket);
    if (isStopping) {
      return sendOwn(response, ownError(503, 'gateway_stopping', 'The gateway is stopping.'), true);
    }
    counters.active += 1;
    serveRequest(entry, request, response)
      .catch((error: unknown) => {
        emit({ kind: 'fault', message: messageOf(error) });
        sendOwn(response, ownError(500, 'gateway_fault', 'The gateway failed; its log says more.'), true);
      })
      .finally(leave);
  };
  const server = await startLoopbackServer({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    onRequest,
    onUpgrade: (request, socket, head) => {
      const entry = admit(request);
      if (entry.kind === 'refused') return refuseUpgrade(socket, entry.status, entry.code);
      if (isStopping) return refuseUpgrade(socket, 503, 'gateway_stopping');
      server.trust(socket);
      serveUpgrade(entry, request, socket, head).catch((error: unknown) => {
        emit({ kind: 'fault', message: messageOf(error) });
        socket.destroy();
      });
    },
  });
  const shownHost = server.host === '::1' ? '[::1]' : server.host;
  for (const host of [shownHost, 'localhost']) hosts.add(`${host}:${server.port}`);

  return {
    address: {
      host: server.host,
      port: server.port,
      baseUrl: (token) => `http://${shownHost}:${server.port}/${token}/v1`,
    },
    counters,
    stop: async (drainMs) => {
      isStopping = true;
      server.close();
      sockets.drain();
      guestSockets.drain();
      if (counters.active > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, drainMs);
          onIdle = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      await server.destroy();
      await traffic.network.close();
    },
  };
}
