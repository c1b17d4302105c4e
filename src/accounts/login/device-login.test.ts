import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { createHttp, type Http } from '../../codex/http.ts';
import type { FaultInput } from '../../lab/fault.ts';
import { readAuthEndpoints } from '../oauth/endpoints.ts';
import { exchangeCode } from '../oauth/token-endpoint.ts';
import { awaitDeviceApproval, type DeviceCode, type DeviceDeps, startDeviceLogin } from './device-login.ts';
import { loginError } from './login-failure.ts';

const USER_CODE = '/api/accounts/deviceauth/usercode';
const POLL = '/api/accounts/deviceauth/token';

let world: LabWithHome;
let http: Http;
let stop: AbortController;
let waits: number[];
let now: number;
let deps: DeviceDeps;

beforeEach(async () => {
  world = await startLabWithHome();
  stop = new AbortController();
  http = createHttp(world.scope(stop.signal));
  waits = [];
  now = 1_700_000_000_000;
  deps = {
    http,
    endpoints: readAuthEndpoints(world.scope()),
    now: () => now,
    signal: stop.signal,
    random: () => 0.5,
    sleep: async (ms) => {
      waits.push(ms);
      now += ms;
    },
  };
});

afterEach(async () => {
  await http.close();
  await world.stop();
});

const settings = (patch: object) => world.lab.control({ do: 'settings', patch });
const answer = (status: number, json: unknown, headers = {}): FaultInput['effect'] => {
  return { kind: 'answer', status, json, headers };
};

async function codeOf(): Promise<DeviceCode> {
  const started = await startDeviceLogin(deps);
  if (started.kind === 'failed') throw new Error(started.failure.kind);
  return started.code;
}

describe('the device code', () => {
  test('comes with the page, the interval that the server sends as text, and 15 minutes', async () => {
    expect(await codeOf()).toMatchObject({
      pageUrl: `${world.lab.url}/codex/device`,
      userCode: expect.stringMatching(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/),
      intervalMs: 1000,
      expiresAt: now + 900_000,
    });
  });

  test.each([
    [{ device_auth_id: 'd', usercode: 'U', interval: 7 }, 'U', 7000],
    [{ device_auth_id: 'd', user_code: 'U' }, 'U', 5000],
    [{ device_auth_id: 'd', user_code: 'U', interval: 'often' }, 'U', 5000],
    [{ device_auth_id: 'd', user_code: 'U', interval: '0' }, 'U', 5000],
    [{ device_auth_id: 'd', user_code: 'U', interval: 9999 }, 'U', 60_000],
  ])('is taken from %j', async (json, userCode, intervalMs) => {
    await world.fault(USER_CODE, answer(200, json));
    expect(await codeOf()).toMatchObject({ userCode, intervalMs });
  });

  test('disabled by an admin is said so, with the server’s code and what else there is', async () => {
    await settings({ deviceCode: 'off' });
    const started = await startDeviceLogin(deps);
    if (started.kind !== 'failed') throw new Error('not failed');
    const error = loginError(started.failure, 'device code');
    expect(error.code).toBe('ERR_LOGIN_DEVICE_CODE_DISABLED');
    expect(error.exitCode).toBe(1);
    expect(error.message).toBe(
      'device code disabled by your admin (404 device_code_disabled: Please contact your workspace admin to enable device code authentication.)',
    );
    expect(error.hint).toContain('`steward auth login --manual`');
  });

  test('too many requests are told with the wait', async () => {
    await world.fault(
      USER_CODE,
      answer(429, { error: { code: 'rate_limit_exceeded' } }, { 'retry-after': '30' }),
    );
    const started = await startDeviceLogin(deps);
    expect(started).toEqual({ kind: 'failed', failure: { kind: 'rate-limited', retryAfterSeconds: 30 } });
  });

  test.each([[{ device_auth_id: '', user_code: 'U' }], [{ device_auth_id: 'd' }], [[]]])(
    'is not made of %j',
    async (json) => {
      await world.fault(USER_CODE, answer(200, json));
      expect(await startDeviceLogin(deps)).toEqual({
        kind: 'failed',
        failure: { kind: 'malformed', message: 'the answer has no device code' },
      });
    },
  );

  test('a server in trouble, one that refuses, and one that is not there are three things', async () => {
    await world.fault(USER_CODE, answer(502, { error: 'bad_gateway' }), 1);
    expect(await startDeviceLogin(deps)).toMatchObject({
      failure: { kind: 'server', message: 'the sign-in server answered 502 (bad_gateway)' },
    });
    await world.fault(USER_CODE, answer(403, { error: { code: 'unsupported_country_region_territory' } }), 1);
    expect(await startDeviceLogin(deps)).toMatchObject({
      failure: { kind: 'refused', code: 'unsupported_country_region_territory' },
    });
    await world.lab.stop();
    expect(await startDeviceLogin(deps)).toMatchObject({
      failure: { kind: 'unreachable', reason: 'network' },
    });
  });
});

describe('waiting for the code to be typed', () => {
  test('ends with a code that the issuer takes', async () => {
    await settings({ deviceCode: 'slow', devicePolls: 2 });
    const approved = await awaitDeviceApproval(deps, await codeOf());
    if (approved.kind !== 'approved') throw new Error(approved.failure.kind);
    expect(waits).toEqual([1000, 1000, 1000]);
    const redirectUri = deps.endpoints.deviceRedirectUri;
    expect(await exchangeCode(deps, { ...approved, redirectUri })).toMatchObject({ kind: 'tokens' });
  });

  test.each([403, 404])('%i means not yet, at the same pace', async (status) => {
    await world.fault(POLL, answer(status, { error: { code: 'deviceauth_authorization_unknown' } }), 2);
    expect(await awaitDeviceApproval(deps, await codeOf())).toMatchObject({ kind: 'approved' });
    expect(waits).toEqual([1000, 1000, 1000]);
  });

  test.each([408, 429, 500, 502, 503, 504])('%i is trouble: it goes on, spread a little', async (status) => {
    deps = { ...deps, random: () => 1 };
    await world.fault(POLL, answer(status, {}), 1);
    expect(await awaitDeviceApproval(deps, await codeOf())).toMatchObject({ kind: 'approved' });
    expect(waits).toEqual([1000, 1100]);
  });

  test('Retry-After is obeyed, in seconds and as a date', async () => {
    await world.fault(POLL, answer(429, {}, { 'retry-after': '20' }), 1);
    await awaitDeviceApproval(deps, await codeOf());
    expect(waits).toEqual([1000, 20_000]);
    waits.length = 0;
    const date = new Date(now + 31_000).toUTCString();
    await world.fault(POLL, answer(503, {}, { 'retry-after': date }), 1);
    await awaitDeviceApproval(deps, await codeOf());
    expect(waits).toEqual([1000, 30_000]);
  });

  test.each([
    [
      'deny',
      'denied',
      'ERR_LOGIN_DENIED',
      'the sign-in was refused in the browser (access_denied: The person refused the device authorization.)',
    ],
    ['expire', 'expired', 'ERR_LOGIN_EXPIRED', 'the device code has expired (expired_token)'],
  ] as const)('%s ends it', async (deviceCode, kind, code, message) => {
    await settings({ deviceCode, devicePolls: 1 });
    const result = await awaitDeviceApproval(deps, await codeOf());
    if (result.kind !== 'failed') throw new Error('approved');
    expect(result.failure.kind).toBe(kind);
    expect(loginError(result.failure, 'device login')).toMatchObject({ code, message, exitCode: 1 });
  });

  test('any other refusal ends it with the server’s code', async () => {
    await world.fault(POLL, answer(400, { error: { code: 'deviceauth_unknown', message: 'Unknown.' } }));
    const result = await awaitDeviceApproval(deps, await codeOf());
    expect(result).toEqual({
      kind: 'failed',
      failure: { kind: 'refused', status: 400, code: 'deviceauth_unknown', message: 'Unknown.' },
    });
  });

  test('gives up after 15 minutes', async () => {
    await settings({ deviceCode: 'ask', devicePollSeconds: 60 });
    const result = await awaitDeviceApproval(deps, await codeOf());
    expect(result).toEqual({ kind: 'failed', failure: { kind: 'expired', code: null } });
    expect(waits).toHaveLength(15);
  });

  test('outlives a network that is away for a moment, and not one that is gone', async () => {
    await settings({ deviceCode: 'slow', devicePolls: 4 });
    await world.fault(POLL, { kind: 'reset' }, 4);
    expect(await awaitDeviceApproval(deps, await codeOf())).toMatchObject({ kind: 'approved' });
    await world.fault(POLL, { kind: 'reset' });
    expect(await awaitDeviceApproval(deps, await codeOf())).toMatchObject({
      kind: 'failed',
      failure: { kind: 'unreachable', reason: 'network' },
    });
  });

  test('an approval without a code is malformed', async () => {
    await world.fault(POLL, answer(200, { code_verifier: 'v' }));
    expect(await awaitDeviceApproval(deps, await codeOf())).toMatchObject({ failure: { kind: 'malformed' } });
  });

  test('ends at once when the person interrupts, while it sleeps and while it asks', async () => {
    await settings({ deviceCode: 'ask' });
    const code = await codeOf();
    const { sleep: _sleep, ...realClock } = deps;
    const sleeping = awaitDeviceApproval(realClock, code);
    stop.abort(new Error('stopped'));
    await expect(sleeping).rejects.toThrow();
    await expect(awaitDeviceApproval(deps, code)).rejects.toThrow('stopped');
  });
});
