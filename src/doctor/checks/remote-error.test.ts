import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_ACCOUNT } from '../../../test/support/codex-home.ts';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { remoteErrorCheck } from './remote-error.ts';

const BASE = 'https://chatgpt.com/backend-api';
const NOW = Date.now();
const MINUTE = 60_000;
const ENROLL = `${BASE}/wham/remote/control/server/enroll`;

const enrollFailed = (status: string, body: string) =>
  `failed to connect to app-server remote control websocket: wss://chatgpt.com/x, err: remote control server enrollment failed at \`${ENROLL}\`: HTTP ${status}, request-id: req_1, cf-ray: ray_1, body: ${body}`;
const socketFailed = (status: string, body: string) =>
  `failed to connect to app-server remote control websocket websocket_url=wss://chatgpt.com/x error=failed to connect app-server remote control websocket \`wss://chatgpt.com/backend-api/wham/remote/control/server\`: HTTP error: ${status}, request-id: <none>, cf-ray: <none>, body: ${body} error_kind=Other reconnect_attempt=1 reconnect_delay=3s has_enrollment=true`;
const local = (reason: string) =>
  `failed to connect to app-server remote control websocket: wss://chatgpt.com/x, err: ${reason}`;
const CONNECTED =
  'connected to app-server remote control websocket: wss://chatgpt.com/x, request-id: <none>, cf-ray: <none>';

let home: RemoteHome;
beforeEach(async () => {
  home = await makeRemoteHome();
});
afterEach(() => home.remove());

const found = async () => (await home.run(remoteErrorCheck)).problems.map(({ finding }) => finding);

describe('the last error of remote control', () => {
  it('is nothing in a home that never used it, or whose log says nothing of it', async () => {
    expect(await home.run(remoteErrorCheck)).toMatchObject({ status: 'ok', problems: [] });
    await home.log({ body: 'remote control websocket loop started', at: NOW, level: 'INFO' });
    expect(await home.run(remoteErrorCheck)).toMatchObject({ status: 'ok', problems: [] });
  });

  it.each([
    [
      'MFA',
      enrollFailed('403 Forbidden', '{"detail":"Multi-factor authentication required"}'),
      'remote.mfa_required',
    ],
    [
      'workspace policy',
      enrollFailed('403 Forbidden', '{"detail":"Remote control is disabled by your workspace admin"}'),
      'remote.workspace_policy',
    ],
    [
      'a challenge page',
      enrollFailed('403 Forbidden', '<!DOCTYPE html><title>Just a moment...</title>'),
      'network.edge_blocked',
    ],
    ['a bare 403', enrollFailed('403 Forbidden', '<empty>'), 'network.edge_blocked'],
    [
      'the region',
      enrollFailed('403 Forbidden', '{"error":{"code":"unsupported_country_region_territory"}}'),
      'network.region_blocked',
    ],
    ['401', enrollFailed('401 Unauthorized', '{"detail":"x"}'), 'auth.token_expired'],
    [
      '409',
      enrollFailed('409 Conflict', '{"detail":"Remote app server already online"}'),
      'remote.server_conflict',
    ],
    ['429', enrollFailed('429 Too Many Requests', '{}'), 'ratelimit.too_many_requests'],
    ['500', enrollFailed('500 Internal Server Error', '<empty>'), 'server.error'],
    [
      'a revoked client',
      enrollFailed('403 Forbidden', '{"detail":"Remote-control client has been revoked"}'),
      'remote.client_revoked',
    ],
    ['404 at enrolment', enrollFailed('404 Not Found', '{"detail":"nope"}'), 'remote.enrollment_errored'],
    [
      'an API key',
      local('remote control requires ChatGPT authentication; API key auth is not supported'),
      'remote.requires_chatgpt_login',
    ],
    ['no login', local('remote control requires ChatGPT authentication'), 'remote.requires_chatgpt_login'],
    [
      'no answer',
      local(
        `failed to enroll remote control server at \`${ENROLL}\`: error sending request for url (${ENROLL})`,
      ),
      'remote.enrollment_errored',
    ],
    [
      'a proxy that refuses',
      local(
        'failed to connect app-server remote control websocket `wss://x/y`: URL error: Proxy connection failed: HTTP CONNECT failed with status 502',
      ),
      'network.proxy',
    ],
    [
      'a websocket 403',
      local('remote control websocket auth failed with HTTP 403 Forbidden; retrying after auth recovery'),
      'remote.enrollment_errored',
    ],
    [
      'a foreign base URL',
      local('invalid remote control URL `http://x`; expected HTTPS URL for chatgpt.com'),
      'remote.enrollment_errored',
    ],
    ['no state database', local('remote control requires sqlite state db'), 'remote.enrollment_errored'],
  ])('names %s, with time, row and ids', async (_, body, id) => {
    await home.log({ body: CONNECTED, at: NOW - 10 * MINUTE, level: 'INFO' }, { body, at: NOW - MINUTE });
    const [finding, ...others] = await found();
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id, evidence: [{ source: 'db' }] });
    expect(finding?.evidence[0]?.where).toContain('logs_2.sqlite table logs, row 2');
    expect(finding?.cause).toContain(new Date(NOW - MINUTE).toISOString().slice(0, 16));
  });

  it('shows URL, status, ids and body of the refusal', async () => {
    await home.log({
      body: enrollFailed('403 Forbidden', '{"detail":"Multi-factor authentication required"}'),
      at: NOW,
    });
    const what = (await found())[0]?.evidence[0]?.what ?? '';
    for (const part of [
      ENROLL,
      'HTTP 403 Forbidden',
      'req_1',
      'ray_1',
      'Multi-factor authentication required',
    ]) {
      expect(what).toContain(part);
    }
  });

  it('is over once a later line says connected', async () => {
    await home.log(
      { body: enrollFailed('500 x', '{}'), at: NOW - MINUTE },
      { body: CONNECTED, at: NOW, level: 'INFO' },
    );
    expect(await home.run(remoteErrorCheck)).toMatchObject({ status: 'ok', problems: [] });
  });

  it('is history where it is older than the login, and forgotten after two weeks', async () => {
    await home.log({
      body: enrollFailed('403 Forbidden', '{"detail":"Multi-factor authentication required"}'),
      at: NOW - 60 * MINUTE,
    });
    expect((await found())[0]?.severity).toBe('fail');
    await home.login();
    expect((await found())[0]?.severity).toBe('info');
    const later = { host: { now: () => NOW + 15 * 24 * 60 * MINUTE } };
    expect((await home.run(remoteErrorCheck, later)).problems).toEqual([]);
  });

  it('counts how often it came', async () => {
    const body = enrollFailed('500 Internal Server Error', '{}');
    await home.log(
      { body: CONNECTED, at: NOW - 9 },
      { body, at: NOW - 3 },
      { body, at: NOW - 2 },
      { body, at: NOW - 1 },
    );
    expect((await found())[0]?.cause).toContain('3 times in a row');
  });

  it('reads the stderr log of the daemon too, the newest word counts', async () => {
    await home.log({ body: CONNECTED, at: NOW - 5 * MINUTE, level: 'INFO' });
    await home.write(
      'app-server-daemon/daemon.stderr.log',
      `${JSON.stringify({ timestamp: new Date(NOW).toISOString(), level: 'WARN', fields: { message: 'failed to connect to app-server remote control websocket', error: `remote control server enrollment failed at \`${ENROLL}\`: HTTP 403 Forbidden, request-id: <none>, cf-ray: <none>, body: {"detail":"Multi-factor authentication required"}` } })}\n`,
    );
    const [finding] = await found();
    expect(finding).toMatchObject({ id: 'remote.mfa_required', evidence: [{ source: 'log' }] });
    expect(finding?.evidence[0]?.where).toMatch(/daemon\.stderr\.log:1$/);
  });

  it('says that it could not look where the log database is no database', async () => {
    await home.write('logs_2.sqlite', 'x'.repeat(5000));
    expect(await home.run(remoteErrorCheck)).toMatchObject({ status: 'skipped', problems: [] });
  });

  it('never shows a token or an address of the body', async () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${'a'.repeat(80)}.${'b'.repeat(40)}`;
    await home.log({
      body: enrollFailed('400 Bad Request', `{"detail":"bad ${token} of ada@example.test"}`),
      at: NOW,
    });
    const text = JSON.stringify(await home.run(remoteErrorCheck));
    expect(text).not.toContain(token);
    expect(text).not.toContain('ada@example.test');
  });
});

describe('a server that the backend has lost', () => {
  const body = socketFailed('404 Not Found', '{"detail":"Remote app server not found"}');

  it('is left to Codex at first, and repaired when it stays', async () => {
    await home.enroll({ accountId: TEST_ACCOUNT.accountId });
    await home.log({ body, at: NOW - 3 });
    const [once] = (await home.run(remoteErrorCheck)).problems;
    expect(once?.finding).toMatchObject({
      id: 'remote.server_unknown',
      severity: 'warn',
      fix: { repairId: null },
    });

    await home.log({ body, at: NOW - 2 }, { body, at: NOW - 1 });
    const [stays] = (await home.run(remoteErrorCheck)).problems;
    expect(stays?.finding).toMatchObject({ severity: 'fail', fix: { automatic: true } });
    expect(await stays?.plan?.()).toMatchObject({
      requiresStopped: 'all',
      steps: [
        {
          kind: 'sqlite',
          statements: [
            {
              params: [
                'wss://chatgpt.com/backend-api/wham/remote/control/server',
                TEST_ACCOUNT.accountId,
                '',
              ],
            },
          ],
        },
      ],
    });
  });

  it('is no problem any more once the row has gone', async () => {
    await home.log({ body, at: NOW - 3 }, { body, at: NOW - 2 }, { body, at: NOW - 1 });
    expect(await home.run(remoteErrorCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('a conflict', () => {
  it('drops the row where nobody else of this home holds it, and is over then', async () => {
    const body = socketFailed('409 Conflict', '{"detail":"Remote app server already online"}');
    await home.log({ body, at: NOW });
    expect((await home.run(remoteErrorCheck)).problems).toEqual([]);
    await home.enroll({ accountId: 'enrolled-since', updatedAt: Math.floor(NOW / 1000) + 60 });
    expect((await home.run(remoteErrorCheck)).problems).toMatchObject([{ finding: { severity: 'info' } }]);
    await home.enroll({ accountId: TEST_ACCOUNT.accountId });
    const [problem] = (await home.run(remoteErrorCheck)).problems;
    expect(problem?.finding).toMatchObject({ id: 'remote.server_conflict', fix: { automatic: false } });
    expect(await problem?.plan?.()).toMatchObject({
      repairId: 'remote.server_conflict.drop-row',
      requiresStopped: 'all',
    });
  });
});
