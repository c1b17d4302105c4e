import { request as httpRequest } from 'node:http';
import { createParser } from 'eventsource-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type GatewayWorld, makeGatewayWorld } from '../../test/support/gateway-world.ts';
import type { FaultInput } from '../lab/fault.ts';
import { tokenForAccount } from './clients.ts';

let world: GatewayWorld;

beforeEach(async () => {
  world = await makeGatewayWorld(['plus', 'second', 'pro']);
  await world.lab.control({ do: 'settings', patch: { reply: 'from {account}' } });
});

afterEach(() => world.stop());

const BODY = { model: 'gpt-lab', input: [], stream: true };

function ask(headers: Record<string, string> = {}, body: object = BODY): Promise<Response> {
  return fetch(`${world.base}/responses`, {
    method: 'POST',
    headers: { authorization: 'Bearer the-clients-own', 'chatgpt-account-id': 'the-clients-own', ...headers },
    body: JSON.stringify(body),
  });
}

function types(text: string): string[] {
  const found: string[] = [];
  createParser({ onEvent: (event) => found.push(event.event ?? '') }).feed(text);
  return found;
}

const on = (
  account: 'plus' | 'second' | 'pro',
  effect: FaultInput['effect'],
  times?: number,
): FaultInput => ({
  match: { account },
  effect,
  ...(times === undefined ? {} : { times }),
});
const answer = (
  status: number,
  json: unknown,
  headers: Record<string, string> = {},
): FaultInput['effect'] => ({
  kind: 'answer',
  status,
  headers,
  json,
});
const inStream = (code: string, message = 'no'): FaultInput['effect'] => ({
  kind: 'events',
  events: [
    { type: 'response.created', response: { id: 'resp_failed' } },
    { type: 'response.in_progress', response: { id: 'resp_failed' } },
    { type: 'response.failed', response: { id: 'resp_failed', status: 'failed', error: { code, message } } },
  ],
});
const USAGE_LIMIT = answer(429, {
  error: { type: 'usage_limit_reached', message: 'no', plan_type: 'plus', resets_at: '{{unix+7200}}' },
});
const outcomes = () =>
  world
    .requests()
    .at(-1)
    ?.attempts.map(({ account, outcome }) => `${account} ${outcome}`);
const asked = () => world.lab.requests().map(({ account, status }) => `${account} ${status}`);

describe('a request that succeeds', () => {
  test('goes to the ChatGPT endpoint with the pool’s credential, and its bytes come back untouched', async () => {
    const reply = await ask();
    const text = await reply.text();
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    expect(types(text)).toEqual([
      'response.created',
      'response.output_item.added',
      'response.output_text.delta',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(text).toContain('from plus');
    expect(world.lab.requests()).toMatchObject([{ path: '/backend-api/codex/responses', account: 'plus' }]);
  });

  test('is told with its tokens, and the account that made the response owns it', async () => {
    await (await ask({ 'thread-id': 'thread-1' })).text();
    expect(world.requests()).toMatchObject([
      {
        account: 'plus',
        status: 200,
        end: 'whole',
        model: 'gpt-lab',
        threadId: 'thread-1',
        usage: { inputTokens: 120, outputTokens: 8 },
      },
    ]);
    expect(world.pool.reports.map(({ kind }) => kind)).toEqual([
      'started',
      'headers',
      'finished',
      'served',
      'owns',
    ]);
    expect(world.gateway.counters).toMatchObject({ requests: 1, active: 0, failovers: 0, inputTokens: 120 });
  });

  test('other paths go to the same base: the model list', async () => {
    const reply = await fetch(`${world.base}/models?client_version=0.169.0`);
    expect(await reply.json()).toEqual({ models: [] });
    expect(world.lab.requests()).toMatchObject([
      { method: 'GET', path: '/backend-api/codex/models?client_version=0.169.0', account: 'plus' },
    ]);
  });

  test('an API key goes to the API proper, with the key and without an account id', async () => {
    const other = await makeGatewayWorld(['key:pro']);
    const reply = await fetch(`${other.base}/responses`, {
      method: 'POST',
      headers: { authorization: 'Bearer own', 'chatgpt-account-id': 'own' },
      body: JSON.stringify(BODY),
    });
    expect([reply.status, other.lab.requests()]).toMatchObject([
      200,
      [{ path: '/v1/responses', account: 'pro' }],
    ]);
    await reply.text();
    await other.stop();
  });

  test('with an empty pool the client’s own login goes through', async () => {
    const other = await makeGatewayWorld([]);
    const reply = await fetch(`${other.base}/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${other.lab.world.account('team').apiKey}` },
      body: JSON.stringify(BODY),
    });
    expect([reply.status, other.lab.requests()]).toMatchObject([
      200,
      [{ path: '/v1/responses', account: 'team' }],
    ]);
    await reply.text();
    await other.stop();
  });
});

describe('an account that cannot serve is got over unnoticed', () => {
  test.each([
    ['usage limit', USAGE_LIMIT, 'rotate:usage-limit'],
    [
      'too many requests',
      answer(429, { error: { code: 'rate_limit_exceeded', message: 'slow' } }),
      'rotate:too-many-requests',
    ],
    ['no credits', answer(429, { error: { code: 'insufficient_quota', message: 'no' } }), 'rotate:credits'],
    [
      'plan without Codex',
      answer(429, { error: { type: 'usage_not_included', message: 'no' } }),
      'rotate:plan',
    ],
    [
      'deactivated workspace',
      answer(402, { detail: { code: 'deactivated_workspace' } }),
      'rotate:deactivated',
    ],
    [
      'limit inside 200',
      inStream('rate_limit_exceeded', 'Please try again in 60s.'),
      'rotate:too-many-requests',
    ],
    ['quota inside 200', inStream('insufficient_quota'), 'rotate:credits'],
    [
      'model not for this login',
      answer(400, {
        detail: "The 'gpt-lab' model is not supported when using Codex with a ChatGPT account.",
      }),
      'rotate:model-unsupported',
    ],
  ])('%s', async (_name, effect, outcome) => {
    await world.harm(on('plus', effect));
    const reply = await ask();
    expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining('from second')]);
    expect(outcomes()).toEqual([`plus ${outcome}`, 'second served']);
  });

  test('the limit is reported with the time at which the server says that it ends', async () => {
    await world.harm(on('plus', USAGE_LIMIT));
    await (await ask()).text();
    const limited = world.pool.reports.find((report) => report.kind === 'limited');
    expect(limited).toMatchObject({ key: 'plus', why: 'usage-limit', planType: 'plus', model: 'gpt-lab' });
    expect((limited?.untilMs ?? 0) - Date.now()).toBeGreaterThan(7_100_000);
    expect(asked()).toEqual(['plus 429', 'second 200']);
    await (await ask()).text();
    expect(asked()).toEqual(['plus 429', 'second 200', 'second 200']);
  });

  test('a server error is tried once more on the same account before another one is asked', async () => {
    await world.harm(on('plus', answer(500, { error: { message: 'no' } }), 1));
    expect(await (await ask()).text()).toContain('from plus');
    expect(outcomes()).toEqual(['plus wait:server', 'plus served']);
  });

  test.each([
    ['500', answer(500, { error: { message: 'no' } }), 'wait:server'],
    [
      '503 overloaded',
      answer(503, { error: { code: 'server_is_overloaded', message: 'no' } }),
      'wait:overloaded',
    ],
    ['overloaded inside 200', inStream('server_is_overloaded'), 'wait:overloaded'],
    ['a reset connection', { kind: 'reset' } as const, 'wait:network'],
    ['a stream cut before anything was shown', { kind: 'cut', afterBytes: 60 } as const, 'wait:network'],
  ])(
    '%s of one account alone is served by another, and only then held against it',
    async (_name, effect, outcome) => {
      await world.harm(on('plus', effect));
      expect(await (await ask()).text()).toContain('from second');
      expect(outcomes()).toEqual([`plus ${outcome}`, `plus ${outcome}`, 'second served']);
      expect(world.pool.reports).toContainEqual({
        kind: 'trouble',
        key: 'plus',
        why: outcome === 'wait:network' ? 'network-error' : 'server-error',
      });
    },
  );

  test('a refused token is refreshed once and the same account asked again', async () => {
    world.pool.spoil('plus');
    expect(await (await ask()).text()).toContain('from plus');
    expect(world.pool.refreshes).toEqual(['plus']);
    expect(outcomes()).toEqual(['plus refresh', 'plus served']);
  });

  test('an account that is refused with a fresh token, too, is marked and passed over', async () => {
    await world.harm(on('plus', answer(401, { error: { code: 'token_revoked', message: 'no' } })));
    expect(await (await ask()).text()).toContain('from second');
    expect(world.pool.refreshes).toEqual(['plus']);
    expect(world.pool.reports).toContainEqual({ kind: 'rejected', key: 'plus', code: 'token_revoked' });
  });

  test('a dead login is marked without a second try', async () => {
    world.pool.spoil('plus');
    world.pool.refuseRefresh('plus');
    expect(await (await ask()).text()).toContain('from second');
    expect(asked()).toEqual(['null 401', 'second 200']);
  });

  test('a moment’s limit of all accounts is waited for', async () => {
    await world.harm({
      times: 3,
      effect: answer(429, { error: { message: 'slow' } }, { 'retry-after': '1' }),
    });
    const reply = await ask();
    expect([reply.status, asked().length]).toEqual([200, 4]);
    await reply.text();
  });
});

describe('what no other account can help is passed on as it is', () => {
  test.each([
    [
      'a safety flag',
      answer(400, { error: { code: 'cyber_policy_violation', message: 'flagged' } }),
      'stop:safety',
    ],
    [
      'a safety flag with 403',
      answer(403, { error: { code: 'account_suspended', message: 'no' } }),
      'stop:safety',
    ],
    [
      'a safety flag that looks like a limit',
      answer(429, { error: { type: 'usage_limit_reached', code: 'cyber_policy', message: 'no' } }),
      'stop:safety',
    ],
    [
      'the region',
      answer(403, { error: { code: 'unsupported_country_region_territory', message: 'no' } }),
      'stop:region',
    ],
    ['MFA', answer(403, { detail: 'Multi-factor authentication is required' }), 'stop:mfa'],
    [
      'the workspace’s rules',
      answer(403, { detail: 'Codex is not enabled for your workspace' }),
      'stop:workspace-policy',
    ],
    ['the edge', { kind: 'challenge' } as const, 'stop:edge'],
    ['a mistake in the request', answer(400, { error: { message: 'bad' } }), 'pass'],
    ['a path that is gone', answer(404, { detail: 'Not Found' }), 'pass'],
  ])('%s', async (_name, effect, outcome) => {
    await world.harm({ effect });
    const direct = await fetch(`${world.lab.url}/v1/responses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${world.lab.world.account('plus').apiKey}` },
      body: JSON.stringify(BODY),
    });
    const reply = await ask();
    expect([reply.status, await reply.text()]).toEqual([direct.status, await direct.text()]);
    expect(outcomes()).toEqual([`plus ${outcome}`]);
  });

  test.each(['cyber_policy', 'context_length_exceeded', 'invalid_prompt'])(
    '%s inside a 200 stream',
    async (code) => {
      await world.harm({ effect: inStream(code) });
      const text = await (await ask()).text();
      expect(types(text)).toEqual(['response.created', 'response.in_progress', 'response.failed']);
      expect(outcomes()?.length).toBe(1);
    },
  );

  test('a stream that is cut after something was shown ends as a cut, and is not replayed', async () => {
    await world.harm({ effect: { kind: 'cut', afterBytes: 400 } });
    const reply = await ask();
    await expect(reply.text()).rejects.toThrow('terminated');
    expect(asked().length).toBe(1);
    await expect.poll(() => world.requests()).toMatchObject([{ account: 'plus', end: 'cut' }]);
  });
});

describe('when nobody can serve', () => {
  test('the answer is a usage limit with the soonest reset, and the reason of each account', async () => {
    world.pool.block('plus', 'rate-limit', Date.now() + 3_600_000);
    world.pool.block('second', 'rate-limit', Date.now() + 1_800_000);
    world.pool.block('pro', 'auth-failure', null);
    const reply = await ask();
    const { error } = (await reply.json()) as { error: Record<string, unknown> };
    expect(reply.status).toBe(429);
    expect(error).toMatchObject({
      type: 'usage_limit_reached',
      code: 'codex_runtime_rotation_pool_exhausted',
      reason: 'rate-limit',
      plan_type: 'plus',
      account_skip_reasons: { 0: 'rate-limit', 1: 'rate-limit', 2: 'auth-failure' },
    });
    expect(Number(error.resets_at) * 1000 - Date.now()).toBeLessThanOrEqual(1_801_000);
    expect(asked()).toEqual([]);
    expect(world.gateway.counters.exhausted).toBe(1);
  });

  test('the last limit met ends in the same answer', async () => {
    await world.harm({ effect: USAGE_LIMIT });
    const reply = await ask();
    expect([reply.status, asked()]).toEqual([429, ['plus 429', 'second 429', 'pro 429']]);
    expect(await reply.json()).toMatchObject({
      error: { type: 'usage_limit_reached', reason: 'rate-limit' },
    });
  });

  test('a pool that needs a person says so with a status that is not retried', async () => {
    for (const key of ['plus', 'second', 'pro']) world.pool.block(key, 'auth-failure', null);
    const reply = await ask();
    const { error } = (await reply.json()) as { error: Record<string, unknown> };
    expect([reply.status, error.reason, error.retry_after_ms]).toEqual([400, 'auth-failure', null]);
    expect(String(error.message)).toContain('steward auth login');
    // Codex shows an error's body as it is, and of this event the message alone.
    const event = await ask({ accept: 'text/event-stream' });
    const data = JSON.parse(/^data: (.*)$/m.exec(await event.text())?.[1] ?? '{}');
    expect([event.status, data.type, data.response.error]).toMatchObject([
      200,
      'response.failed',
      { code: 'invalid_prompt', message: error.message, reason: 'auth-failure', gateway_code: error.code },
    ]);
    expect(world.requests().map(({ status, end }) => [status, end])).toEqual([
      [400, 'refused'],
      [400, 'refused'],
    ]);
  });

  test('an outage is told in the server’s own words, and the next request does not ask everybody again', async () => {
    await world.harm({ effect: answer(500, { error: { message: 'req_1 went wrong' } }) });
    const first = await ask();
    expect([first.status, await first.json()]).toEqual([500, { error: { message: 'req_1 went wrong' } }]);
    const before = asked().length;
    expect((await ask()).status).toBe(500);
    expect(asked().length - before).toBe(1);
  }, 20_000);

  test('an upstream that cannot be reached is 502 with the network’s words', async () => {
    const other = await makeGatewayWorld(['plus'], {
      bases: { chatgpt: 'http://127.0.0.1:9/x', apiKey: 'http://127.0.0.1:9/x' },
    });
    const reply = await fetch(`${other.base}/responses`, { method: 'POST', body: JSON.stringify(BODY) });
    expect([reply.status, await reply.json()]).toMatchObject([
      502,
      { error: { code: 'gateway_upstream_unreachable', message: expect.stringContaining('ECONNREFUSED') } },
    ]);
    await other.stop();
  });
});

describe('a conversation', () => {
  test('stays with the account that began it, and with the owner of the response it continues', async () => {
    const { threadId } = { threadId: 't1' };
    world.pool.block('plus', 'rate-limit', Date.now() + 60_000_000);
    const text = await (await ask({ 'thread-id': threadId })).text();
    const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1] ?? '';
    world.pool.unblock('plus');
    expect(await (await ask({ 'thread-id': threadId })).text()).toContain('from second');
    expect(await (await ask({}, { ...BODY, previous_response_id: id })).text()).toContain('from second');
    world.pool.block('second', 'rate-limit', Date.now() + 60_000_000);
    const reply = await ask({}, { ...BODY, previous_response_id: id });
    expect([reply.status, await reply.json()]).toMatchObject([
      429,
      { error: { code: 'codex_pinned_account_unavailable', type: 'usage_limit_reached' } },
    ]);
  });

  test('a client that is bound to one account gets no other', async () => {
    const token = tokenForAccount(world.token, 'second');
    const send = () =>
      fetch(`${world.gateway.address.baseUrl(token)}/responses`, {
        method: 'POST',
        body: JSON.stringify(BODY),
      });
    expect(await (await send()).text()).toContain('from second');
    world.pool.block('second', 'auth-failure', null);
    expect((await send()).status).toBe(400);
  });
});

test('a client that leaves ends the request on the wire', async () => {
  await world.harm({ effect: { kind: 'silent', afterBytes: 400 } });
  const request = httpRequest(`${world.base}/responses`, { method: 'POST' });
  request.on('error', () => {});
  request.end(JSON.stringify(BODY));
  await new Promise((resolve) => request.once('response', resolve));
  request.destroy();
  await expect.poll(() => world.requests()).toMatchObject([{ end: 'client-gone' }]);
  expect(world.gateway.counters.active).toBe(0);
});
