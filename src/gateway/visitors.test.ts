/** What another user of the machine gets, who has read the session's token from a process list. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type GatewayWorld, makeGatewayWorld } from '../../test/support/gateway-world.ts';
import { createHost } from '../host.ts';

const BODY = JSON.stringify({ model: 'gpt-5.5', input: [], stream: true });
const NOBODY = 65_534;
let world: GatewayWorld;
let home: string;

const upstream = () => world.lab.requests().filter(({ path }) => path.includes('responses'));

async function post(headers: Record<string, string>): Promise<number> {
  const answer = await fetch(`${world.base}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: BODY,
  });
  await answer.text();
  return answer.status;
}

/** The status of the answer to an upgrade; 101 when it was let in. */
function upgrade(headers: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${world.base.replace('http', 'ws')}/responses`, { headers });
    socket.on('open', () => {
      socket.close();
      resolve(101);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => {}); // told by the answer
  });
}

/** The same two requests from a process of another user. */
async function asOtherUser(): Promise<{
  readonly http: number;
  readonly upgrade: number;
  readonly body: string;
}> {
  const script = `
    const http = await fetch(process.argv[1] + '/responses', { method: 'POST', body: ${JSON.stringify(BODY)} });
    const body = await http.text();
    const { request } = await import('node:http');
    const upgrade = await new Promise((resolve) => request(process.argv[1] + '/responses', { headers: {
      connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==' } })
      .on('response', (answer) => resolve(answer.statusCode)).on('upgrade', () => resolve(101)).end());
    console.log(JSON.stringify({ http: http.status, upgrade, body }));
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, world.base], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const text of child.stdout.setEncoding('utf8')) said += text;
  return JSON.parse(said);
}

describe('where the kernel tells whose connection it is', () => {
  beforeEach(async () => {
    world = await makeGatewayWorld(['plus']);
  });
  afterEach(() => world.stop());

  it('serves this user from the pool, whatever credential the session shows', async () => {
    expect(await post({ authorization: 'Bearer anything' })).toBe(200);
    expect(await upgrade({})).toBe(101);
    expect(upstream().map(({ account }) => account)).toEqual(['plus', 'plus']);
  });

  it.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
    'refuses another user who has the token, over both transports, and asks nobody upstream',
    async () => {
      const answers = await asOtherUser();
      expect(answers).toMatchObject({ http: 403, upgrade: 403 });
      expect(answers.body).toContain('gateway_foreign_user');
      expect(upstream()).toEqual([]);
      expect(world.events.filter(({ kind }) => kind === 'refused')).toHaveLength(2);
    },
  );

  it('reads the kernel’s table once for many connections that come together', async () => {
    const statuses = await Promise.all(Array.from({ length: 40 }, () => post({ connection: 'close' })));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });
});

describe('where it does not', () => {
  const own = 'sk-own-key-of-this-home-0123456789';

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'steward-visitors-'));
    const auth = { auth_mode: 'apikey', OPENAI_API_KEY: own };
    await writeFile(join(home, 'auth.json'), JSON.stringify(auth), { mode: 0o600 });
    world = await makeGatewayWorld(['plus'], {
      scope: {
        host: createHost({ env: { HOME: home }, userHome: home, root: join(home, 'no-root') }),
        home: { path: home, source: 'env' },
        signal: new AbortController().signal,
      },
    });
  });
  afterEach(async () => {
    await world.stop();
    await rm(home, { recursive: true });
  });

  it('serves who shows a credential of this home from the pool', async () => {
    expect(await post({ authorization: `Bearer ${own}` })).toBe(200);
    expect(await upgrade({ authorization: `Bearer ${own}` })).toBe(101);
    expect(upstream().map(({ account }) => account)).toEqual(['plus', 'plus']);
  });

  it('sends any other upstream with what it brought, and nothing of the pool', async () => {
    expect(await post({ authorization: 'Bearer sk-of-somebody-else' })).toBe(401);
    expect(await upgrade({ authorization: 'Bearer sk-of-somebody-else' })).toBe(401);
    expect(await post({})).toBe(401);
    expect(upstream().every(({ account }) => account === null)).toBe(true);
    expect(world.pool.reports).toEqual([]);
  });

  it('knows a login that was written a moment ago, and goes on knowing the one before', async () => {
    expect(await post({ authorization: `Bearer ${own}`, connection: 'close' })).toBe(200);
    const auth = { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-second-key-of-this-home-0123456' };
    await writeFile(join(home, 'auth.json'), JSON.stringify(auth));
    await new Promise((resolve) => setTimeout(resolve, 550));
    for (const key of ['sk-second-key-of-this-home-0123456', own])
      expect(await post({ authorization: `Bearer ${key}`, connection: 'close' })).toBe(200);
  });

  it('has only the token to go by where Codex keeps its login in the keyring', async () => {
    await writeFile(join(home, 'config.toml'), 'cli_auth_credentials_store = "keyring"\n');
    expect(await post({ authorization: 'Bearer unknown-to-us' })).toBe(200);
  });
});
