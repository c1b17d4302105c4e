import { decodeJwt } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Lab, startLab } from '../lab.ts';
import { CODEX_CLIENT_ID } from '../tokens.ts';
import { challengeOf } from './codes.ts';
import { PASSWORD_ONLY } from './sessions.ts';

const VERIFIER = 'v'.repeat(64);
const REDIRECT = 'http://localhost:1455/auth/callback';

let lab: Lab;

beforeEach(async () => {
  lab = await startLab();
});

afterEach(() => lab.stop());

function authorizeUrl(overrides: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CODEX_CLIENT_ID,
    redirect_uri: REDIRECT,
    code_challenge: challengeOf(VERIFIER),
    code_challenge_method: 'S256',
    state: 'st4te',
    ...overrides,
  });
  return `${lab.url}/oauth/authorize?${query}`;
}

async function codeFromForm(): Promise<string> {
  const answer = await fetch(`${lab.url}/oauth/authorize`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      query: authorizeUrl().split('?')[1] ?? '',
      decision: 'allow',
      account: 'team',
      mfa: 'yes',
    }),
  });
  const location = new URL(answer.headers.get('location') ?? '');
  expect(location.origin + location.pathname).toBe(REDIRECT);
  expect(location.searchParams.get('state')).toBe('st4te');
  return location.searchParams.get('code') ?? '';
}

function token(body: Record<string, string>): Promise<Response> {
  return fetch(`${lab.url}/oauth/token`, { method: 'POST', body: new URLSearchParams(body) });
}

function exchange(code: string, verifier = VERIFIER, redirectUri = REDIRECT): Promise<Response> {
  return token({
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  });
}

async function errorOf(answer: Response): Promise<unknown> {
  return { status: answer.status, body: await answer.json() };
}

describe('signing in by browser', () => {
  test('the page asks, and the consent leads back with a code that is worth tokens of that account', async () => {
    const page = await (await fetch(authorizeUrl())).text();
    expect(page).toContain('<form method="post" action="/oauth/authorize">');
    const answer = await exchange(await codeFromForm());
    expect(answer.status).toBe(200);
    const tokens = (await answer.json()) as Record<string, string>;
    const claims = decodeJwt(tokens.id_token ?? '');
    expect(claims.email).toBe('team@example.com');
    expect(claims['https://api.openai.com/auth']).toMatchObject({
      chatgpt_plan_type: 'team',
      chatgpt_account_id: lab.world.account('team').accountId,
    });
    expect(decodeJwt(tokens.access_token ?? '').amr).toContain('mfa');
  });

  test.each([
    ['a page elsewhere', { redirect_uri: 'https://evil.example.com/auth/callback' }],
    ['an unknown client', { client_id: 'app_other' }],
    ['the plain PKCE method', { code_challenge_method: 'plain' }],
  ])('%s is refused', async (_name, overrides) => {
    const answer = await fetch(authorizeUrl(overrides), { redirect: 'manual' });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  test('a refusal leads back with access_denied', async () => {
    await lab.control({ do: 'settings', patch: { consent: 'deny' } });
    const answer = await fetch(authorizeUrl(), { redirect: 'manual' });
    expect(answer.headers.get('location')).toContain('error=access_denied');
  });

  test('a code works once, only with its own verifier and redirect, and not after ten minutes', async () => {
    const code = await codeFromForm();
    expect((await exchange(code)).status).toBe(200);
    expect(await errorOf(await exchange(code))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_grant' } },
    });
    expect((await exchange(await codeFromForm(), 'w'.repeat(64))).status).toBe(400);
    expect(
      (await exchange(await codeFromForm(), VERIFIER, 'http://localhost:1457/auth/callback')).status,
    ).toBe(400);
    const late = await codeFromForm();
    await lab.control({ do: 'move-clock', ms: 11 * 60_000 });
    expect(await errorOf(await exchange(late))).toMatchObject({
      body: { error: { message: 'The authorization code has expired.' } },
    });
  });
});

describe('signing in by device code', () => {
  const post = (path: string, body: object) =>
    fetch(`${lab.url}/api/accounts/deviceauth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  async function begin() {
    const answer = await post('usercode', { client_id: CODEX_CLIENT_ID });
    return (await answer.json()) as { device_auth_id: string; user_code: string; interval: string };
  }

  test('an approved code is worth tokens, once', async () => {
    const login = await begin();
    expect(login.interval).toBe('1'); // text, as the real issuer sends it
    const granted = await post('token', login);
    expect(granted.status).toBe(200);
    const grant = (await granted.json()) as Record<string, string>;
    expect(challengeOf(grant.code_verifier ?? '')).toBe(grant.code_challenge);
    const answer = await exchange(
      grant.authorization_code ?? '',
      grant.code_verifier,
      `${lab.url}/deviceauth/callback`,
    );
    expect(answer.status).toBe(200);
    expect((await post('token', login)).status).toBe(400);
  });

  test('a waiting code is 403 until the person decides on the page', async () => {
    await lab.control({ do: 'settings', patch: { deviceCode: 'ask' } });
    const login = await begin();
    expect((await post('token', login)).status).toBe(403);
    const page = await fetch(`${lab.url}/codex/device`, {
      method: 'POST',
      body: new URLSearchParams({ user_code: login.user_code, decision: 'approved' }),
    });
    expect(page.status).toBe(200);
    expect((await post('token', login)).status).toBe(200);
  });

  test('slow, denied, expired and switched-off codes behave so', async () => {
    await lab.control({ do: 'settings', patch: { deviceCode: 'slow', devicePolls: 2 } });
    const slow = await begin();
    const polls = [];
    for (let poll = 0; poll < 3; poll += 1) polls.push((await post('token', slow)).status);
    expect(polls).toEqual([403, 403, 200]);
    await lab.control({ do: 'settings', patch: { deviceCode: 'deny', devicePolls: 0 } });
    expect(await errorOf(await post('token', await begin()))).toMatchObject({
      status: 400,
      body: { error: { code: 'access_denied' } },
    });
    await lab.control({ do: 'settings', patch: { deviceCode: 'expire' } });
    expect(await errorOf(await post('token', await begin()))).toMatchObject({
      body: { error: { code: 'expired_token' } },
    });
    await lab.control({ do: 'settings', patch: { deviceCode: 'off' } });
    expect((await post('usercode', {})).status).toBe(404);
  });
});

describe('refreshing', () => {
  const refresh = (refreshToken: string) =>
    fetch(`${lab.url}/oauth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_id: CODEX_CLIENT_ID,
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      }),
    });

  test('a refresh token works once; the new one works, the spent one is called reused', async () => {
    const session = lab.world.sessions.open(lab.world.account('plus'), PASSWORD_ONLY);
    const first = await lab.world.sessions.issue(session);
    const second = (await (await refresh(first.refresh_token)).json()) as Record<string, string>;
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await errorOf(await refresh(first.refresh_token))).toMatchObject({
      status: 401,
      body: { error: { code: 'refresh_token_reused' } },
    });
    expect((await refresh(second.refresh_token ?? '')).status).toBe(200);
    expect(lab.requests().map((request) => request.account)).toEqual(['plus', 'plus', 'plus']);
  });

  test.each([
    ['revoked', 'refresh_token_invalidated'],
    ['expired', 'refresh_token_expired'],
    ['invalid', 'token_expired'],
    ['reused', 'refresh_token_reused'],
  ] as const)('a %s token is answered %s', async (setting, code) => {
    const tokens = await lab.world.sessions.issue(
      lab.world.sessions.open(lab.world.account('plus'), PASSWORD_ONLY),
    );
    await lab.control({ do: 'settings', patch: { refresh: setting } });
    expect(await errorOf(await refresh(tokens.refresh_token))).toMatchObject({
      status: 401,
      body: { error: { code } },
    });
  });

  test('signing out revokes the access token and the refresh token', async () => {
    const tokens = await lab.world.sessions.issue(
      lab.world.sessions.open(lab.world.account('plus'), PASSWORD_ONLY),
    );
    const usage = () =>
      fetch(`${lab.url}/backend-api/wham/usage`, {
        headers: { authorization: `Bearer ${tokens.access_token}` },
      });
    expect((await usage()).status).toBe(200);
    const body = JSON.stringify({ token: tokens.refresh_token, token_type_hint: 'refresh_token' });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${lab.url}/oauth/revoke`, { method: 'POST', headers, body })).status).toBe(200);
    expect(await errorOf(await usage())).toMatchObject({
      status: 401,
      body: { error: { code: 'token_revoked' } },
    });
    expect(await errorOf(await refresh(tokens.refresh_token))).toMatchObject({
      body: { error: { code: 'refresh_token_invalidated' } },
    });
  });

  test('a token of another lab is not a token of this one', async () => {
    const other = await startLab({ seed: 'other' });
    const tokens = await other.world.sessions.issue(
      other.world.sessions.open(other.world.account('plus'), PASSWORD_ONLY),
    );
    await other.stop();
    expect(await lab.world.identify(`Bearer ${tokens.access_token}`)).toEqual({
      kind: 'nobody',
      why: 'unknown',
    });
  });
});
