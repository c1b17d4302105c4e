import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayWorld, makeGatewayWorld } from '../../../test/support/gateway-world.ts';
import type { FaultInput } from '../../lab/fault.ts';

let world: GatewayWorld;
let open: WebSocket[] = [];

beforeEach(async () => {
  world = await makeGatewayWorld(['plus', 'second', 'pro']);
  await world.lab.control({ do: 'settings', patch: { reply: 'from {account}' } });
});

afterEach(async () => {
  for (const socket of open) socket.terminate();
  open = [];
  await world.stop();
});

interface Client {
  readonly socket: WebSocket;
  readonly frames: Record<string, unknown>[];
  types(): unknown[];
  /** Sends a request and waits for the frame that ends its answer. */
  ask(more?: object): Promise<string>;
}

async function connect(headers: Record<string, string> = { 'thread-id': 'thread-1' }): Promise<Client> {
  const socket = new WebSocket(`${world.base.replace('http', 'ws')}/responses`, {
    headers: { authorization: 'Bearer own', 'chatgpt-account-id': 'own', ...headers },
  });
  open.push(socket);
  const frames: Record<string, unknown>[] = [];
  socket.on('message', (data) => frames.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  const ends = () =>
    frames.filter(({ type }) => /^(?:response\.(?:completed|failed|incomplete)|error)$/.test(String(type)))
      .length;
  return {
    socket,
    frames,
    types: () => frames.map(({ type }) => type),
    ask: async (more = {}) => {
      const [before, seen] = [ends(), frames.length];
      socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-lab', input: [], ...more }));
      await expect.poll(ends, { timeout: 8000 }).toBe(before + 1);
      return JSON.stringify(frames.slice(seen));
    },
  };
}

const on = (
  account: 'plus' | 'second' | 'pro',
  effect: FaultInput['effect'],
  times?: number,
): FaultInput => ({
  match: { account, transport: 'websocket' },
  effect,
  ...(times === undefined ? {} : { times }),
});
const says = (...events: { type: string }[]): FaultInput['effect'] => ({ kind: 'events', events });
const CREATED = { type: 'response.created', response: { id: 'resp_x' } };
const LIMIT = says(CREATED, {
  type: 'error',
  status: 429,
  error: { type: 'usage_limit_reached', message: 'no', plan_type: 'plus', resets_at: '{{unix+7200}}' },
  headers: { 'x-codex-primary-used-percent': '100' },
} as { type: string });
const failed = (code: string) =>
  says(CREATED, { type: 'response.failed', response: { id: 'x', error: { code, message: 'no' } } } as {
    type: string;
  });
const outcomes = () =>
  world
    .requests()
    .at(-1)
    ?.attempts.map(({ account, outcome }) => `${account} ${outcome}`);
const upgrades = () =>
  world.lab
    .requests()
    .filter(({ method }) => method === 'WS')
    .map(({ account, status }) => `${account} ${status}`);

describe('a healthy connection', () => {
  test('carries prewarm and request, told one by one with their tokens', async () => {
    const client = await connect();
    await client.ask({ generate: false });
    expect(await client.ask()).toContain('from plus');
    expect(client.types()).toEqual([
      'response.created',
      'response.completed',
      'response.created',
      'response.output_item.added',
      'response.output_text.delta',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(world.requests()).toMatchObject([
      {
        transport: 'websocket',
        account: 'plus',
        threadId: 'thread-1',
        end: 'whole',
        usage: { outputTokens: 0 },
      },
      { transport: 'websocket', account: 'plus', model: 'gpt-lab', usage: { outputTokens: 8 } },
    ]);
    expect(upgrades()).toEqual(['plus 101']);
  });

  test('pings reach the server and its pongs come back; a close carries its code', async () => {
    const client = await connect();
    client.socket.ping('are you there');
    expect(String((await once(client.socket, 'pong'))[0])).toBe('are you there');
    await world.harm({
      match: { transport: 'websocket' },
      effect: { kind: 'close', code: 4321, reason: 'because' },
    });
    const closed = await connect();
    const [code, reason] = await once(closed.socket, 'close');
    expect([code, String(reason)]).toEqual([4321, 'because']);
  });

  test('when the gateway stops, an idle connection is told to come again', async () => {
    const client = await connect();
    const closing = once(client.socket, 'close');
    await world.gateway.stop(1000);
    expect((await closing)[0]).toBe(1012);
  });
});

describe('the upgrade', () => {
  test('goes to the next account when the first is refused for its limit', async () => {
    await world.harm(
      on('plus', { kind: 'answer', status: 429, json: { error: { type: 'usage_limit_reached' } } }),
    );
    const client = await connect();
    expect(await client.ask()).toContain('from second');
    expect(upgrades()).toEqual(['plus 429', 'second 101']);
  });

  test('refreshes a refused token', async () => {
    world.pool.spoil('plus');
    expect(await (await connect()).ask()).toContain('from plus');
    expect(world.pool.refreshes).toEqual(['plus']);
  });

  test.each([
    [426, 'upgrade-required'],
    [403, 'forbidden'],
  ])('a refusal that no account can help is passed on: %i', async (status, word) => {
    if (status === 426) await world.lab.control({ do: 'settings', patch: { websocket: 'upgrade-required' } });
    else await world.harm({ effect: { kind: 'answer', status, json: { detail: word } } });
    await expect(connect()).rejects.toThrow(`Unexpected server response: ${status}`);
    expect(upgrades().length).toBe(1);
  });

  test('without an account it is 429 with the usage limit', async () => {
    for (const key of ['plus', 'second', 'pro']) world.pool.block(key, 'rate-limit', Date.now() + 3_600_000);
    const socket = new WebSocket(`${world.base.replace('http', 'ws')}/responses`);
    socket.on('error', () => {});
    const [, answer] = await once(socket, 'unexpected-response');
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    expect(answer.statusCode).toBe(429);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
      error: { type: 'usage_limit_reached' },
    });
  });
});

describe('an account that fails before anything was shown is replaced unnoticed', () => {
  test.each([
    ['usage limit', LIMIT, ['plus rotate:usage-limit', 'second served']],
    ['quota', failed('insufficient_quota'), ['plus rotate:credits', 'second served']],
    [
      'overload',
      failed('server_is_overloaded'),
      ['plus wait:overloaded', 'plus wait:overloaded', 'second served'],
    ],
    ['a closed connection', says(CREATED), ['plus wait:network', 'plus wait:network', 'second served']],
  ])('%s', async (_name, effect, expected) => {
    await world.harm(on('plus', effect));
    const client = await connect();
    await client.ask({ generate: false });
    expect(await client.ask()).toContain('from second');
    expect(client.types().slice(2)).toEqual([
      'response.created',
      'response.output_item.added',
      'response.output_text.delta',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(outcomes()).toEqual(expected);
    expect(await client.ask()).toContain('from second');
  });

  test('a connection that has reached its age is renewed', async () => {
    const old = { code: 'websocket_connection_limit_reached', message: 'old' };
    await world.harm(on('plus', says({ type: 'error', status: 400, error: old } as { type: string }), 1));
    expect(await (await connect()).ask()).toContain('from plus');
    expect(upgrades()).toEqual(['plus 101', 'plus 101']);
  });

  test('an account blocked meanwhile is left before the next request, not in the middle', async () => {
    const client = await connect();
    expect(await client.ask()).toContain('from plus');
    world.pool.block('plus', 'rate-limit', Date.now() + 3_600_000);
    expect(await client.ask()).toContain('from second');
    expect(upgrades()).toEqual(['plus 101', 'second 101']);
  });
});

describe('what cannot be got over is told', () => {
  test('a flag is passed on, and no other account is asked', async () => {
    await world.harm({ match: { transport: 'websocket' }, effect: failed('cyber_policy') });
    const client = await connect();
    expect(await client.ask()).toContain('cyber_policy');
    expect(client.types()).toEqual(['response.created', 'response.failed']);
    expect([outcomes(), upgrades()]).toEqual([['plus stop:safety'], ['plus 101']]);
  });

  test('when all are at their limit, the frame is a usage limit with the reset', async () => {
    await world.harm({ match: { transport: 'websocket' }, effect: LIMIT });
    const client = await connect();
    await client.ask();
    expect(client.frames).toMatchObject([
      { type: 'error', status: 429, error: { type: 'usage_limit_reached' } },
    ]);
    expect(upgrades()).toEqual(['plus 101', 'second 101', 'pro 101']);
  });

  test('an answer that breaks off after something was shown is not replayed', async () => {
    const shown = { type: 'response.output_text.delta', delta: 'half' };
    await world.harm({ match: { transport: 'websocket' }, effect: says(CREATED, shown) });
    const client = await connect();
    client.socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-lab', input: [] }));
    await once(client.socket, 'close');
    expect(client.types()).toEqual(['response.created', 'response.output_text.delta']);
    expect([world.requests().at(-1)?.end, upgrades().length]).toEqual(['cut', 1]);
  });

  test('a client that leaves in the middle ends the answer on the wire', async () => {
    await world.harm({
      match: { transport: 'websocket' },
      effect: { kind: 'events', events: [CREATED], ending: 'silent' },
    });
    const client = await connect();
    client.socket.send(JSON.stringify({ type: 'response.create', model: 'gpt-lab', input: [] }));
    await expect.poll(() => world.lab.requests().length).toBe(2);
    client.socket.terminate();
    await expect.poll(() => world.requests().at(-1)?.end).toBe('client-gone');
    await expect.poll(() => world.gateway.counters).toMatchObject({ active: 0, sockets: 0 });
  });
});
