import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { createTestPool, type TestPool } from '../../../test/support/gateway-pool.ts';
import { createHost } from '../../host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { type Gateway, startGateway } from '../gateway.ts';

/** An upstream that keeps conversations per connection, as the real one does, and tells what it was sent. */
interface Upstream {
  readonly server: Server;
  readonly sent: { readonly account: string; readonly body: Record<string, unknown> }[];
  /** Frames for the next request of that account, in place of an answer. */
  readonly instead: Map<string, object[]>;
}

let lab: Lab;
let pool: TestPool;
let gateway: Gateway;
let upstream: Upstream;
let client: WebSocket;
let frames: Record<string, unknown>[] = [];

beforeEach(async () => {
  lab = await startLab();
  pool = await createTestPool(lab, ['plus', 'second']);
  upstream = await startUpstream();
  const address = upstream.server.address();
  const base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  gateway = await startGateway({
    scope: {
      host: createHost({ env: {} }),
      home: { path: '/nonexistent', source: 'env' },
      signal: new AbortController().signal,
    },
    accounts: pool,
    bases: { chatgpt: base, apiKey: base },
    clients: [{ id: 'test', token: 't'.repeat(40) }],
  });
  frames = [];
  client = new WebSocket(`${gateway.address.baseUrl('t'.repeat(40)).replace('http', 'ws')}/responses`, {
    headers: { 'thread-id': 'thread' },
  });
  client.on('message', (data) => frames.push(JSON.parse(data.toString())));
  await once(client, 'open');
});

afterEach(async () => {
  client.terminate();
  await gateway.stop(0);
  upstream.server.closeAllConnections();
  upstream.server.close();
  await lab.stop();
});

async function startUpstream(): Promise<Upstream> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  const sent: Upstream['sent'] = [];
  const instead: Upstream['instead'] = new Map();
  let count = 0;
  server.on('upgrade', (request, socket, head) =>
    sockets.handleUpgrade(request, socket, head, (connection) => {
      const id = request.headers['chatgpt-account-id'];
      const account = lab.accounts.find(({ accountId }) => accountId === id)?.name ?? '';
      const known = new Set<unknown>();
      connection.on('message', (data) => {
        const body: Record<string, unknown> = JSON.parse(data.toString());
        sent.push({ account, body });
        const scripted = instead.get(account);
        instead.delete(account);
        const say = (event: object) => connection.send(JSON.stringify(event));
        if (scripted !== undefined) return scripted.forEach(say);
        const previous = body.previous_response_id;
        if (previous !== undefined && !known.has(previous)) {
          return say({
            type: 'error',
            status: 400,
            error: { code: 'previous_response_not_found', message: 'no' },
          });
        }
        count += 1;
        known.add(`resp_${count}`);
        say({ type: 'response.created', response: { id: `resp_${count}` } });
        say({
          type: 'response.output_item.done',
          item: {
            type: 'reasoning',
            id: `rs_${count}`,
            summary: [],
            encrypted_content: `${'x'.repeat(60)}${account}-${count}`,
          },
        });
        say({
          type: 'response.output_item.done',
          item: {
            type: 'message',
            id: `msg_${count}`,
            status: 'completed',
            role: 'assistant',
            content: [`${account} ${count}`],
          },
        });
        say({ type: 'response.completed', response: { id: `resp_${count}` } });
      });
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, sent, instead };
}

const user = (text: string) => ({ type: 'message', role: 'user', content: [text] });
const LIMIT = [
  { type: 'error', status: 429, error: { type: 'usage_limit_reached', resets_in_seconds: 7200 } },
];

async function ask(input: object[], previous?: string): Promise<Record<string, unknown> | undefined> {
  const ends = () => frames.filter(({ type }) => type === 'response.completed' || type === 'error').length;
  const before = ends();
  const more = previous === undefined ? {} : { previous_response_id: previous };
  client.send(JSON.stringify({ type: 'response.create', model: 'm', store: false, input, ...more }));
  await expect.poll(ends).toBe(before + 1);
  return frames.at(-1);
}

test('what is new is passed on as it is while the account stays', async () => {
  await ask([user('one')]);
  await ask([user('two')], 'resp_1');
  expect(upstream.sent.map(({ account, body }) => [account, body.previous_response_id, body.input])).toEqual([
    ['plus', undefined, [user('one')]],
    ['plus', 'resp_1', [user('two')]],
  ]);
});

test('another account gets the whole conversation, without the reasoning that it cannot read', async () => {
  await ask([user('one')]);
  await ask([user('two')], 'resp_1');
  upstream.instead.set('plus', LIMIT);
  expect(await ask([user('three')], 'resp_2')).toMatchObject({ type: 'response.completed' });
  const last = upstream.sent.at(-1);
  expect(last?.account).toBe('second');
  expect(last?.body).not.toHaveProperty('previous_response_id');
  expect(last?.body).toMatchObject({ type: 'response.create', model: 'm', store: false });
  const answer = (text: string) => ({ type: 'message', role: 'assistant', content: [text] });
  expect(last?.body.input).toEqual([
    user('one'),
    answer('plus 1'),
    user('two'),
    answer('plus 2'),
    user('three'),
  ]);
  expect(frames.map(({ type }) => type)).not.toContain('error');
});

test('the conversation goes on from there by what is new, with the new account’s own reasoning', async () => {
  await ask([user('one')]);
  upstream.instead.set('plus', LIMIT);
  await ask([user('two')], 'resp_1');
  await ask([user('three')], 'resp_2');
  expect(upstream.sent.at(-1)?.body).toMatchObject({
    previous_response_id: 'resp_2',
    input: [user('three')],
  });
});

test('a server that has forgotten gets it all again', async () => {
  await ask([user('one')]);
  upstream.instead.set('plus', [
    { type: 'error', status: 400, error: { code: 'previous_response_not_found', message: 'no' } },
  ]);
  expect(await ask([user('two')], 'resp_1')).toMatchObject({ type: 'response.completed' });
  const last = upstream.sent.at(-1);
  expect([last?.account, Array.isArray(last?.body.input) && last.body.input.length]).toEqual(['plus', 4]);
});

test('what is not known here cannot be moved: the client is told to connect anew and send all', async () => {
  upstream.instead.set('plus', LIMIT);
  const closed = once(client, 'close');
  expect(await ask([user('two')], 'resp_from_elsewhere')).toMatchObject({
    type: 'error',
    error: { code: 'websocket_connection_limit_reached' },
  });
  expect((await closed)[0]).toBe(1012);
});

test('a history that only its account can read keeps the conversation there, and its limit is told', async () => {
  const history = { type: 'compaction', encrypted_content: `${'x'.repeat(60)}plus-1` };
  await ask([user('one')]);
  upstream.instead.set('plus', LIMIT);
  expect(await ask([history, user('two')])).toMatchObject({ type: 'error', status: 429 });
  expect(upstream.sent.map(({ account }) => account)).toEqual(['plus', 'plus']);
});
