/**
 * Ten thousand connections that show no token, half of them silent, half with headers that never end: only so many are kept,
 * the oldest go first, and whoever has shown a token notices nothing: neither a stream, nor a kept connection, nor a new one.
 */
import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { childBundle } from './child-bundle.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';

const STRANGERS = 10_000;
const AT_ONCE = 250;
/** What the gateway keeps of them. */
const KEPT = 512;
const CLIENTS = 10;
/** Code that was compiled meanwhile; ten thousand connections would be ten times that. */
const MOST_LEFT_BYTES = 5_000_000;

const child = childBundle('gateway-child.ts');
let world: LabWithHome;
let gateway: GatewayProcess | null = null;
let strangers: Socket[] = [];
beforeAll(child.build);
afterAll(child.remove);
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(async () => {
  for (const socket of strangers) socket.destroy();
  strangers = [];
  gateway?.kill();
  await world.stop();
});

/** Answers with one event at once; a request for `slow` gets one more for each call of `tick`. */
async function startUpstream() {
  const open = new Set<(event: object) => void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say = (event: object) => response.write(`data: ${JSON.stringify(event)}\n\n`);
    say({ type: 'response.output_text.delta', delta: 'x' });
    if (JSON.parse(Buffer.concat(chunks).toString()).model === 'slow') return void open.add(say);
    say({ type: 'response.completed', response: { id: 'r' } });
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const tick = () => {
    for (const say of open) say({ type: 'response.output_text.delta', delta: 'x' });
  };
  return { server, tick, base: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}

function ask(baseUrl: string, agent: Agent | false): Promise<{ isReused: boolean; isWhole: boolean }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${baseUrl}/responses`, { method: 'POST', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ isReused: request.reusedSocket, isWhole: text.includes('response.completed') }),
      );
    });
    request.on('error', reject);
    request.end(JSON.stringify({ model: 'm', input: [] }));
  });
}

/** A stream that goes on for as long as the upstream ticks. */
async function openStream(baseUrl: string) {
  let deltas = 0;
  const request = httpRequest(`${baseUrl}/responses`, { method: 'POST', agent: false });
  request.end(JSON.stringify({ model: 'slow', input: [] }));
  request.on('error', () => {}); // told by what does not come
  const [response] = await once(request, 'response');
  response.on('data', (chunk: Buffer) => {
    deltas += chunk.toString().split('output_text.delta').length - 1;
  });
  return { deltas: () => deltas, close: () => request.destroy() };
}

async function openStrangers(port: number, afterEachBatch: () => void): Promise<void> {
  while (strangers.length < STRANGERS) {
    const batch = Array.from({ length: AT_ONCE }, () => connect(port, '127.0.0.1'));
    for (const socket of batch) socket.on('error', () => {}); // being thrown out is what is meant to happen
    await Promise.all(batch.map((socket) => Promise.race([once(socket, 'connect'), once(socket, 'close')])));
    batch.forEach((socket, index) => {
      socket.resume();
      if (index % 2 === 0) socket.write('POST /x/v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\n');
    });
    strangers.push(...batch);
    afterEachBatch();
  }
}

test('ten thousand strangers do not disturb those who have shown a token', async () => {
  await world.addAccount('plus');
  const upstream = await startUpstream();
  gateway = await startGatewayProcess(child.file, world, upstream.base);
  const { baseUrl, port } = gateway;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const clients = () => Promise.all(Array.from({ length: CLIENTS }, () => ask(baseUrl, agent)));
  await clients();
  const stream = await openStream(baseUrl);
  const before = await gateway.state();
  let ticks = 0;
  await openStrangers(port, () => {
    upstream.tick();
    ticks += 1;
    // Headers that dribble in.
    for (const [index, socket] of strangers.entries())
      if (index % 2 === 0 && !socket.destroyed) socket.write('x-a: 1\r\n');
  });

  const fresh = await Promise.all(Array.from({ length: CLIENTS }, () => ask(baseUrl, false)));
  expect(fresh.every(({ isWhole }) => isWhole)).toBe(true);
  const kept = await clients();
  expect(kept).toEqual(kept.map(() => ({ isReused: true, isWhole: true })));
  await expect.poll(stream.deltas).toBe(1 + ticks);

  await expect
    .poll(() => strangers.filter(({ closed }) => closed).length, { timeout: 10_000 })
    .toBeGreaterThanOrEqual(STRANGERS - KEPT);
  const isOpen = strangers.map(({ closed }) => !closed);
  expect(isOpen.indexOf(true) === -1 || isOpen.indexOf(true) >= STRANGERS - KEPT - AT_ONCE).toBe(true);
  const during = await gateway.state();
  expect(during.sockets).toBeLessThanOrEqual(before.sockets + KEPT);
  for (const socket of strangers) socket.destroy();
  await expect.poll(async () => (await gateway?.state())?.sockets).toBeLessThanOrEqual(before.sockets);
  const after = await gateway.state();
  expect(after.faults).toEqual([]);
  expect(after.memory - before.memory).toBeLessThan(MOST_LEFT_BYTES);
  stream.close();
  agent.destroy();
  upstream.server.closeAllConnections();
  upstream.server.close();
  expect((await gateway.stop()).code).toBe(0);
});
