import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHost } from '../host.ts';
import { makeLabHome } from './home.ts';
import { startLab } from './lab.ts';
import { stopLeftovers } from './leftovers.ts';
import { runInLab } from './run.ts';

const host = createHost();

function node(script: string): [string, ...string[]] {
  return [process.execPath, '--input-type=module', '-e', script];
}

describe('running a command in a lab', () => {
  test('gives it a home and the lab’s address, passes its exit code on, and removes the home', async () => {
    const run = await runInLab({
      scenario: 'mfa-required',
      host: createHost({ env: { ...process.env, OPENAI_API_KEY: 'sk-real-world' } }),
      output: 'collect',
      argv: node(`
        import { readFileSync } from 'node:fs';
        const home = process.env.CODEX_HOME;
        const auth = JSON.parse(readFileSync(home + '/auth.json', 'utf8'));
        const issuer = process.env.CODEX_APP_SERVER_LOGIN_ISSUER;
        const answer = await fetch(issuer + '/backend-api/wham/usage', { headers: { authorization: 'Bearer ' + auth.tokens.access_token } });
        console.log(JSON.stringify({ home, status: answer.status, config: readFileSync(home + '/config.toml', 'utf8'), key: process.env.OPENAI_API_KEY ?? null, proxy: process.env.HTTPS_PROXY === issuer }));
        process.exit(7);
      `),
    });
    expect(run.stderr).toBe('');
    expect(run.exitCode).toBe(7);
    const seen = JSON.parse(run.stdout);
    expect(seen).toMatchObject({ status: 200, key: null, proxy: true });
    expect(seen.config).toMatch(/^chatgpt_base_url = "http:\/\/127\.0\.0\.1:\d+\/backend-api\/"$/m);
    expect(existsSync(seen.home)).toBe(false);
    expect(run.requests).toMatchObject([
      { method: 'GET', path: '/backend-api/wham/usage', account: 'plus', status: 200 },
    ]);
  });

  test('a command that does not exist is an error with a hint, and nothing stays behind', async () => {
    await expect(
      runInLab({ scenario: 'ok', host, output: 'collect', argv: ['no-such-command-of-the-lab'] }),
    ).rejects.toMatchObject({ code: 'ERR_LAB_COMMAND', hint: 'Give the full path, or install it first.' });
  });

  test('an aborted run ends the command and says 130', async () => {
    const run = await runInLab({
      scenario: 'ok',
      host,
      output: 'collect',
      argv: node('setInterval(() => {}, 1000)'),
      signal: AbortSignal.timeout(300),
    });
    expect(run.exitCode).toBe(130);
  });
});

describe('the throw-away home', () => {
  test('keeps its secrets to the user and holds what the scenario wants', async () => {
    const lab = await startLab({ scenario: 'remote-api-key' });
    const home = await makeLabHome(lab, { host, codexBinary: process.execPath });
    try {
      expect(JSON.parse(await readFile(join(home.path, 'auth.json'), 'utf8'))).toMatchObject({
        auth_mode: 'apikey',
      });
      expect((await stat(join(home.path, 'auth.json'))).mode & 0o777).toBe(0o600);
      expect(existsSync(join(home.path, 'packages/standalone/current/codex'))).toBe(true);
    } finally {
      await home.remove();
      await lab.stop();
    }
  });

  test('a lab without a login makes no auth.json, and lies outside the temporary folder', async () => {
    const lab = await startLab({ scenario: 'not-logged-in' });
    const home = await makeLabHome(lab, { host });
    try {
      expect(existsSync(join(home.path, 'auth.json'))).toBe(false);
      expect(home.path.startsWith('/tmp/')).toBe(false);
    } finally {
      await home.remove();
      await lab.stop();
    }
  });
});

describe('daemons left behind', () => {
  async function homeWithRecord(pid: number): Promise<string> {
    const home = await mkdtemp('/var/tmp/lab-leftovers-');
    await mkdir(join(home, 'app-server-daemon'));
    await writeFile(
      join(home, 'app-server-daemon', 'app-server.pid'),
      JSON.stringify({ pid, processStartTime: 'x' }),
    );
    return home;
  }

  function sleeper(env: Record<string, string>) {
    return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      env: { ...process.env, ...env },
    });
  }

  test('a process that the pid file names and that works in this home is ended', async () => {
    const home = await homeWithRecord(2);
    const child = sleeper({ CODEX_HOME: home });
    const gone = new Promise((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
    await writeFile(join(home, 'app-server-daemon', 'app-server.pid'), JSON.stringify({ pid: child.pid }));
    expect(await stopLeftovers(home, host)).toEqual([{ pid: child.pid, record: 'app-server.pid' }]);
    expect(await gone).toBe('SIGTERM');
    await rm(home, { recursive: true });
  });

  test('a process of somebody else that has taken the pid is left alone', async () => {
    const child = sleeper({ CODEX_HOME: '/somewhere/else' });
    const home = await homeWithRecord(child.pid ?? 0);
    expect(await stopLeftovers(home, host)).toEqual([]);
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await rm(home, { recursive: true });
  });
});
