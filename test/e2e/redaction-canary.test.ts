/** Secrets planted in everything that steward reads: none of them comes out, in any command, form or listing. */
import { spawn } from 'node:child_process';
import { chmod, copyFile, link, lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configure, configureTop, editAuth, put, sql } from '../faults/change.ts';
import { sessionFiles } from '../faults/local-state.ts';
import { createCanaries } from '../support/canaries.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { steward } from '../support/steward.ts';

const canaries = createCanaries();
const { key, refresh, jwt, word, email } = canaries;

let world: FaultWorld;
let endProcess = async () => {};
const cleanEnv: Record<string, string> = {};
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
  Object.assign(cleanEnv, world.env);
});
afterEach(async () => {
  await endProcess();
  endProcess = async () => {};
  for (const name of Object.keys(world.env)) if (!(name in cleanEnv)) delete world.env[name];
  Object.assign(world.env, cleanEnv);
  await world.made.reset();
});
afterAll(() => world.remove());

/** Lines as they stand in logs that people have posted, each a failure of the catalogue with a secret beside it. */
const LOG_LINES = [
  `stream error: unexpected status 401 Unauthorized: {"error":{"code":"token_expired"}} authorization: Bearer ${jwt('log')}`,
  `Failed to refresh token: 400: {"error":{"code":"refresh_token_reused","refresh_token":"${refresh('log')}"}}`,
  `remote control enrollment failed with HTTP 403 Forbidden: Multi-factor authentication required, account ${email('log')} cookie: __Secure-next-auth.session-token=${word('cookie')}; Path=/`,
  `Incorrect API key provided: ${key('log')}. You can find your API key at https://platform.openai.com/account/api-keys.`,
  `error sending request for url (https://ada:${word('url in log')}@proxy.example.test:8080/v1/responses?access_token=${word('query')}): connection refused`,
  `set-cookie: cf_clearance=${word('clearance')}; HttpOnly`,
  `login with code=ac_${word('code')} code_verifier=${word('verifier')} for ${email('login')}`,
  `PATCH body {"password":"${word('password')}","client_secret":"${word('client secret')}"}`,
];

async function plantInState(): Promise<void> {
  await editAuth(world, (auth) => {
    auth.OPENAI_API_KEY = key('auth');
    auth.tokens = {
      ...auth.tokens,
      id_token: jwt('id'),
      access_token: jwt('access'),
      refresh_token: refresh('auth'),
    };
  });
  const now = Math.floor(Date.now() / 1000);
  const body = (line: string) => line.replaceAll("'", "''");
  await sql(
    world,
    'logs_2.sqlite',
    ...LOG_LINES.map(
      (line, n) =>
        `INSERT INTO logs (ts, ts_nanos, level, target, feedback_log_body) VALUES (${now - n}, 0, 'ERROR', 'codex_core', '${body(line)}')`,
    ),
  );
  await sql(
    world,
    'state_5.sqlite',
    `UPDATE threads SET title = 'use ${key('title')} of ${email('title')}', first_user_message = 'Bearer ${jwt('thread')}', git_origin_url = 'https://ada:${word('git')}@git.example.test/x.git'`,
    `INSERT INTO remote_control_enrollments VALUES ('wss://ada:${word('wss')}@chatgpt.com/x?token=${word('ws token')}', 'another-account', 'codex', 'srv_1', 'env_1', 'laptop of ${email('server')}', ${now}, 1)`,
    "UPDATE backfill_state SET status = 'running', updated_at = unixepoch() - 60",
  );
  const text = LOG_LINES.map((line) => `${new Date().toISOString()} ERROR codex_core: ${line}\n`).join('');
  await put(world, 'log/codex-tui.log', text);
  await put(world, 'app-server-daemon/app-server.stderr.log', text);
  await put(world, 'app-server-daemon/app-server.pid', '{"pid":4194000,"processStartTime":"1"}\n');
  await put(world, 'app-server-daemon/settings.json', '{"remoteControlEnabled":true}');
  await put(world, 'history.jsonl', `{"session_id":"x","ts":${now},"text":"my key is ${key('history')}"}\n`);
  const [session = ''] = await sessionFiles(world.codexHome);
  await writeFile(session, `{"text":"${key('session')}"}\n${await readFile(session, 'utf8')}`);
  await put(
    world,
    '.codex-global-state.json',
    JSON.stringify({
      'electron-remote-control-client-enrollments': [
        {
          accountUserId: email('client'),
          accountId: 'gone',
          clientId: 'client_1',
          deviceKey: word('device key'),
        },
      ],
      'electron-local-remote-control-environment-id': 'env_gone',
      'selected-remote-host-id': `remote-control:${word('host token')}`,
      'electron-persisted-atom-state': { token: jwt('atom'), user: { email: email('atom') } },
    }),
  );
}

async function plantInEnvironment(): Promise<void> {
  world.env.OPENAI_API_KEY = key('env');
  world.env.CODEX_API_KEY = key('codex env');
  world.env.OPENAI_BASE_URL = `https://ada:${word('base url')}@api.example.test/v1?key=${word('base query')}`;
  world.env.HTTPS_PROXY = `http://ada:${word('proxy')}@127.0.0.1:9`;
  world.env.ALL_PROXY = `socks5://${email('socks').replace('@', '%40')}:${word('socks')}@127.0.0.1:9`;
  world.env.DOCS_TOKEN = word('docs env');
  await put(
    world,
    '.env',
    `OPENAI_API_KEY="${key('dotenv')}"\nHTTP_PROXY=http://ada:${word('dotenv proxy')}@127.0.0.1:9\nDOCS_PASSWORD=${word('dotenv word')}\n`,
  );
  await writeFile(
    join(world.root, '.bashrc'),
    `export OPENAI_API_KEY=${key('bashrc')}\nexport OPENAI_BASE_URL=https://ada:${word('bashrc')}@x.test/v1\n`,
  );
  await writeFile(
    join(world.root, '.npmrc'),
    `//registry.npmjs.org/:_authToken=npm_${word('npmrc')}\nproxy=http://ada:${word('npm proxy')}@127.0.0.1:9\n`,
  );
}

const CONFIG = () => `
[mcp_servers.docs]
command = "no-such-program-here"
args = ["--token", "${word('mcp arg')}", "--api-key=${key('mcp arg')}", "https://ada:${word('mcp url')}@docs.example.test"]
env = { DOCS_TOKEN = "${word('mcp env')}", DOCS_URL = "https://x.test?api_key=${word('mcp env query')}" }

[mcp_servers.web]
url = "https://ada:${word('web url')}@127.0.0.1:9/mcp?token=${word('web query')}"
http_headers = { Authorization = "Bearer ${word('web header')}", "X-Api-Key" = "${word('web key')}" }

[model_providers.local]
name = "local of ${email('provider')}"
base_url = "http://ada:${word('provider url')}@127.0.0.1:9/v1?api-key=${word('provider query')}"
wire_api = "chat"
experimental_bearer_token = "${word('provider bearer')}"
http_headers = { Authorization = "Bearer ${jwt('provider')}" }
query_params = { "api-key" = "${word('query param')}" }

[projects."${world.root}/ada"]
trust_level = "sure, says ${email('project')}"
`;

/** A process that calls itself codex, with secrets on its command line. */
async function startCodexLike(): Promise<void> {
  const program = join(world.root, 'codex');
  await link(process.execPath, program).catch(() => copyFile(process.execPath, program));
  const child = spawn(
    program,
    [
      '-e',
      'setTimeout(() => {}, 60000)',
      'app-server',
      '-c',
      `experimental_bearer_token="${word('process')}"`,
      `--api-key=${key('process')}`,
      `https://ada:${word('process url')}@x.test/?token=${word('process query')}`,
    ],
    { env: { ...world.env, CODEX_HOME: world.codexHome }, stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.on('close', resolve));
  endProcess = async () => {
    child.kill('SIGKILL');
    await ended;
  };
}

/** Runs steward and expects no secret in what it says; gives back what it said. */
async function hear(args: readonly string[], input?: string): Promise<string> {
  const ran = await steward(world, args, input === undefined ? {} : { input });
  expect(ran.signal, args.join(' ')).toBeNull();
  const said = ran.stdout + ran.stderr;
  expect(said.length).toBeGreaterThan(10);
  expect(canaries.leaks(said), `steward ${args.join(' ').slice(0, 60)}: ${said}`).toEqual([]);
  return said;
}

async function hearAll(): Promise<void> {
  await hear(['doctor']);
  await hear(['doctor', '--verbose']);
  await hear(['doctor', '--json']);
  await hear(['doctor', '--fix', '--dry-run', '--verbose']);
  await hear(['doctor', '--fix', '--dry-run', '--json']);
  await hear(['doctor', '--fix', '--yes', '--verbose']);
  await hear(['doctor', '--fix', '--yes', '--json']);
  await hear(['history']);
  await hear(['history', '--json']);
  await hear(['undo', '--dry-run']);
  await hear(['undo']);
  await hear(['undo', '--json']);
  await hear(['explain', '--last']);
  await hear(['explain', '--last', '--json']);
  await hear(['report', '--json']);
  await hear(['bundle', '--dry-run']);
  await hear(['bundle', '--yes', '--out', join(world.root, 'bundle.zip')]);
  const files = Object.entries(unzipSync(await readFile(join(world.root, 'bundle.zip'))));
  expect(files.map(([name]) => name)).toContain('issue.md');
  for (const [name, bytes] of files) expect(canaries.leaks(strFromU8(bytes)), name).toEqual([]);
}

/** Every file that steward has written: for its owner alone, and without secrets outside the before-images. */
async function examineJournal(): Promise<number> {
  const folder = join(world.codexHome, 'steward');
  const names = await readdir(folder, { recursive: true });
  for (const name of ['', ...names]) {
    const path = join(folder, name);
    const stat = await lstat(path);
    expect((stat.mode & 0o777).toString(8), name).toBe(stat.isDirectory() ? '700' : '600');
    if (stat.isFile() && !/(^|\/)images\//.test(name)) {
      expect(canaries.leaks(await readFile(path, 'latin1')), name).toEqual([]);
    }
  }
  return names.length;
}

describe('no secret comes out', () => {
  test('of a home that is full of them, with everything repaired that can be', async () => {
    await plantInState();
    await plantInEnvironment();
    await configure(world, CONFIG());
    await startCodexLike();
    await hearAll();
    await endProcess(); // now the repairs that want every Codex closed are made
    await hear(['doctor', '--fix', '--yes', '--verbose']);
    await hear(['doctor', '--fix', '--yes', '--json']);
    await hear(['history']);
    await hear(['undo']);
    expect(await examineJournal()).toBeGreaterThan(3);
  });

  test('with --live, where the servers and routes are asked', async () => {
    await plantInEnvironment();
    await configure(world, CONFIG().replace('no-such-program-here', '/bin/false'));
    await hear(['doctor', '--live', '--verbose']);
    await hear(['doctor', '--live', '--json']);
  });

  test.each([
    ['a value', () => `experimental_bearer_token = "${word('broken')}`],
    ['a key pasted without quotes', () => `api_key = ${key('unquoted')}`],
    ['a header', () => `http_headers = { Authorization = "Bearer ${word('broken header')}"`],
    ['an URL', () => `base_url = "https://ada:${word('broken url')}@x.test" and more`],
    ['an e-mail', () => `account = ${email('broken')}`],
    ['a key twice', () => `token = "${word('first')}"\ntoken = "${word('second')}"`],
  ])('of a line of config.toml that does not parse: %s', async (_name, line) => {
    await configure(world, `[mcp_servers.broken]\ncommand = "x"\n${line()}`);
    await hear(['doctor', '--verbose']);
    await hear(['doctor', '--fix', '--dry-run', '--only', 'config']);
    await hear(['doctor', '--fix', '--yes', '--verbose', '--only', 'config']);
    await hear(['history', '--json']);
    await examineJournal().catch((error) => {
      if (error.code !== 'ENOENT') throw error; // not every such line can be repaired
    });
  });

  test('of a value that stands in the wrong place', async () => {
    await configureTop(
      world,
      [
        `model_provider = "${key('as provider')}"`,
        `approval_policy = "${jwt('as policy')}"`,
        `sandbox_mode = "https://ada:${word('as mode')}@x.test"`,
        `model = ["${refresh('as model')}"]`,
        `chatgpt_base_url = "https://ada:${word('chatgpt url')}@127.0.0.1:9/backend-api?token=${word('chatgpt query')}"`,
      ].join('\n'),
    );
    await hear(['doctor', '--verbose']);
    await hear(['doctor', '--fix', '--yes', '--verbose']);
    await hear(['doctor', '--json']);
    await hear(['undo']);
  });

  test('of a damaged auth.json', async () => {
    await plantInState();
    const whole = await readFile(join(world.codexHome, 'auth.json'), 'utf8');
    for (const end of [0.3, 0.5, 0.7, 0.9]) {
      await put(world, 'auth.json', whole.slice(0, whole.length * end));
      await hear(['doctor', '--verbose', '--only', 'auth']);
      await hear(['doctor', '--json', '--only', 'auth']);
    }
    await put(
      world,
      'auth.json',
      `{"OPENAI_API_KEY": ${JSON.stringify([key('in a list')])}, "tokens": "${jwt('as text')}"}`,
    );
    await hear(['doctor', '--verbose', '--only', 'auth']);
    await put(world, 'auth.json', key('bare'));
    await hear(['doctor', '--verbose', '--only', 'auth']);
    await chmod(join(world.codexHome, 'auth.json'), 0o644);
    await hear(['doctor', '--fix', '--yes', '--verbose']);
  });

  test('of a text that is to be explained', async () => {
    const text = LOG_LINES.join('\n');
    for (const line of LOG_LINES) await hear(['explain', line]);
    await hear(['explain', '-'], text);
    await hear(['explain', '--json', '-'], `${text}\n${Buffer.from(jwt('encoded')).toString('base64')}`);
    const file = join(world.root, 'error.txt');
    await writeFile(file, text);
    await hear(['explain', file]);
    await hear(['explain', '--json', file]);
  });

  test('of a command line that is wrong', async () => {
    for (const args of [
      [key('command')],
      ['doctor', key('argument')],
      ['doctor', `--token=${word('option')}`],
      ['doctor', '--only', key('only')],
      ['doctor', '--only', key('only json'), '--json'],
      ['undo', refresh('undo')],
      ['undo', '--json', jwt('undo')],
      ['lab', 'run', key('scenario'), '--', 'codex'],
      ['lab', 'start', '--port', key('port')],
      ['issue', key('issue')],
      ['signal', key('signal'), 'works'],
      ['signal', 'config.toml_syntax', key('verdict')],
      ['signal', 'import', `/nowhere/${key('import')}`],
    ]) {
      await hear(args);
    }
    world.env.CODEX_HOME = `/nowhere/${key('home')}`;
    await hear(['doctor']);
    await hear(['doctor', '--json']);
    await hear(['history']);
    await hear(['undo']);
  });
});
