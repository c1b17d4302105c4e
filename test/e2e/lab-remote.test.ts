/** The real Codex, both versions, in every scenario of remote control: as a daemon and in the foreground. */
import { describe, expect, test, vi } from 'vitest';
import { createHost } from '../../src/host.ts';
import { makeLabHome } from '../../src/lab/home.ts';
import { WITH_MFA } from '../../src/lab/issuer/sessions.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { stopLeftovers } from '../../src/lab/leftovers.ts';
import { type LabRun, runInLab } from '../../src/lab/run.ts';
import { listScenarios } from '../../src/lab/scenarios/find.ts';
import { REMOTE } from '../../src/lab/scenarios/scenario.ts';
import { type CodexAlias, codexBinary, runProgram } from '../support/real-codex.ts';

vi.setConfig({ maxConcurrency: 5 });

const HOST_PATH = '/backend-api/wham/remote/control/server';
const AVAILABLE = /This machine is available for remote control as /;
const CONNECTING = /Remote control is enabled on .* and still connecting\./;
const ERRORED = /Error: Remote control is enabled on .* but the connection is errored\./;

/** `either`: it depends on whether the command looks before or after the retry. */
type Outcome = 'available' | 'connecting' | 'errored' | 'either';

interface RemoteCase {
  readonly scenario: string;
  /** What 0.133 says at `remote-control start` (a daemon), and 0.169 in the foreground. */
  readonly says: Readonly<Record<CodexAlias, Outcome>>;
  /** The reason that the app-server's log holds and the command hides. */
  readonly reason?: RegExp;
  readonly enrolments: readonly [number, number];
}

const bothSay = (outcome: Outcome) => ({ 'codex-0.133': outcome, 'codex-newest': outcome });

function refused(scenario: string, reason: RegExp): RemoteCase {
  return { scenario, says: bothSay('errored'), reason, enrolments: [1, 3] };
}

const CASES: readonly RemoteCase[] = [
  { scenario: 'ok', says: bothSay('available'), enrolments: [1, 1] },
  refused('mfa-required', /enrollment failed at .*HTTP 403 Forbidden.*Multi-factor authentication required/),
  refused(
    'workspace-policy',
    /HTTP 403 Forbidden.*Remote control is disabled by your workspace administrator/,
  ),
  {
    ...refused('remote-not-logged-in', /remote control requires ChatGPT authentication/),
    enrolments: [0, 0],
  },
  { ...refused('remote-api-key', /API key auth is not supported/), enrolments: [0, 0] },
  refused('enroll-401', /enrollment failed at .*HTTP 401 Unauthorized/),
  refused('enroll-404', /enrollment failed at .*HTTP 404 Not Found/),
  {
    ...refused('enroll-429', /enrollment failed at .*HTTP 429 Too Many Requests/),
    says: { 'codex-0.133': 'errored', 'codex-newest': 'connecting' }, // 0.169 waits as Retry-After says
  },
  refused('enroll-500', /enrollment failed at .*HTTP 500 Internal Server Error/),
  refused('enroll-challenge', /HTTP 403 Forbidden.*cf-ray: 8lab.*Just a moment/),
  refused('enroll-half-json', /failed to parse remote control .*decode error/),
  refused('enroll-reset', /failed to enroll remote control server at .*error sending request/),
  {
    ...refused('enroll-refused', /failed to enroll remote control server at .*error sending request/),
    enrolments: [0, 0],
  },
  { scenario: 'enroll-timeout', says: bothSay('connecting'), enrolments: [1, 1] },
  refused('already-online', /409 Conflict.*Remote app server already online/),
  refused('identity-collision', /409 Conflict.*Remote app server already online/),
  refused('server-revoked', /404 Not Found.*Remote app server not found/),
  {
    scenario: 'server-unknown', // 0.133 enrols anew before it says anything; 0.169 in the foreground may be seen failing
    says: { 'codex-0.133': 'available', 'codex-newest': 'either' },
    enrolments: [1, 2],
  },
  { scenario: 'presence-stale', says: bothSay('available'), enrolments: [1, 1] },
  refused('host-socket-503', /503 Service Unavailable.*upstream connect error/),
  refused('host-socket-403', /websocket auth failed with HTTP 403 Forbidden/),
];

const SHELL: Readonly<Record<CodexAlias, string>> = {
  'codex-0.133':
    'codex remote-control start; code=$?; cat "$CODEX_HOME/app-server-daemon/app-server.stderr.log" >&2; exit $code',
  // The foreground stays until Ctrl-C when it is connected or still trying; the patience of "connecting" is ten seconds.
  'codex-newest': 'exec timeout --preserve-status -s INT "$PATIENCE" codex remote-control --no-daemon',
};

function shell(
  scenario: string,
  alias: CodexAlias,
  script: string,
  env: Record<string, string> = {},
): Promise<LabRun> {
  return runInLab({
    scenario,
    host: createHost({ cwd: '/var/tmp' }),
    codexBinary: codexBinary(alias),
    argv: ['sh', '-c', script],
    output: 'collect',
    env: { RUST_LOG: 'codex_app_server_transport=warn', LOG_FORMAT: 'json', TERM: 'xterm-256color', ...env },
  });
}

function hits(run: LabRun, method: string, path: string): number {
  return run.requests.filter((request) => request.method === method && request.path === path).length;
}

describe.concurrent.each(['codex-0.133', 'codex-newest'] as const)('%s', (alias) => {
  test.concurrent.each(CASES.map((one) => [one.scenario, one] as const))('in %s', async (scenario, one) => {
    const outcome = one.says[alias];
    const run = await shell(scenario, alias, SHELL[alias], {
      PATIENCE: outcome === 'connecting' || outcome === 'errored' ? '20' : '6', // an errored one ends by itself
    });
    if (outcome === 'available') expect(run.stdout).toMatch(AVAILABLE);
    if (outcome === 'connecting') expect(run.stdout).toMatch(CONNECTING);
    if (outcome === 'errored') expect(run.stderr).toMatch(ERRORED);
    if (outcome !== 'either') expect(run.exitCode).toBe(outcome === 'errored' ? 1 : 0);
    if (one.reason !== undefined) expect(run.stderr).toMatch(one.reason);
    const [min, max] = one.enrolments;
    expect(hits(run, 'POST', `${HOST_PATH}/enroll`)).toBeGreaterThanOrEqual(min);
    expect(hits(run, 'POST', `${HOST_PATH}/enroll`)).toBeLessThanOrEqual(max);
    expect(run.leftovers.map((leftover) => leftover.record)).toEqual(
      alias === 'codex-0.133' ? ['app-server-updater.pid', 'app-server.pid'] : [],
    );
  });

  test.concurrent('in the foreground it connects, and Ctrl-C ends it well', async () => {
    const script = `exec timeout --preserve-status -s INT 4 codex remote-control ${alias === 'codex-newest' ? '--no-daemon' : ''}`;
    const run = await shell('ok', alias, script);
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(AVAILABLE) });
    expect(hits(run, 'WS', HOST_PATH)).toBe(1);
  });
});

describe.concurrent('codex-newest as a daemon', () => {
  test.concurrent('connects, makes a pairing code, and stops', async () => {
    const run = await shell(
      'ok',
      'codex-newest',
      'codex remote-control start && codex remote-control pair && codex remote-control stop',
    );
    expect(run.stderr).not.toContain('Error:');
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toMatch(AVAILABLE);
    expect(run.stdout).toMatch(/Pairing code: [A-Z]{4}-\d{4}/);
    expect(run.leftovers.map((leftover) => leftover.record)).toEqual(['daemon-updater.pid']);
  });

  test.concurrent('hides MFA at the start, and tells it when asked for a pairing code', async () => {
    const run = await shell(
      'mfa-required',
      'codex-newest',
      'codex remote-control start; codex remote-control pair',
    );
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(ERRORED);
    expect(run.stderr).toMatch(
      /remoteControl\/pairing\/start failed: .*HTTP 403 Forbidden, .*body: \{"detail":"Multi-factor authentication required"\}/,
    );
  });

  test.concurrent('enrols anew when the server forgot it', async () => {
    const run = await shell('server-unknown', 'codex-newest', 'codex remote-control start');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(AVAILABLE) });
    expect(hits(run, 'POST', `${HOST_PATH}/enroll`)).toBe(2);
  });

  test.concurrent('cannot make a pairing code when the server makes none', async () => {
    const run = await shell(
      'pairing-refused',
      'codex-newest',
      'codex remote-control start && codex remote-control pair',
    );
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/remoteControl\/pairing\/start failed: .*HTTP 500/);
  });

  test.concurrent('prints a pairing code that is already dead', async () => {
    const run = await shell(
      'pairing-expired',
      'codex-newest',
      'codex remote-control start >&2 && codex remote-control pair --json',
    );
    const { expiresAt } = JSON.parse(run.stdout);
    expect(expiresAt).toBeLessThan(Date.now() / 1000);
  });
});

test('managed requirements keep 0.169 from starting, and 0.133 does not know them', async () => {
  const [newest, older] = await Promise.all([
    shell('remote-managed-off', 'codex-newest', SHELL['codex-newest'], { PATIENCE: '6' }),
    shell('remote-managed-off', 'codex-0.133', 'codex remote-control start'),
  ]);
  expect(newest.exitCode).toBe(1);
  expect(newest.stderr).toContain('remote control is disabled by managed requirements');
  expect(older).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(AVAILABLE) });
});

test('a paired phone speaks JSON-RPC with the real app-server through the lab', async () => {
  const lab = await startLab();
  const host = createHost();
  const binary = codexBinary('codex-0.133');
  const home = await makeLabHome(lab, { host, codexBinary: binary });
  try {
    const wiring = Object.entries(lab.environment()).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value]],
    );
    const env = { ...Object.fromEntries(wiring), CODEX_HOME: home.path };
    expect(await runProgram(binary, ['remote-control', 'start'], { env })).toMatchObject({ code: 0 });
    const environmentId = lab.state().servers[0]?.environmentId ?? '';
    const call = (method: string) => lab.control({ do: 'call-host', environmentId, method });
    expect(await call('remoteControl/status/read')).toMatchObject({
      result: { status: 'connected', environmentId },
    });
    expect(await call('no/such/method')).toMatchObject({ error: { code: -32600 } });
    await lab.control({ do: 'drop-sockets' });
    const connections = () =>
      lab.requests().filter((request) => request.method === 'WS' && request.status === 101);
    await expect.poll(connections, { timeout: 20_000 }).toHaveLength(2);
  } finally {
    await stopLeftovers(home.path, host);
    await home.remove();
    await lab.stop();
  }
});

/** Scenarios that a phone or the account's owner meets, not the machine: path, method, status, words. */
const CONTROLLER_CASES: readonly (readonly [string, string, string, number, string])[] = [
  [
    'client-revoked',
    'POST',
    '/backend-api/codex/remote/control/client/refresh/start',
    403,
    'Remote-control client has been revoked',
  ],
  [
    'client-key-missing',
    'POST',
    '/backend-api/codex/remote/control/client/refresh/start',
    403,
    'Remote-control client key material missing',
  ],
  [
    'environment-gone',
    'GET',
    '/backend-api/codex/remote/control/environments/env_1',
    404,
    'Environment not found',
  ],
  [
    'pending-clients',
    'POST',
    '/backend-api/codex/remote/control/client/enroll/start',
    409,
    'Too many pending remote-control clients',
  ],
];

describe('what a controller hears while the machine is well', () => {
  async function personIn(lab: Lab): Promise<Record<string, string>> {
    const account = lab.world.account('plus');
    const tokens = await lab.world.sessions.issue(lab.world.sessions.open(account, WITH_MFA));
    return { authorization: `Bearer ${tokens.access_token}`, 'chatgpt-account-id': account.accountId };
  }

  test.each(CONTROLLER_CASES)('in %s', async (scenario, method, path, status, words) => {
    const run = await shell(scenario, 'codex-0.133', 'codex remote-control start');
    expect(run).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(AVAILABLE) });
    const lab = await startLab({ scenario });
    const body = method === 'POST' ? { body: '{}' } : {};
    const answer = await fetch(lab.url + path, { method, headers: await personIn(lab), ...body });
    expect([answer.status, await answer.json()]).toEqual([status, { detail: words }]);
    await lab.stop();
  });
});

test('every scenario of remote control has its behaviour here', () => {
  const covered = new Set([
    ...CASES.map((one) => one.scenario),
    ...CONTROLLER_CASES.map(([scenario]) => scenario),
    ...['remote-managed-off', 'pairing-refused', 'pairing-expired'],
  ]);
  const shown = listScenarios().filter((line) => line.shows === REMOTE);
  expect(shown.map((line) => line.name).filter((name) => !covered.has(name))).toEqual([]);
});
