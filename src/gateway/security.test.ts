import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayWorld, makeGatewayWorld } from '../../test/support/gateway-world.ts';
import { startLoopbackServer } from './server.ts';

let world: GatewayWorld;
beforeEach(async () => {
  world = await makeGatewayWorld(['plus'], { maxBodyBytes: 100_000 });
});
afterEach(() => world.stop());

/** Sends raw bytes and gives back all that comes until the connection ends or is silent. */
async function raw(text: string, port = world.gateway.address.port): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {}); // a reset is an answer, too
  socket.write(text);
  await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 300))]);
  socket.destroy();
  return answer;
}
const statuses = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));
const head = (line: string, ...headers: string[]) =>
  `${[line, `host: 127.0.0.1:${world.gateway.address.port}`, ...headers].join('\r\n')}\r\n\r\n`;
const target = () => `/${world.token}/v1/responses`;
const upstreamCalls = () => world.lab.requests().length;
const BODY = '{"model":"m","input":[]}';

describe('requests that mean two things', () => {
  test.each([
    [
      'length and chunked',
      ['content-length: 5', 'transfer-encoding: chunked'],
      '0\r\n\r\nGET /x HTTP/1.1\r\n\r\n',
    ],
    ['two lengths', ['content-length: 5', 'content-length: 6'], 'hello!'],
    ['a length that is none', ['content-length: +5'], 'hello'],
    ['an unknown encoding', ['transfer-encoding: chunked, identity'], '0\r\n\r\n'],
    ['a hidden encoding', ['transfer-encoding : chunked'], '0\r\n\r\n'],
    ['a folded header', ['x-a: 1\r\n x-b: 2'], ''],
    ['a bare line feed', ['x-a: 1\nx-b: 2'], ''],
    ['a null byte in a header', ['x-a: 1\u0000'], ''],
  ])('%s', async (_name, headers, rest) => {
    const answer = await raw(head(`POST ${target()} HTTP/1.1`, ...headers) + rest);
    expect(statuses(answer)).toEqual([400]);
    expect(upstreamCalls()).toBe(0);
  });

  test('without Host, or with two', async () => {
    expect(statuses(await raw(`GET ${target()} HTTP/1.1\r\n\r\n`))).toEqual([400]);
    const two = await raw(head(`GET ${target()} HTTP/1.1`, 'host: evil.example'));
    expect(statuses(two)[0]).toBeGreaterThanOrEqual(400);
    expect(upstreamCalls()).toBe(0);
  });

  test('what follows a refused request on the same connection is not read', async () => {
    const good = head(`POST ${target()} HTTP/1.1`, `content-length: ${BODY.length}`) + BODY;
    const bad = head(`POST ${target().replace('responses', '../x')} HTTP/1.1`, 'content-length: 0');
    expect(statuses(await raw(bad + good))).toEqual([404]);
    expect(upstreamCalls()).toBe(0);
  });
});

describe('whoever is not let in', () => {
  test.each([
    ['a wrong token', () => head(`POST /${'x'.repeat(43)}/v1/responses HTTP/1.1`, 'content-length: 0'), 401],
    [
      'a page',
      () => head(`POST ${target()} HTTP/1.1`, 'origin: https://evil.example', 'content-length: 0'),
      403,
    ],
    [
      'a rebound name',
      () => `POST ${target()} HTTP/1.1\r\nhost: evil.example\r\ncontent-length: 0\r\n\r\n`,
      403,
    ],
    ['a tunnel', () => head('CONNECT chatgpt.com:443 HTTP/1.1'), undefined],
    [
      'a WebSocket of a page',
      () =>
        head(
          `GET ${target()} HTTP/1.1`,
          'connection: upgrade',
          'upgrade: websocket',
          'origin: https://evil.example',
        ),
      403,
    ],
  ])('%s reaches no upstream', async (_name, request, status) => {
    expect(statuses(await raw(request()))[0]).toBe(status);
    expect(upstreamCalls()).toBe(0);
  });

  test('is answered before the body has come', async () => {
    const answer = await raw(
      head(`POST /${'x'.repeat(43)}/v1/responses HTTP/1.1`, 'content-length: 99999999'),
    );
    expect(statuses(answer)).toEqual([401]);
  });

  test('no answer of ours and no event holds a token', async () => {
    const answer = await raw(head(`POST ${target()}/.. HTTP/1.1`, 'content-length: 0'));
    await (await fetch(`${world.base}/responses`, { method: 'POST', body: BODY })).text();
    await expect.poll(() => world.requests().length).toBe(1);
    expect(answer + JSON.stringify(world.events)).not.toContain(world.token);
    expect(JSON.stringify(world.events)).not.toMatch(/eyJ|Bearer/);
  });
});

describe('too much', () => {
  test.each([
    ['a body by its length', () => head(`POST ${target()} HTTP/1.1`, 'content-length: 100001'), 413],
    [
      'a body in chunks',
      () =>
        `${head(`POST ${target()} HTTP/1.1`, 'transfer-encoding: chunked')}20000\r\n${'x'.repeat(0x20000)}`,
      413,
    ],
    ['headers', () => head(`POST ${target()} HTTP/1.1`, `x-a: ${'y'.repeat(200_000)}`), 431],
  ])('%s is refused', async (_name, request, status) => {
    expect(statuses(await raw(request()))).toEqual([status]);
    expect(upstreamCalls()).toBe(0);
  });

  test('headers that dribble in are not waited for', async () => {
    const server = await startLoopbackServer({
      host: '127.0.0.1',
      port: 0,
      headerTimeoutMs: 50,
      onRequest: () => {},
      onUpgrade: () => {},
    });
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n');
    const dribble = setInterval(() => socket.write('x-a: 1\r\n'), 10);
    socket.on('error', () => {});
    await once(socket.resume(), 'close');
    clearInterval(dribble);
    await server.destroy();
  });

  test('connections that show no token do not keep others out', async () => {
    const idle: Socket[] = [];
    for (let batch = 0; batch < 10; batch += 1) {
      const opened = Array.from({ length: 100 }, () => connect(world.gateway.address.port, '127.0.0.1'));
      for (const socket of opened) socket.on('error', () => {});
      await Promise.all(opened.map((socket) => once(socket, 'connect')));
      idle.push(...opened);
    }
    const reply = await fetch(`${world.base}/responses`, { method: 'POST', body: BODY });
    expect([reply.status, (await reply.text()).length > 0]).toEqual([200, true]);
    await expect.poll(() => idle.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(480);
    for (const socket of idle) socket.destroy();
  });
});

test('a redirect of the upstream is handed to the client, and no token goes after it', async () => {
  const seen: string[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end();
  }).listen(0, '127.0.0.1');
  await once(elsewhere, 'listening');
  const address = elsewhere.address();
  const location = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/take`;
  await world.harm({ effect: { kind: 'answer', status: 307, headers: { location }, json: {} } });
  const reply = await fetch(`${world.base}/responses`, { method: 'POST', body: BODY, redirect: 'manual' });
  expect([reply.status, reply.headers.get('location'), seen]).toEqual([307, location, []]);
  elsewhere.close();
});

test('a header that the upstream breaks cannot be made into two', async () => {
  const upstream = createServer().listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  upstream.on('connection', (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nx-a: 1\rset-cookie: b\r\ncontent-length: 0\r\n\r\n');
  });
  const address = upstream.address();
  const base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  const other = await makeGatewayWorld(['plus'], { bases: { chatgpt: base, apiKey: base } });
  const reply = await fetch(`${other.base}/responses`, { method: 'POST', body: BODY });
  expect([reply.status, reply.headers.get('set-cookie')]).toEqual([502, null]);
  await other.stop();
  upstream.close();
});
