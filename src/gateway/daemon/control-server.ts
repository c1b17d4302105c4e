/**
 * The control API of a running gateway, on a loopback port of its own: commands and the doctor learn the live state here,
 * instead of guessing it from files. JSON, but for `/metrics`.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { messageOf } from '../../errors.ts';

export type ControlReply = { readonly status: number; readonly json: unknown } | { readonly text: string };

/** `GET /status` and the like to its answer; the body is parsed JSON, or `null`. */
export type ControlRoutes = Readonly<Record<string, (body: unknown) => Promise<ControlReply> | ControlReply>>;

export interface ControlServer {
  readonly url: string;
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024;

/** Listens on a free port; every request needs `authorization: Bearer TOKEN`, our host name, and no browser behind it. */
export async function startControlServer(token: string, routes: ControlRoutes): Promise<ControlServer> {
  let authority = '';
  const isAllowed = ({ headers }: IncomingMessage): boolean => {
    const shown = Buffer.from(headers.authorization ?? '');
    const wanted = Buffer.from(`Bearer ${token}`);
    return (
      headers.host === authority &&
      headers.origin === undefined &&
      headers['sec-fetch-site'] === undefined &&
      shown.length === wanted.length &&
      timingSafeEqual(shown, wanted)
    );
  };
  const answer = async (request: IncomingMessage): Promise<ControlReply> => {
    if (!isAllowed(request)) return { status: 403, json: { error: 'not allowed' } };
    const route = routes[`${request.method} ${request.url}`];
    if (route === undefined) return { status: 404, json: { error: 'unknown' } };
    const body = await readJsonBody(request);
    if (body === undefined) return { status: 400, json: { error: 'the body is not JSON, or too large' } };
    return await route(body);
  };
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    answer(request).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, { status: 500, json: { error: messageOf(error) } }),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  authority = `127.0.0.1:${address.port}`;
  return {
    url: `http://${authority}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, reply: ControlReply): void {
  if (response.destroyed) return;
  const isText = 'text' in reply;
  response.writeHead(isText ? 200 : reply.status, {
    'content-type': isText ? 'text/plain; version=0.0.4' : 'application/json',
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.end(isText ? reply.text : `${JSON.stringify(reply.json)}\n`);
}

/** `null` without a body; `undefined` when it cannot be used. */
async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk as Buffer);
  }
  if (size === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
