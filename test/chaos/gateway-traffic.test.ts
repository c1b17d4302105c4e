/**
 * Many sessions at once over both transports, and accounts that fail at random in every known way, but for one per
 * thread, which serves: every request must succeed, with its own answer, once; and nothing may be left behind: no socket, no
 * request under way, no memory. CHAOS_SECONDS lengthens it.
 */
import { once } from 'node:events';
import { createServer, request as httpRequest, type ServerResponse } from 'node:http';
import { createParser } from 'eventsource-parser';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { childBundle } from './child-bundle.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';

const SECONDS = Number(process.env.CHAOS_SECONDS ?? 6);
const SESSIONS = 200;
/** The compiler's own needs, and those of what is made once, do not count. */
const WARM_SECONDS = 1;
/** Of threads and responses it remembers the account, some hundred bytes each, and only so many. */
const MOST_MORE_BYTES = 12_000_000;
const NAMES = ['plus', 'second', 'pro', 'team', 'enterprise'] as const;
const EXPIRED: readonly string[] = ['pro', 'team'];
/** Limits are an account's, not a thread's: each account in turn is at its limit for so long, whoever asks. */
const LIMIT_MS = 700;
const limitedForMs = (name: string | undefined): number => {
  const turn = Date.now() / LIMIT_MS;
  const isLimited = NAMES[Math.floor(turn) % NAMES.length] === name;
  return isLimited ? Math.ceil((1 - (turn % 1)) * LIMIT_MS) : 0;
};
/** The one that serves this thread, limits aside, whatever else the others do. */
const steadyFor = (thread: string) => NAMES[Number(thread.replace(/\D/g, '')) % NAMES.length];

const child = childBundle('gateway-child.ts');
let world: LabWithHome;
let gateway: GatewayProcess | null = null;
beforeAll(child.build);
afterAll(child.remove);
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(async () => {
  gateway?.kill();
  await world.stop();
});

interface Say {
  event(event: object): void;
  cut(): void;
}

const created = (id: string) => ({ type: 'response.created', response: { id } });
const failed = (id: string, code: string) => ({
  type: 'response.failed',
  response: { id, error: { code, message: 'x' } },
});

/** One way of failing before anything is shown, over either transport. */
function fail(say: Say, id: string): void {
  const kind = Math.floor(Math.random() * 4);
  if (kind === 3) {
    say.event(created(id));
    say.cut();
    return;
  }
  say.event(created(id));
  say.event(failed(id, ['server_is_overloaded', 'internal_error', 'server_error'][kind] ?? ''));
}

function answer(say: Say, id: string, marker: string): void {
  say.event(created(id));
  for (let part = 0; part < 5; part += 1)
    say.event({ type: 'response.output_text.delta', delta: `${marker}:${part} ` });
  say.event({ type: 'response.completed', response: { id, usage: { input_tokens: 1, output_tokens: 1 } } });
}

async function startUpstream() {
  const served: string[] = [];
  let count = 0;
  const accountOf = (id: unknown) => world.lab.accounts.find(({ accountId }) => accountId === id)?.name;
  const isUnlucky = (id: unknown, thread: unknown) =>
    accountOf(id) !== steadyFor(String(thread)) && Math.random() < 0.4;
  const nextId = () => {
    count += 1;
    return `resp_${count}`;
  };
  const refuse = (response: ServerResponse, status: number, error: object, headers = {}) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify({ error }));
  const limit = (response: ServerResponse, limitMs: number) =>
    Math.random() < 0.5
      ? refuse(response, 429, { code: 'rate_limit_exceeded' }, { 'retry-after-ms': String(limitMs) })
      : refuse(response, 429, {
          type: 'usage_limit_reached',
          resets_at: Math.ceil((Date.now() + limitMs) / 1000),
        });
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const id = request.headers['chatgpt-account-id'];
    const limitMs = limitedForMs(accountOf(id));
    if (limitMs > 0) return limit(response, limitMs);
    const unlucky = isUnlucky(id, request.headers['thread-id']);
    if (unlucky && Math.random() < 0.2) return void response.socket?.resetAndDestroy();
    if (unlucky && Math.random() < 0.3) return refuse(response, 500, { type: 'server_error' });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say: Say = {
      event: (event) => response.write(`data: ${JSON.stringify(event)}\n\n`),
      cut: () => response.destroy(),
    };
    if (unlucky) {
      fail(say, nextId());
      return void (response.destroyed || response.end());
    }
    const { marker } = JSON.parse(Buffer.concat(chunks).toString());
    served.push(marker);
    answer(say, nextId(), marker);
    response.end();
  });
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('upgrade', (request, wire, head) => {
    const id = request.headers['chatgpt-account-id'];
    if (isUnlucky(id, request.headers['thread-id']))
      return void wire.end('HTTP/1.1 503 x\r\ncontent-length: 0\r\n\r\n');
    sockets.handleUpgrade(request, wire, head, (socket) =>
      socket.on('message', (data) => {
        const say: Say = {
          event: (event) => socket.send(JSON.stringify(event)),
          cut: () => socket.terminate(),
        };
        const limitMs = limitedForMs(accountOf(id));
        if (limitMs > 0)
          return say.event({
            type: 'error',
            status: 429,
            error: { type: 'usage_limit_reached', resets_at: Math.ceil((Date.now() + limitMs) / 1000) },
          });
        if (isUnlucky(id, request.headers['thread-id'])) return fail(say, nextId());
        const { marker } = JSON.parse(data.toString());
        served.push(marker);
        answer(say, nextId(), marker);
      }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { base: `http://127.0.0.1:${port}`, served, server };
}

/** Sends one request and gives back the texts of its answer, or what went wrong. */
function askHttp(base: string, thread: string, marker: string): Promise<string> {
  return new Promise((resolve) => {
    const request = httpRequest(
      `${base}/responses`,
      { method: 'POST', headers: { 'thread-id': thread }, agent: false },
      (response) => {
        let text = '';
        let isWhole = false;
        const parser = createParser({
          onEvent: ({ data }) => {
            const event = JSON.parse(data);
            text += event.delta ?? '';
            isWhole ||= event.type === 'response.completed';
          },
        });
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
          if (response.statusCode === 200) parser.feed(chunk);
        });
        response.on('close', () => resolve(isWhole ? text : `${response.statusCode} ${body}`));
      },
    );
    request.on('error', (error) => resolve(String(error)));
    request.end(JSON.stringify({ model: 'm', marker, input: [] }));
  });
}

async function openSocket(base: string, thread: string) {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/responses`, {
    headers: { 'thread-id': thread },
  });
  socket.on('error', () => {});
  await once(socket, 'open');
  const ask = (marker: string): Promise<string> =>
    new Promise((resolve) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve('the socket is closed');
      let text = '';
      const onClose = (code: number) => resolve(`closed ${code}`);
      const onMessage = (data: { toString(): string }) => {
        const event = JSON.parse(data.toString());
        text += event.delta ?? '';
        if (!['response.completed', 'response.failed', 'error'].includes(event.type)) return;
        socket.off('message', onMessage).off('close', onClose);
        resolve(event.type === 'response.completed' ? text : JSON.stringify(event));
      };
      socket.on('message', onMessage).once('close', onClose);
      socket.send(JSON.stringify({ type: 'response.create', model: 'm', marker, input: [] }));
    });
  return { socket, ask };
}

test('every request succeeds with its own answer, once, and nothing is left behind', async () => {
  // Two of them begin with a token that has expired: everybody needs a new one at once, and a refresh token is good once.
  for (const name of NAMES) await world.addAccount(name, { expired: EXPIRED.includes(name) });
  const upstream = await startUpstream();
  gateway = await startGatewayProcess(child.file, world, upstream.base);
  const { baseUrl } = gateway;
  const wrong: string[] = [];
  let asked = 0;
  const session = async (number: number, until: number) => {
    const thread = `thread-${number}`;
    const socket = number % 2 === 0 ? await openSocket(baseUrl, thread) : null;
    do {
      asked += 1;
      const marker = `${number}.${asked}`;
      const text = await (socket === null
        ? askHttp(baseUrl, `${thread}.${asked}`, marker)
        : socket.ask(marker));
      const expected = [0, 1, 2, 3, 4].map((part) => `${marker}:${part} `).join('');
      if (text === expected) continue;
      wrong.push(`${socket === null ? 'http' : 'ws'} ${marker}: ${text.slice(0, 300)}`);
      break;
    } while (Date.now() < until);
    socket?.socket.close();
  };
  const run = (seconds: number) =>
    Promise.all(
      Array.from({ length: SESSIONS }, (_, number) => session(number, Date.now() + seconds * 1000)),
    );
  await run(WARM_SECONDS);
  const start = await gateway.state();
  await run(SECONDS);

  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(SESSIONS);
  expect(upstream.served.length).toBe(asked);
  expect(new Set(upstream.served).size).toBe(asked);
  expect(world.tokenCalls()).toBe(EXPIRED.length);
  const rest = { active: 0, sockets: 0, cut: 0 };
  await expect.poll(async () => (await gateway?.state())?.counters).toMatchObject(rest);
  upstream.server.closeIdleConnections(); // those that were kept for the next request
  await expect.poll(async () => (await gateway?.state())?.sockets, { timeout: 5000 }).toBe(0);
  const end = await gateway.state();
  expect(end.faults).toEqual([]);
  expect(end.inFlight).toEqual(NAMES.map(() => 0));
  expect(end.counters?.failovers).toBeGreaterThan(0);
  const { left, code } = await gateway.stop();
  for (const { memory } of [end, left]) expect(memory - start.memory).toBeLessThan(MOST_MORE_BYTES);
  expect(left.sockets).toBe(0);
  expect(code).toBe(0);
  upstream.server.closeAllConnections();
  upstream.server.close();
});
