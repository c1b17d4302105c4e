/**
 * Waits on loopback for the browser to come back from the sign-in. It answers only the callback of the sign-in that it was
 * started for, and keeps the browser waiting until the code has really become a login, so that the page tells the truth.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemCode } from '../../errors.ts';
import { type CallbackPage, renderCallbackPage } from './callback-page.ts';
import { readSignInAnswer, type SignInAnswer } from './sign-in-answer.ts';

/** The ports that the sign-in server accepts for Codex's client (0.133 to 0.169), in Codex's order. */
export const CALLBACK_PORTS: readonly number[] = [1455, 1457];

export const CALLBACK_PATH = '/auth/callback';

export type FinalAnswer = Extract<SignInAnswer, { readonly kind: 'code' | 'refused' }>;

export interface CallbackServer {
  readonly port: number;
  /** Begins to believe callbacks with that state. Resolves with the first one. */
  wait(state: string): Promise<FinalAnswer>;
  /** Shows the waiting browser how it ended, and stops listening. Without a page: that it ended elsewhere. */
  close(page?: CallbackPage): Promise<void>;
}

export type CallbackStart =
  | { readonly kind: 'listening'; readonly server: CallbackServer }
  /** Nobody can listen on any of the ports; `code` is the system's (`EADDRINUSE`, `EACCES`). */
  | { readonly kind: 'held'; readonly ports: readonly { readonly port: number; readonly code: string }[] };

/** Listens on the first port that is free on 127.0.0.1 and ::1, which are both what a browser may take for `localhost`. */
export async function startCallbackServer(ports: readonly number[] = CALLBACK_PORTS): Promise<CallbackStart> {
  const held: { port: number; code: string }[] = [];
  for (const port of ports) {
    const bound = await bindBoth(port);
    if (bound.kind === 'held') held.push({ port, code: bound.code });
    else return { kind: 'listening', server: serve(bound.port, bound.servers) };
  }
  return { kind: 'held', ports: held };
}

const NO_IPV6: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'ENETUNREACH']);

async function bindBoth(
  port: number,
): Promise<
  | { readonly kind: 'bound'; readonly port: number; readonly servers: readonly Server[] }
  | { readonly kind: 'held'; readonly code: string }
> {
  const first = createServer();
  const refused = await listen(first, '127.0.0.1', port);
  if (refused !== null) return { kind: 'held', code: refused };
  const taken = portOf(first);
  const second = createServer();
  const refusedV6 = await listen(second, '::1', taken);
  if (refusedV6 === null) return { kind: 'bound', port: taken, servers: [first, second] };
  if (NO_IPV6.has(refusedV6)) return { kind: 'bound', port: taken, servers: [first] };
  // Somebody else would get the code of a browser that prefers IPv6.
  await stop(first);
  return { kind: 'held', code: refusedV6 };
}

function listen(server: Server, host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(systemCode(error) ?? 'EUNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => resolve(null));
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function serve(port: number, servers: readonly Server[]): CallbackServer {
  const hosts = new Set(['localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`));
  const waiting: ServerResponse[] = [];
  let expected: { readonly state: string; readonly resolve: (answer: FinalAnswer) => void } | undefined;

  const handle = (request: IncomingMessage, response: ServerResponse) => {
    // A page of another site can be made to reach us under its own name (DNS rebinding).
    if (!hosts.has(request.headers.host?.toLowerCase() ?? '')) return send(response, MISDIRECTED);
    const url = new URL(request.url ?? '/', `http://localhost:${port}`);
    if (request.method !== 'GET' || url.pathname !== CALLBACK_PATH || expected === undefined) {
      return send(response, NOT_FOUND);
    }
    const answer = readSignInAnswer(url.searchParams, expected.state);
    if (answer.kind === 'code' || answer.kind === 'refused') {
      waiting.push(response); // a reload of the page waits with it
      return expected.resolve(answer);
    }
    send(response, answer.kind === 'no-code' ? NO_CODE : WRONG_STATE);
  };
  for (const server of servers) server.on('request', handle);

  return {
    port,
    wait: (state) =>
      new Promise((resolve) => {
        expected = { state, resolve };
      }),
    close: async (page = ENDED) => {
      await Promise.all(waiting.map((response) => send(response, page)));
      await Promise.all(servers.map(stop));
    },
  };
}

function send(response: ServerResponse, page: CallbackPage): Promise<void> {
  const { body, headers } = renderCallbackPage(page);
  return new Promise((resolve) => {
    response.once('close', resolve); // also when the browser has gone
    if (response.closed) resolve();
    response.writeHead(page.status, headers).end(body);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const NOT_FOUND: CallbackPage = {
  status: 404,
  title: 'Nothing here',
  text: 'This address only receives the end of a sign-in.',
  closes: false,
};
const MISDIRECTED: CallbackPage = {
  status: 421,
  title: 'Wrong address',
  text: 'This server answers only to localhost.',
  closes: false,
};
const WRONG_STATE: CallbackPage = {
  status: 400,
  title: 'State mismatch',
  text: 'This answer belongs to another sign-in. Use the address that the terminal shows now.',
  closes: false,
};
const NO_CODE: CallbackPage = {
  status: 400,
  title: 'Missing authorization code',
  text: 'The sign-in server sent no code. Start again from the address that the terminal shows.',
  closes: false,
};
const ENDED: CallbackPage = {
  status: 410,
  title: 'This sign-in has ended',
  text: 'The terminal says how. You can close this tab.',
  closes: false,
};
