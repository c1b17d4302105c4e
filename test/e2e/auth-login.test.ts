/** Logging in with the built program against the lab, and the official Codex at work with the account afterwards. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHost } from '../../src/host.ts';
import { type LabHome, makeLabHome } from '../../src/lab/home.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { CODEX_ALIASES, codexBinary, runProgram } from '../support/real-codex.ts';
import { STEWARD, type StewardRun, steward } from '../support/steward.ts';
import { CTRL_C, plain, startAtTerminal } from '../support/terminal.ts';

let lab: Lab;
let home: LabHome;

beforeEach(async () => {
  lab = await startLab();
  await lab.control({ do: 'settings', patch: { consent: 'allow', reply: 'I am {account}.' } });
  home = await makeLabHome(lab, { host: createHost(), login: 'none' });
});

afterEach(async () => {
  await home.remove();
  await lab.stop();
});

function environment(codexHome = home.path): Record<string, string> {
  const all = {
    PATH: process.env.PATH,
    HOME: home.path,
    SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22',
    ...lab.environment(),
    CODEX_HOME: codexHome,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

const place = (codexHome?: string) => ({ env: environment(codexHome), project: home.path });

async function auth(args: readonly string[], input = ''): Promise<StewardRun> {
  const ran = await steward(place(), ['auth', ...args], { input });
  expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/\beyJ|rt_lab_|sk-lab-/);
  return ran;
}

/** A login by hand that is given its answer as soon as it shows the address. */
class ByHand {
  readonly child: ChildProcess;
  #stderr = '';
  #stdout = '';
  readonly ended: Promise<StewardRun>;

  constructor(args: readonly string[]) {
    const options = { cwd: home.path, env: environment() };
    const child = spawn(process.execPath, [STEWARD, 'auth', 'login', ...args], options);
    this.child = child;
    child.stdout.on('data', (chunk) => {
      this.#stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    this.ended = new Promise((resolve) =>
      child.on('close', (code, signal) =>
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr }),
      ),
    );
  }

  async said(pattern: RegExp): Promise<string> {
    await expect.poll(() => this.#stderr, { timeout: 20_000 }).toMatch(pattern);
    return pattern.exec(this.#stderr)?.[0] ?? '';
  }

  /** What the browser's address bar shows in the end. */
  async answer(): Promise<string> {
    const address = await this.said(/http:\S+\/oauth\/authorize\S+/);
    await this.said(/\(q to give up\)/);
    const back = await fetch(address, { redirect: 'manual' });
    return back.headers.get('location') ?? '';
  }

  paste(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }
}

async function turn(alias: (typeof CODEX_ALIASES)[number]): Promise<string> {
  const args = ['exec', '--skip-git-repo-check', 'hi'];
  const ran = await runProgram(codexBinary(alias), args, { env: environment(), cwd: '/var/tmp' });
  expect(ran.code, ran.stderr).toBe(0);
  return ran.stdout;
}

describe('the official Codex works with the account', () => {
  test('C3: after a login with a device code, chosen because there is no browser, and then after one by hand', async () => {
    const first = await auth(['login']);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^✔ Added: Account 1 \(pl\*\*\*@\*\*\*\.com, id:\w{6}\), plan plus; active now\.\n$/,
      ),
    });
    expect(first.stderr).toMatch(
      /^No browser can be opened here \(this is a session over SSH\): logging in with a device code\.\n/,
    );
    for (const alias of CODEX_ALIASES) expect(await turn(alias)).toBe('I am plus.\n');

    await lab.control({ do: 'settings', patch: { account: 'second' } });
    const second = new ByHand(['--manual']);
    second.paste(await second.answer());
    expect(await second.ended).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Added: Account 2 (se***@***.com'),
    });
    for (const alias of CODEX_ALIASES) expect(await turn(alias)).toBe('I am second.\n');
  });

  test('after a login with an API key from standard input', async () => {
    const { apiKey } = lab.world.account('pro');
    expect(await auth(['login', '--with-api-key'], `${apiKey}\n`)).toMatchObject({
      code: 0,
      stdout: '✔ Added: Account 1 (API key); active now.\n',
    });
    for (const alias of CODEX_ALIASES) expect(await turn(alias)).toBe('I am pro.\n');
    expect((await stat(join(home.path, 'auth.json'))).mode & 0o777).toBe(0o600);
  });
});

/** Scenario, exit code, and the line that says it. */
const FAILURES: readonly (readonly [string, number, string])[] = [
  [
    'device-code-off',
    1,
    '✖ device code disabled by your admin (404 device_code_disabled: Please contact your workspace admin to enable device code authentication.)',
  ],
  [
    'device-denied',
    1,
    '✖ the sign-in was refused in the browser (access_denied: The person refused the device authorization.)',
  ],
  ['device-expired', 1, '✖ the device code has expired (expired_token)'],
  [
    'login-rate-limited',
    1,
    '✖ the sign-in server is asked too often (429): it gives no device code for 30 s',
  ],
  ['token-exchange-failed', 3, '✖ token exchange failed: the sign-in server answered 500 (Internal error)'],
];

describe('a login that fails', () => {
  test.each(FAILURES)('in %s ends with %i and says why', async (scenario, code, line) => {
    await lab.control({ do: 'scenario', name: scenario });
    const ran = await auth(['login', '--device-auth']);
    expect({ code: ran.code, lines: ran.stderr.split('\n') }).toEqual({
      code,
      lines: expect.arrayContaining([line]),
    });
    await expect(readFile(join(home.path, 'auth.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(readFile(join(home.path, 'multi-auth', 'openai-codex-accounts.json'))).rejects.toThrow();
  });

  test('C4: for want of an id token names the field; --json has the code', async () => {
    const json = { access_token: 'a', refresh_token: 'r' };
    await lab.control({
      do: 'fault',
      faults: [{ match: { path: '/oauth/token' }, effect: { kind: 'answer', status: 200, json } }],
    });
    const ran = await auth(['login', '--device-auth', '--json']);
    expect(ran.code).toBe(3);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      error: { code: 'ERR_LOGIN_ANSWER', message: 'token exchange failed: missing field id_token' },
    });
  });

  test.each([
    ['c#wrong', 1, 'OAuth state mismatch: that answer belongs to another sign-in'],
    ['code-alone', 1, 'OAuth state missing: the code alone does not tell which sign-in it belongs to'],
  ])('by hand with %s ends with %i', async (line, code, message) => {
    const ran = await auth(['login', '--no-browser'], `${line}\n`);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(`✖ ${message}\n`);
  });

  test('because it could not be stored is told before anybody signs in', async () => {
    await writeFile(join(home.path, 'multi-auth'), 'a file where the folder should be');
    const ran = await auth(['login', '--device-auth']);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toMatch(/^✖ a login could not be stored: .*multi-auth is a file\n/);
    expect(lab.requests()).toEqual([]);
  });

  test('because nobody is there to paste anything is a failure', async () => {
    const ran = await auth(['login', '--manual'], '');
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('✖ nothing was pasted: standard input is at its end\n');
  });

  test.each(['q\n', '\n'])('because the person gave up (%j) is no failure', async (input) => {
    const ran = await auth(['login', '--manual'], input);
    expect(ran).toMatchObject({ code: 0, stdout: 'Cancelled; nothing was changed.\n' });
  });

  test('with a key that the server does not know, or that is none, stores nothing', async () => {
    const unknown = await auth(['login', '--with-api-key'], `sk-proj-${'Ab3'.repeat(15)}`);
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toMatch(/^✖ the server does not accept this API key \(401 /);
    const none = await auth(['login', '--with-api-key'], '');
    expect(none.stderr).toMatch(/^✖ what came on standard input is no API key: empty\n/);
    expect(none.code).toBe(1);
  });

  test.each([
    [['--device-auth', '--manual'], "option '--device-auth' cannot be used with option '--manual'"],
    [['--device-auth', '--no-browser'], "option '--device-auth' cannot be used with option '--no-browser'"],
    [['--with-api-key', '--org', 'x'], "option '--with-api-key' cannot be used with option '--org <id>'"],
    [['--issuer', 'http://example.com'], 'the sign-in server has no address that tokens may be sent to'],
  ])('%j is a usage error', async (args, message) => {
    const ran = await auth(['login', ...args]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(`✖ ${message}\n`);
  });
});

test.each([['--device-auth'], ['--manual']])(
  'Ctrl-C ends login %s with 130 and stores nothing',
  async (flag) => {
    await lab.control({ do: 'settings', patch: { deviceCode: 'ask' } });
    const running = new ByHand([flag]);
    await running.said(/type this code there|give up\)/);
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, signal: null, stdout: '' });
  },
);

test('at a terminal a wrong answer is asked again, the right one logs in, and Ctrl-C works', async () => {
  const terminal = startAtTerminal(place(), ['auth', 'login', '--manual']);
  await terminal.until(/q to give up/);
  terminal.type('nonsense\r');
  await terminal.until(/OAuth state missing/);
  const [address = ''] = /http:\S+\/oauth\/authorize\S+/.exec(plain(terminal.written())) ?? [];
  const back = await fetch(address, { redirect: 'manual' });
  terminal.type(`${back.headers.get('location')}\r`);
  expect(await terminal.ended).toMatchObject({ code: 0 });
  expect(plain(terminal.written())).toContain('Added: Account 1');

  await lab.control({ do: 'settings', patch: { deviceCode: 'ask' } });
  const waiting = startAtTerminal(place(), ['auth', 'login', '--device-auth']);
  await waiting.until(/waiting for the code to be typed: 1[45]:\d\d left/);
  waiting.type(CTRL_C);
  expect(await waiting.ended).toMatchObject({ code: 130 });
});

test('accounts go to another home in an encrypted file, and nowhere without a passphrase', async () => {
  await auth(['login', '--device-auth']);
  const [file, passphrase] = [join(home.path, 'accounts.jwe'), join(home.path, 'passphrase')];
  await writeFile(passphrase, 'correct horse battery\n', { mode: 0o600 });
  const refused = await auth(['export', file]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('✖ there is nobody to ask for the passphrase\n');
  expect((await auth(['export', file, '--passphrase-file', '-'], 'short\n')).stderr).toContain(
    '✖ the passphrase has fewer than 10 characters\n',
  );
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });

  expect((await auth(['export', file, '--passphrase-file', passphrase])).code).toBe(0);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await auth(['export', file, '--passphrase-file', passphrase])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`✖ ${file} is there already; it was left as it is\n`),
  });

  const other = join(home.path, 'other-home');
  await mkdir(other);
  const into = (args: readonly string[], input = '') =>
    steward(place(other), ['auth', 'import', ...args], { input });
  expect(await into([file, '--passphrase-file', '-'], 'something else\n')).toMatchObject({ code: 1 });
  const dry = await into([file, '--passphrase-file', passphrase, '--dry-run', '--json']);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, changed: false, summary: { added: 1 } });
  await expect(stat(join(other, 'multi-auth'))).rejects.toMatchObject({ code: 'ENOENT' });
  const done = await into([file, '--passphrase-file', passphrase, '--json']);
  expect(JSON.parse(done.stdout)).toMatchObject({ changed: true, summary: { added: 1 } });
  const again = await into([file, '--passphrase-file', passphrase, '--json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ changed: false, summary: { skipped: 1 } });
});
