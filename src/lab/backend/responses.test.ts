import { once } from 'node:events';
import { createParser } from 'eventsource-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { FaultInput } from '../fault.ts';
import { PASSWORD_ONLY } from '../issuer/sessions.ts';
import { type Lab, startLab } from '../lab.ts';

let lab: Lab;
let bearer: Record<string, string>;

beforeEach(async () => {
  lab = await startLab();
  const account = lab.world.account('plus');
  const tokens = await lab.world.sessions.issue(lab.world.sessions.open(account, PASSWORD_ONLY));
  bearer = { authorization: `Bearer ${tokens.access_token}`, 'chatgpt-account-id': account.accountId };
});

afterEach(() => lab.stop());

const ASK = JSON.stringify({ model: 'gpt-lab', input: [], stream: true });

function ask(body: string | Buffer = ASK, headers: Record<string, string> = bearer): Promise<Response> {
  return fetch(`${lab.url}/v1/responses`, {
    method: 'POST',
    headers,
    body: new Uint8Array(Buffer.from(body)),
  });
}

function eventTypes(text: string): string[] {
  const types: string[] = [];
  const parser = createParser({ onEvent: (event) => types.push(event.event ?? '') });
  parser.feed(text);
  return types;
}

function harm(...faults: FaultInput[]): Promise<unknown> {
  return lab.control({
    do: 'fault',
    faults: faults.map((fault) => ({ match: { path: '/v1/responses' }, ...fault })),
  });
}

/** A Zstandard frame with one raw block: magic, single-segment header, size, last raw block. */
function zstd(text: string): Buffer {
  const body = Buffer.from(text);
  const block = Buffer.alloc(3);
  block.writeUIntLE((body.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, body.length]), block, body]);
}

describe('over server-sent events', () => {
  test('a question is answered with the events that Codex needs, and with the limits in the headers', async () => {
    const answer = await ask();
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(answer.headers.get('x-codex-primary-used-percent')).toBe('12');
    const text = await answer.text();
    expect(eventTypes(text)).toEqual([
      'response.created',
      'response.output_item.added',
      'response.output_text.delta',
      'response.output_item.done',
      'response.completed',
    ]);
    expect(text).toContain('Hello from the lab.');
  });

  test('a zstd body is understood, a broken one is refused', async () => {
    const headers = { ...bearer, 'content-encoding': 'zstd' };
    expect((await ask(zstd(ASK), headers)).status).toBe(200);
    expect((await ask(Buffer.from('not zstd'), headers)).status).toBe(400);
    expect(lab.requests().at(-1)).toMatchObject({ status: 400, note: 'unreadable body' });
  });

  test('the doubled account header of 0.133 is one account; another account is refused', async () => {
    const id = bearer['chatgpt-account-id'] ?? '';
    expect((await ask(ASK, { ...bearer, 'chatgpt-account-id': `${id}, ${id}` })).status).toBe(200);
    expect((await ask(ASK, { ...bearer, 'chatgpt-account-id': 'somebody-else' })).status).toBe(401);
  });

  test('without a credential the answer is 401, with an API key it is the reply', async () => {
    expect((await ask(ASK, {})).status).toBe(401);
    const key = lab.world.account('pro').apiKey;
    expect((await ask(ASK, { authorization: `Bearer ${key}` })).status).toBe(200);
    expect(lab.requests().map((request) => request.account)).toEqual([null, 'pro']);
  });

  test('an expired access token is refused by the lab’s clock', async () => {
    await lab.control({ do: 'move-clock', ms: 11 * 24 * 3_600_000 });
    const answer = await ask();
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'token_expired' } }]);
  });

  test('the stream is cut after exactly that many bytes', async () => {
    await harm({ effect: { kind: 'cut', afterBytes: 100 } });
    const reader = (await ask()).body?.getReader();
    let bytes = 0;
    const drain = async () => {
      for (let part = await reader?.read(); part?.done === false; part = await reader?.read())
        bytes += part.value.length;
    };
    await expect(drain()).rejects.toThrow('terminated');
    expect(bytes).toBe(100);
  });

  test('a reset gives no answer at all', async () => {
    await harm({ effect: { kind: 'reset' } });
    await expect(ask()).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    expect(lab.requests()).toMatchObject([{ method: 'POST', status: null }]);
  });

  test('half a body ends cleanly before response.completed', async () => {
    await harm({ effect: { kind: 'half-body' } });
    expect(eventTypes(await (await ask()).text())).not.toContain('response.completed');
  });

  test('a silent stream stays open', async () => {
    await harm({ effect: { kind: 'silent', afterBytes: 50 } });
    const abort = new AbortController();
    const answer = await fetch(`${lab.url}/v1/responses`, {
      method: 'POST',
      headers: bearer,
      body: ASK,
      signal: abort.signal,
    });
    const reader = answer.body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(50);
    const next = reader?.read();
    const winner = await Promise.race([
      next?.then(() => 'more'),
      new Promise((resolve) => setTimeout(resolve, 50, 'silence')),
    ]);
    expect(winner).toBe('silence');
    abort.abort();
    await expect(next).rejects.toThrow();
  });

  test('faults meet the requests they name and no others: skip one, meet one, then heal', async () => {
    await harm({ skip: 1, times: 1, effect: { kind: 'answer', status: 503, json: { detail: 'no' } } });
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([200, 503, 200]);
  });

  test('a fault for one account leaves the others alone, and times are filled in by the lab’s clock', async () => {
    await lab.control({ do: 'scenario', name: 'usage-limit-one' });
    const answer = await ask();
    const body = (await answer.json()) as { error: { resets_at: number; plan_type: string } };
    expect(answer.status).toBe(429);
    expect(body.error.plan_type).toBe('plus');
    expect(body.error.resets_at - lab.world.clock.unixSeconds()).toBeGreaterThan(7190);
    expect(answer.headers.get('x-codex-primary-reset-at')).toBe(String(body.error.resets_at));
    const key = lab.world.account('second').apiKey;
    expect((await ask(ASK, { authorization: `Bearer ${key}` })).status).toBe(200);
  });

  test('another content type and a challenge page can be had', async () => {
    await harm({ times: 1, effect: { kind: 'content-type', value: 'text/plain' } });
    expect((await ask()).headers.get('content-type')).toBe('text/plain');
    await harm({ effect: { kind: 'challenge' } });
    const answer = await ask();
    expect([answer.status, answer.headers.get('cf-mitigated')]).toEqual([403, 'challenge']);
    expect(await answer.text()).toContain('Just a moment...');
  });
});

describe('over WebSocket', () => {
  async function open(): Promise<{ socket: WebSocket; frames: Record<string, unknown>[] }> {
    const socket = new WebSocket(`${lab.url}/v1/responses`, { headers: bearer });
    const frames: Record<string, unknown>[] = [];
    socket.on('message', (data) => frames.push(JSON.parse(data.toString()) as Record<string, unknown>));
    await once(socket, 'open');
    return { socket, frames };
  }

  const types = (frames: readonly Record<string, unknown>[]) => frames.map((frame) => frame.type);
  const create = (more: object = {}) =>
    JSON.stringify({ type: 'response.create', model: 'gpt-lab', ...more });

  test('the prewarm is completed without a message, the request with one', async () => {
    const { socket, frames } = await open();
    socket.send(create({ generate: false }));
    await expect.poll(() => types(frames)).toEqual(['response.created', 'response.completed']);
    socket.send(create());
    await expect.poll(() => types(frames).filter((type) => type === 'response.completed')).toHaveLength(2);
    expect(JSON.stringify(frames)).toContain('Hello from the lab.');
    socket.terminate();
    expect(lab.requests().map((request) => [request.method, request.status])).toEqual([
      ['WS', 101],
      ['FRAME', 200],
      ['FRAME', 200],
    ]);
  });

  test('a frame that is no request is answered with an error frame', async () => {
    const { socket, frames } = await open();
    socket.send('{"type":"hello"}');
    await expect.poll(() => frames).toMatchObject([{ type: 'error', status: 400 }]);
    socket.terminate();
  });

  test('a scripted failure leaves the prewarm alone', async () => {
    await lab.control({ do: 'scenario', name: 'overloaded' });
    const { socket, frames } = await open();
    socket.send(create({ generate: false }));
    socket.send(create());
    await expect
      .poll(() => types(frames))
      .toEqual(['response.created', 'response.completed', 'response.created', 'response.failed']);
    socket.terminate();
  });

  test('the connection is cut in the middle of an answer, or closed with a code', async () => {
    await harm({ times: 1, effect: { kind: 'cut', afterBytes: 150 } });
    const cut = await open();
    cut.socket.send(create());
    expect((await once(cut.socket, 'close'))[0]).toBe(1006);
    expect(types(cut.frames)).not.toContain('response.completed');
    await harm({ effect: { kind: 'close', code: 1012, reason: 'service restart' } });
    const closed = await open();
    expect((await once(closed.socket, 'close'))[0]).toBe(1012);
  });

  test('with upgrades switched off the refusal is 426', async () => {
    await lab.control({ do: 'settings', patch: { websocket: 'upgrade-required' } });
    await expect(open()).rejects.toThrow('Unexpected server response: 426');
  });

  test('an unknown WebSocket path is 404 and named in the log', async () => {
    const socket = new WebSocket(`${lab.url}/v1/realtime`, { headers: bearer });
    await expect(once(socket, 'open')).rejects.toThrow('Unexpected server response: 404');
    expect(lab.requests()).toMatchObject([{ method: 'WS', note: 'unknown path: WS /v1/realtime' }]);
  });
});
