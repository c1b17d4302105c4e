import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unsignedJwt } from '../../../test/support/codex-home.ts';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { createHttp, type Http } from '../../codex/http.ts';
import { challengeOf } from '../../lab/issuer/codes.ts';
import { PASSWORD_ONLY } from '../../lab/issuer/sessions.ts';
import { readAuthEndpoints } from './endpoints.ts';
import { exchangeCode, type OauthDeps, spendRefreshToken, type TokenOutcome } from './token-endpoint.ts';

const VERIFIER = 'v'.repeat(64);
const REDIRECT = 'http://localhost:1455/auth/callback';
const NOW = 1_700_000_000_000;
const GRANT = { code: 'none', verifier: VERIFIER, redirectUri: REDIRECT };

let world: LabWithHome;
let http: Http;
let deps: OauthDeps;

beforeEach(async () => {
  world = await startLabWithHome();
  http = createHttp(world.scope());
  deps = { http, endpoints: readAuthEndpoints(world.scope()), now: () => NOW };
});

afterEach(async () => {
  await http.close();
  await world.stop();
});

function makeCode(): string {
  return world.lab.world.codes.make({
    account: world.lab.world.account('plus'),
    amr: PASSWORD_ONLY,
    redirectUri: REDIRECT,
    challenge: challengeOf(VERIFIER),
  });
}

function answered(status: number, body: object | string): Promise<TokenOutcome> {
  const effect =
    typeof body === 'string'
      ? { kind: 'answer' as const, status, text: body }
      : { kind: 'answer' as const, status, json: body };
  return world.fault('/oauth/token', effect).then(() => exchangeCode(deps, GRANT));
}

describe('a code', () => {
  test('becomes three tokens that the issuer knows, with the end of the access token', async () => {
    const outcome = await exchangeCode(deps, { ...GRANT, code: makeCode() });
    if (outcome.kind !== 'tokens') throw new Error(outcome.message);
    expect(await world.lab.world.sessions.byAccessToken(outcome.accessToken)).toMatchObject({
      account: { name: 'plus' },
    });
    expect(outcome.idToken).toMatch(/^eyJ/);
    expect(outcome.refreshToken).toMatch(/^rt_/);
    expect(outcome.expiresAt).toBe(NOW + 10 * 24 * 3_600_000);
  });

  test('works once: the second time the server says invalid_grant, and its words are kept', async () => {
    const code = makeCode();
    await exchangeCode(deps, { ...GRANT, code });
    expect(await exchangeCode(deps, { ...GRANT, code })).toEqual({
      kind: 'refused',
      status: 400,
      code: 'invalid_grant',
      message: 'The authorization code is unknown or was already used.',
      isPermanent: true,
    });
  });

  test('with another verifier is refused', async () => {
    const outcome = await exchangeCode(deps, { ...GRANT, code: makeCode(), verifier: 'x'.repeat(64) });
    expect(outcome).toMatchObject({ kind: 'refused', message: 'The code_verifier does not match.' });
  });

  test.each([
    ['id_token', { access_token: 'a', refresh_token: 'r' }],
    ['access_token', { id_token: 'i', refresh_token: 'r' }],
    ['refresh_token', { id_token: 'i', access_token: 'a', refresh_token: '' }],
  ])('answered without %s is said to miss that field', async (field, body) => {
    expect(await answered(200, body)).toEqual({
      kind: 'failed',
      reason: 'malformed',
      message: `missing field ${field}`,
      status: 200,
      isSent: true,
    });
  });

  test.each([
    ['a page', 200, '<html>Sign in to the hotel</html>', 'the answer is not a JSON object with tokens'],
    ['a list', 200, '[1]', 'the answer is not a JSON object with tokens'],
  ])('answered with %s is malformed, and nothing of it is repeated', async (_what, status, body, message) => {
    expect(await answered(status, body)).toMatchObject({ kind: 'failed', reason: 'malformed', message });
  });

  test('takes the end of the access token from the token where the answer names none', async () => {
    const access_token = unsignedJwt({ exp: 1_800_000_000 });
    const body = { id_token: 'i', access_token, refresh_token: 'r', expires_in: 'soon' };
    expect(await answered(200, body)).toMatchObject({ kind: 'tokens', expiresAt: 1_800_000_000_000 });
  });

  test.each([
    [
      500,
      { error: { code: null, message: 'Internal error' } },
      'the sign-in server answered 500 (Internal error)',
    ],
    [503, 'no', 'the sign-in server answered 503'],
    [429, { error: 'rate_limit_exceeded' }, 'the sign-in server answered 429 (rate_limit_exceeded)'],
    [302, '', 'the sign-in server answered 302'],
  ])('answered %i is a fault of the server, not a refusal', async (status, body, message) => {
    expect(await answered(status, body)).toMatchObject({ kind: 'failed', reason: 'server', status, message });
  });

  test('a refusal by something on the way, without a code, is not final', async () => {
    expect(await answered(403, '<html>Just a moment…</html>')).toEqual({
      kind: 'refused',
      status: 403,
      code: null,
      message: '',
      isPermanent: false,
    });
  });

  test('a server that is not there was not reached, and got nothing', async () => {
    await world.lab.stop();
    expect(await exchangeCode(deps, GRANT)).toMatchObject({
      kind: 'failed',
      reason: 'network',
      isSent: false,
      status: null,
    });
  });

  test('an answer with secrets in its words comes without them', async () => {
    const secret = `rt_${'a1B2'.repeat(12)}`;
    const outcome = await answered(400, { error: 'invalid_grant', error_description: `bad ${secret}` });
    expect(JSON.stringify(outcome)).not.toContain(secret);
  });
});

describe('a refresh token', () => {
  test('gives new ones, and is called reused the second time', async () => {
    const tokens = await world.login('second');
    expect(await spendRefreshToken(deps, tokens.refresh_token)).toMatchObject({ kind: 'tokens' });
    expect(await spendRefreshToken(deps, tokens.refresh_token)).toEqual({
      kind: 'refused',
      status: 401,
      code: 'refresh_token_reused',
      message: 'Your refresh token has already been used to generate a new access token.',
      isPermanent: true,
    });
  });

  test.each([
    ['revoked', 'refresh_token_invalidated'],
    ['expired', 'refresh_token_expired'],
    ['invalid', 'token_expired'],
  ] as const)('that is %s is refused for good with %s', async (refresh, code) => {
    const tokens = await world.login('plus');
    await world.lab.control({ do: 'settings', patch: { refresh } });
    expect(await spendRefreshToken(deps, tokens.refresh_token)).toMatchObject({
      kind: 'refused',
      code,
      isPermanent: true,
    });
  });

  test('stays good when the answer has no new one', async () => {
    const json = { access_token: unsignedJwt({ exp: 1_800_000_000 }) };
    await world.fault('/oauth/token', { kind: 'answer', status: 200, json });
    expect(await spendRefreshToken(deps, 'rt')).toMatchObject({
      kind: 'tokens',
      refreshToken: null,
      idToken: null,
    });
  });
});

describe('the endpoints', () => {
  const at = (env: Record<string, string>, issuer?: string) => {
    const { host } = world.scope();
    return readAuthEndpoints({ host: { ...host, env } }, issuer === undefined ? {} : { issuer });
  };

  test('are the official ones unless something says otherwise', () => {
    expect(at({})).toMatchObject({
      tokenUrl: 'https://auth.openai.com/oauth/token',
      refreshUrl: 'https://auth.openai.com/oauth/token',
      clientId: 'app_EMoamEEZ73f0CkXaXp7hrann',
    });
  });

  test('follow the official overrides, and --issuer before them', () => {
    const env = {
      CODEX_APP_SERVER_LOGIN_ISSUER: 'http://127.0.0.1:9/',
      CODEX_APP_SERVER_LOGIN_CLIENT_ID: 'app_x',
      CODEX_REFRESH_TOKEN_URL_OVERRIDE: 'http://[::1]:8/refresh',
    };
    expect(at(env)).toMatchObject({
      tokenUrl: 'http://127.0.0.1:9/oauth/token',
      refreshUrl: 'http://[::1]:8/refresh',
      clientId: 'app_x',
    });
    expect(at(env, 'https://sign-in.example').authorizeUrl).toBe('https://sign-in.example/oauth/authorize');
  });

  test.each(['http://auth.openai.com', 'http://localhost.example.com', 'nonsense', 'ftp://127.0.0.1'])(
    'do not send tokens to %s',
    (issuer) => {
      expect(() => at({}, issuer)).toThrow(
        expect.objectContaining({
          code: 'ERR_LOGIN_ISSUER',
          exitCode: 2,
          message: 'the sign-in server has no address that tokens may be sent to',
        }),
      );
    },
  );
});
