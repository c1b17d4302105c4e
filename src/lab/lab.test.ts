import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createLabControl } from './control/client.ts';
import { type Lab, type LabOptions, startLab } from './lab.ts';
import { formatRequest, formatRequestJson } from './request-log.ts';

const labs: Lab[] = [];

async function start(options: LabOptions = {}): Promise<Lab> {
  const lab = await startLab(options);
  labs.push(lab);
  return lab;
}

afterEach(async () => {
  await Promise.all(labs.splice(0).map((lab) => lab.stop()));
});

describe('where the lab listens', () => {
  test.each(['0.0.0.0', '::', '192.168.1.1', 'localhost.example.com'])(
    'refuses to listen on %s',
    async (host) => {
      await expect(startLab({ host })).rejects.toMatchObject({
        code: 'ERR_LAB_HOST',
        message: `The lab does not listen on ${host}.`,
      });
    },
  );

  test('says so when the port is taken', async () => {
    const first = await start();
    await expect(startLab({ port: first.port })).rejects.toMatchObject({
      code: 'ERR_LAB_LISTEN',
      message: `The lab cannot listen on 127.0.0.1:${first.port}.`,
    });
  });

  test('frees its port when it stops', async () => {
    const first = await startLab();
    await first.stop();
    const second = await start({ port: first.port });
    expect(second.port).toBe(first.port);
  });
});

describe('what the lab does not know', () => {
  test('an unknown path is answered 404 and named in the log', async () => {
    const lab = await start();
    const answer = await fetch(`${lab.url}/backend-api/no/such/thing?token=secret&limit=3`);
    expect(answer.status).toBe(404);
    expect(lab.requests()).toMatchObject([
      {
        method: 'GET',
        status: 404,
        path: '/backend-api/no/such/thing?token=…&limit=3',
        note: 'unknown path: GET /backend-api/no/such/thing?token=…&limit=3',
      },
    ]);
  });

  test('a way out is refused and named in the log', async () => {
    const lab = await start();
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(lab.port, '127.0.0.1', () =>
        socket.write('CONNECT chatgpt.com:443 HTTP/1.1\r\n\r\n'),
      );
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(lab.requests()).toMatchObject([{ method: 'CONNECT', path: 'chatgpt.com:443', status: 403 }]);
  });

  test('a plain proxy request for another host is not forwarded', async () => {
    const lab = await start();
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(lab.port, '127.0.0.1', () =>
        socket.write(
          'GET http://example.com/secret HTTP/1.1\r\nhost: example.com\r\nconnection: close\r\n\r\n',
        ),
      );
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text)).on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });
});

describe('the control endpoint', () => {
  test('is closed without the token', async () => {
    const lab = await start();
    const answer = await fetch(`${lab.url}/__lab/state`, { headers: { authorization: 'Bearer guess' } });
    expect(answer.status).toBe(401);
    await expect(createLabControl(lab.url, 'guess').state()).rejects.toMatchObject({
      code: 'ERR_LAB_CONTROL',
    });
  });

  test('switches scenarios at run time and is not in the log', async () => {
    const lab = await start();
    const control = createLabControl(lab.url, lab.controlToken);
    await control.send({ do: 'scenario', name: 'device-code-off+slow' });
    expect(await control.state()).toMatchObject({
      scenario: 'device-code-off+slow',
      settings: { deviceCode: 'off' },
    });
    const answer = await fetch(`${lab.url}/api/accounts/deviceauth/usercode`, { method: 'POST' });
    expect(answer.status).toBe(404);
    await control.send({ do: 'scenario', name: 'ok' });
    expect((await fetch(`${lab.url}/api/accounts/deviceauth/usercode`, { method: 'POST' })).status).toBe(200);
    expect((await control.requests()).map((request) => [request.method, request.status])).toEqual([
      ['POST', 404],
      ['POST', 200],
    ]);
    await control.forgetRequests();
    expect(lab.requests()).toEqual([]);
  });

  test('refuses a command that it does not understand, and names what is wrong', async () => {
    const lab = await start();
    const answer = await fetch(`${lab.url}/__lab/do`, {
      method: 'POST',
      headers: { authorization: `Bearer ${lab.controlToken}` },
      body: JSON.stringify({ do: 'settings', patch: { deviceCode: 'maybe' } }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('patch.deviceCode');
    const control = createLabControl(lab.url, lab.controlToken);
    await expect(control.send({ do: 'scenario', name: 'nope' })).rejects.toMatchObject({
      code: 'ERR_LAB_CONTROL',
      message: expect.stringContaining('There is no scenario called'),
    });
  });

  test('lets connections be refused for a while', async () => {
    const lab = await start();
    await lab.control({ do: 'refuse', ms: 100 });
    await expect(fetch(`${lab.url}/codex/device`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await expect.poll(async () => (await fetch(`${lab.url}/codex/device`)).status).toBe(200);
  });

  test('moves the clock, which the Date header shows', async () => {
    const lab = await start({ now: () => Date.UTC(2026, 0, 1) });
    await lab.control({ do: 'move-clock', ms: 3_600_000 });
    const answer = await fetch(`${lab.url}/codex/device`);
    expect(answer.headers.get('date')).toBe('Thu, 01 Jan 2026 01:00:00 GMT');
    expect(lab.requests()[0]?.time).toBe('2026-01-01T01:00:00.000Z');
  });
});

test('the same seed invents the same people, another seed others', async () => {
  const [first, same, other] = await Promise.all([
    start({ seed: 'one' }),
    start({ seed: 'one' }),
    start({ seed: 'two' }),
  ]);
  expect(same.accounts).toEqual(first.accounts);
  expect(other.accounts[0]?.accountId).not.toBe(first.accounts[0]?.accountId);
});

test('a request is told in one line for people and in one line of JSON for programs', () => {
  const request = {
    time: '2026-11-21T03:24:39.120Z',
    method: 'POST',
    path: '/oauth/token',
    account: 'plus',
    status: 401,
    ms: 3,
    note: 'refresh-reused',
  };
  expect(formatRequest(request)).toBe(
    '03:24:39.120  POST    401  /oauth/token  plus  3 ms  (refresh-reused)',
  );
  expect(JSON.parse(formatRequestJson(request))).toEqual(request);
  expect(formatRequest({ ...request, status: null, account: null, note: null })).toBe(
    '03:24:39.120  POST    ---  /oauth/token  -  3 ms',
  );
});
