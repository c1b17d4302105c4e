/** Device-code logins of the real Codex against the lab's issuer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { createHost } from '../../src/host.ts';
import { makeLabHome } from '../../src/lab/home.ts';
import { startLab } from '../../src/lab/lab.ts';
import { type LabRun, runInLab } from '../../src/lab/run.ts';
import { listScenarios } from '../../src/lab/scenarios/find.ts';
import { LOGIN } from '../../src/lab/scenarios/scenario.ts';
import { CODEX_ALIASES, type CodexAlias, codexBinary, runProgram } from '../support/real-codex.ts';

vi.setConfig({ maxConcurrency: 6 });

const DENIED = /device auth failed with status 400 Bad Request/;

/** Exit code, words on standard error, and polls of the token endpoint. */
const CASES: readonly (readonly [string, 0 | 1, RegExp, number])[] = [
  ['device-slow', 0, /Successfully logged in/, 3],
  ['device-code-off', 1, /device code login is not enabled for this Codex server/, 0],
  ['device-denied', 1, DENIED, 2],
  ['device-expired', 1, DENIED, 2],
  ['login-rate-limited', 1, /device code request failed with status 429 Too Many Requests/, 0],
  ['token-exchange-failed', 1, /device code exchange failed: token endpoint returned status 500/, 1],
];

function login(scenario: string, alias: CodexAlias): Promise<LabRun> {
  return runInLab({
    scenario,
    host: createHost(),
    codexBinary: codexBinary(alias),
    argv: ['codex', 'login', '--device-auth'],
    output: 'collect',
  });
}

describe.concurrent.each(CODEX_ALIASES)('%s login --device-auth', (alias) => {
  test.concurrent.each(CASES)('in %s', async (scenario, exit, says, polls) => {
    const run = await login(scenario, alias);
    expect(run.stderr).toMatch(says);
    expect(run.exitCode).toBe(exit);
    expect(run.requests.filter((request) => request.path === '/api/accounts/deviceauth/token')).toHaveLength(
      polls,
    );
  });

  test.concurrent('in ok it completes, the new tokens pass MFA, and the next turn uses them', async () => {
    const lab = await startLab({ scenario: 'mfa-required' });
    const home = await makeLabHome(lab, { host: createHost(), login: 'none' });
    try {
      const env = definedOnly({ ...lab.environment(), CODEX_HOME: home.path });
      const binary = codexBinary(alias);
      const done = await runProgram(binary, ['login', '--device-auth', '--experimental_issuer', lab.url], {
        env,
      });
      expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('Successfully logged in') });
      const auth = JSON.parse(readFileSync(join(home.path, 'auth.json'), 'utf8'));
      const session = await lab.world.sessions.byAccessToken(auth.tokens.access_token);
      expect(session).toMatchObject({ account: { name: 'plus' }, amr: expect.arrayContaining(['mfa']) });
      const turn = await runProgram(binary, ['exec', '--skip-git-repo-check', 'hi'], {
        env,
        cwd: '/var/tmp',
      });
      expect(turn).toMatchObject({ code: 0, stdout: 'Hello from the lab.\n' });
    } finally {
      await home.remove();
      await lab.stop();
    }
  });

  test.concurrent('in device-ask it waits until somebody decides', async () => {
    const lab = await startLab({ scenario: 'device-ask' });
    const home = await makeLabHome(lab, { host: createHost(), login: 'none' });
    try {
      const env = definedOnly({ ...lab.environment(), CODEX_HOME: home.path });
      const running = runProgram(
        codexBinary(alias),
        ['login', '--device-auth', '--experimental_issuer', lab.url],
        { env },
      );
      const polled = () => lab.requests().find((request) => request.path.endsWith('/deviceauth/token'));
      await expect.poll(polled, { timeout: 20_000 }).toMatchObject({ status: 403 });
      const [waiting] = lab.world.devices.waiting();
      expect(await lab.control({ do: 'device', userCode: waiting ?? '', decision: 'approved' })).toBe(true);
      expect(await running).toMatchObject({ code: 0 });
    } finally {
      await home.remove();
      await lab.stop();
    }
  });
});

function definedOnly(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

test('every scenario that a login shows has its behaviour here', () => {
  const covered = new Set([...CASES.map(([name]) => name), 'device-ask']);
  const shown = listScenarios().filter((line) => line.shows === LOGIN);
  expect(shown.map((line) => line.name).filter((name) => !covered.has(name))).toEqual([]);
});
