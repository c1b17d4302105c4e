import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { createHttp, type Http } from '../../codex/http.ts';
import { readAuthEndpoints } from '../oauth/endpoints.ts';
import { type BrowserLoginDeps, type BrowserLoginResult, loginWithBrowser } from './browser-login.ts';
import { type CallbackServer, startCallbackServer } from './callback-server.ts';
import type { LoginFailure } from './login-failure.ts';
import type { SignIn } from './pkce.ts';

let world: LabWithHome;
let http: Http;
let stop: AbortController;

beforeEach(async () => {
  world = await startLabWithHome();
  await world.lab.control({ do: 'settings', patch: { consent: 'allow' } });
  stop = new AbortController();
  http = createHttp(world.scope(stop.signal));
});

afterEach(async () => {
  await http.close();
  await world.stop();
});

interface Running {
  readonly signIn: SignIn;
  readonly held: readonly { readonly port: number; readonly code: string }[] | null;
  readonly result: Promise<BrowserLoginResult>;
  readonly complaints: readonly LoginFailure[];
  paste(line: string | null): void;
}

/** Starts a login on free ports and waits until its address is ready. */
async function start(options: Partial<BrowserLoginDeps> & { asksAgain?: boolean } = {}): Promise<Running> {
  const lines: (string | null)[] = [];
  let wake = () => {};
  const complaints: LoginFailure[] = [];
  return await new Promise((resolve, reject) => {
    const result: Promise<BrowserLoginResult> = loginWithBrowser({
      http,
      endpoints: readAuthEndpoints(world.scope()),
      now: Date.now,
      signal: stop.signal,
      isManual: false,
      workspace: null,
      askWho: false,
      ports: [0],
      talk: {
        ready: async (signIn, held) => {
          const paste = (line: string | null) => {
            lines.push(line);
            wake();
          };
          setImmediate(() => resolve({ signIn, held, result, complaints, paste }));
        },
        readLine: (signal) =>
          new Promise((give, refuse) => {
            wake = () => {
              if (lines.length === 0) return;
              wake = () => {};
              give(lines.shift() ?? null);
            };
            signal.addEventListener('abort', () => refuse(signal.reason), { once: true });
            wake();
          }),
        complain: (failure) => {
          complaints.push(failure);
          return options.asksAgain === true;
        },
      },
      ...options,
    });
    result.catch(reject);
  });
}

/** Where the issuer sends the browser after the sign-in. */
async function backFrom(url: string): Promise<string> {
  const answer = await fetch(url, { redirect: 'manual' });
  expect(answer.status).toBe(302);
  return answer.headers.get('location') ?? '';
}

async function tokensOf(running: Running) {
  const result = await running.result;
  if (result.kind !== 'tokens') throw new Error(JSON.stringify(result));
  return result;
}

function isRefused(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

const portOf = ({ redirectUri }: SignIn) => Number(new URL(redirectUri).port);

describe('the browser', () => {
  test('comes back with a code, waits for the end, and is told that it worked; then nobody listens', async () => {
    const running = await start();
    const page = fetch(await backFrom(running.signIn.authorizeUrl));
    const { tokens, settle } = await tokensOf(running);
    expect(await world.lab.world.sessions.byAccessToken(tokens.accessToken)).toMatchObject({
      account: { name: 'plus' },
    });
    await settle(null);
    const shown = await page;
    expect(shown.status).toBe(200);
    expect(shown.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect(shown.headers.get('cache-control')).toBe('no-store');
    const text = await shown.text();
    expect(text).toContain('<h1>Signed in</h1>');
    expect(text).toContain('window.close()');
    expect(await isRefused('127.0.0.1', portOf(running.signIn))).toBe(true);
  });

  test('is told when the account could not be stored', async () => {
    const running = await start();
    const page = fetch(await backFrom(running.signIn.authorizeUrl));
    await (await tokensOf(running)).settle('The account could not be stored.');
    const text = await (await page).text();
    expect(text).toContain('Not signed in');
    expect(text).toContain('The account could not be stored.');
    expect(text).not.toContain('window.close()');
  });

  test('of a person who refuses ends it with the server’s code', async () => {
    await world.lab.control({ do: 'settings', patch: { consent: 'deny' } });
    const running = await start();
    const page = await fetch(await backFrom(running.signIn.authorizeUrl));
    expect(page.status).toBe(400);
    expect(await running.result).toEqual({
      kind: 'failed',
      step: 'sign-in',
      failure: { kind: 'denied', code: 'access_denied', message: 'The person cancelled the sign-in.' },
    });
  });

  test('is told when the token endpoint fails', async () => {
    await world.fault('/oauth/token', { kind: 'answer', status: 200, json: { access_token: 'a' } });
    const running = await start();
    const page = await fetch(await backFrom(running.signIn.authorizeUrl));
    expect(await page.text()).toContain('Not signed in');
    expect(await running.result).toEqual({
      kind: 'failed',
      step: 'token exchange',
      failure: { kind: 'malformed', message: 'missing field id_token' },
    });
    expect(await isRefused('127.0.0.1', portOf(running.signIn))).toBe(true);
  });

  test('gets the workspace and the question who signs in along', async () => {
    const running = await start({ workspace: 'ws-1', askWho: true });
    const query = new URL(running.signIn.authorizeUrl).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      allowed_workspace_id: 'ws-1',
      prompt: 'login',
      code_challenge_method: 'S256',
      id_token_add_organizations: 'true',
      codex_cli_simplified_flow: 'true',
      redirect_uri: expect.stringMatching(/^http:\/\/localhost:\d+\/auth\/callback$/),
    });
    running.paste('q');
    expect(await running.result).toEqual({ kind: 'cancelled' });
  });
});

describe('a pasted answer', () => {
  test.each([
    ['the whole address', (url: URL) => url.href],
    ['the address in quotes', (url: URL) => `"${url.href}" `],
    ['its query', (url: URL) => url.search.slice(1)],
    ['code#state', (url: URL) => `${url.searchParams.get('code')}#${url.searchParams.get('state')}`],
    ['the parameters behind the hash', (url: URL) => `${url.origin}${url.pathname}#${url.search.slice(1)}`],
  ])('is taken as %s, and the port is free again', async (_what, form) => {
    const running = await start({ isManual: true });
    running.paste(form(new URL(await backFrom(running.signIn.authorizeUrl))));
    await (await tokensOf(running)).settle(null);
    expect(await isRefused('127.0.0.1', portOf(running.signIn))).toBe(true);
  });

  test('works where nobody can call back, because both ports are held', async () => {
    const one = await listening();
    const other = await listening();
    const ports = [one.port, other.port];
    const running = await start({ ports });
    expect(running.held).toEqual(ports.map((port) => ({ port, code: 'EADDRINUSE' })));
    expect(running.signIn.redirectUri).toBe(`http://localhost:${one.port}/auth/callback`);
    running.paste(await backFrom(running.signIn.authorizeUrl));
    await (await tokensOf(running)).settle(null);
    await Promise.all([one.close(), other.close()]);
  });

  test.each([
    ['http://localhost:1455/auth/callback?code=c&state=other', 'state-mismatch'],
    ['c#other', 'state-mismatch'],
    ['justthecode', 'state-missing'],
    ['http://localhost:1455/auth/callback?code=c', 'state-missing'],
    ['error=access_denied', 'state-missing'],
  ])('%s is refused as %s', async (line, kind) => {
    const running = await start({ isManual: true });
    running.paste(line);
    expect(await running.result).toEqual({ kind: 'failed', step: 'sign-in', failure: { kind } });
    expect(running.complaints).toEqual([{ kind }]);
    expect(world.tokenCalls()).toBe(0);
  });

  test('with the right state and no code misses the code; at a terminal it is asked again', async () => {
    const running = await start({ isManual: true, asksAgain: true });
    running.paste(`state=${running.signIn.state}`);
    running.paste('nonsense');
    running.paste('cancel');
    expect(await running.result).toEqual({ kind: 'cancelled' });
    expect(running.complaints).toEqual([{ kind: 'code-missing' }, { kind: 'state-missing' }]);
  });

  test.each(['', 'q', 'quit', 'CANCEL', 'back', null])('%j ends a login by hand', async (line) => {
    const running = await start({ isManual: true });
    running.paste(line);
    expect(await running.result).toEqual({ kind: 'cancelled' });
    expect(await isRefused('127.0.0.1', portOf(running.signIn))).toBe(true);
  });

  test('the end of input and an empty line leave the rest to the browser', async () => {
    const running = await start();
    running.paste('');
    running.paste(null);
    const page = fetch(await backFrom(running.signIn.authorizeUrl));
    await (await tokensOf(running)).settle(null);
    expect((await page).status).toBe(200);
  });
});

test('Ctrl-C ends the wait, the browser hears of it, and nobody listens', async () => {
  const running = await start();
  stop.abort(new Error('stopped'));
  await expect(running.result).rejects.toThrow('stopped');
  for (const host of ['127.0.0.1', '::1']) {
    expect(await isRefused(host, portOf(running.signIn))).toBe(true);
  }
});

async function listening(): Promise<CallbackServer> {
  const started = await startCallbackServer([0]);
  if (started.kind === 'held') throw new Error('no free port');
  return started.server;
}

describe('the callback server', () => {
  let server: CallbackServer;
  beforeEach(async () => {
    server = await listening();
  });
  afterEach(() => server.close());

  const get = (path: string, options: RequestInit = {}, host = '127.0.0.1') =>
    fetch(`http://${host}:${server.port}${path}`, options);

  test('answers 404 to every other path and method, and before a sign-in has begun', async () => {
    expect((await get('/auth/callback?code=c&state=s')).status).toBe(404);
    void server.wait('s');
    expect((await get('/')).status).toBe(404);
    expect((await get('/cancel')).status).toBe(404);
    expect((await get('/auth/callback/?code=c&state=s')).status).toBe(404);
    expect((await get('/auth/callback?code=c&state=s', { method: 'POST' })).status).toBe(404);
  });

  test('says "State mismatch" to a wrong or missing state, and goes on waiting', async () => {
    const answer = server.wait('right');
    for (const query of ['code=c&state=wrong', 'code=c', 'error=access_denied&state=wrong']) {
      const page = await get(`/auth/callback?${query}`);
      expect(page.status).toBe(400);
      expect(await page.text()).toContain('State mismatch');
    }
    const empty = await get('/auth/callback?state=right');
    expect(empty.status).toBe(400);
    expect(await empty.text()).toContain('Missing authorization code');
    const page = get('/auth/callback?code=c&state=right');
    expect(await answer).toEqual({ kind: 'code', code: 'c' });
    await server.close();
    expect((await page).status).toBe(410);
  });

  test('listens on IPv4 and IPv6 loopback, which is what localhost may be', async () => {
    void server.wait('s');
    expect((await get('/', {}, '127.0.0.1')).status).toBe(404);
    expect((await get('/', {}, '[::1]')).status).toBe(404);
    expect((await get('/', {}, 'localhost')).status).toBe(404);
  });

  test('does not answer a page that calls it by another name', async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET /auth/callback?code=c&state=s HTTP/1.1\r\nhost: evil.example\r\n\r\n'),
      );
      socket.once('data', (data) => resolve(String(data)));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 421 /);
  });

  test('takes the next port when the first is held, on IPv6 alone too', async () => {
    const next = await startCallbackServer([server.port, 0]);
    if (next.kind === 'held') throw new Error('held');
    expect(next.server.port).not.toBe(server.port);
    await next.server.close();
    expect(await startCallbackServer([server.port])).toEqual({
      kind: 'held',
      ports: [{ port: server.port, code: 'EADDRINUSE' }],
    });
  });
});
