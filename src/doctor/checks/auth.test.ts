import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatgptAuthJson, TEST_ACCOUNT, unsignedJwt } from '../../../test/support/codex-home.ts';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { carryOut } from '../../../test/support/plan.ts';
import type { Check } from '../check.ts';
import { authCallbackPortCheck } from './auth-callback-port.ts';
import { authConflictCheck } from './auth-conflict.ts';
import { authEndpointCheck } from './auth-endpoint.ts';
import { authLoginCheck } from './auth-login.ts';
import { authStoreCheck } from './auth-store.ts';

const CHECKS: readonly Check[] = [authLoginCheck, authStoreCheck, authConflictCheck, authEndpointCheck];
const TOKENS = JSON.parse(chatgptAuthJson()).tokens;
const LAST = '2026-11-01T00:00:00Z';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

const chatgpt = (change: Record<string, unknown> = {}, tokens: Record<string, unknown> = {}) =>
  home.write(
    'auth.json',
    JSON.stringify({
      auth_mode: 'chatgpt',
      OPENAI_API_KEY: null,
      tokens: { ...TOKENS, ...tokens },
      last_refresh: LAST,
      ...change,
    }),
  );
const apiKey = (key = 'sk-proj-abcdefghijklmnop') =>
  home.write('auth.json', JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: key }));

/** Every finding of every check here, as `id severity`. */
async function findings(env: Record<string, string> = {}) {
  const results = await Promise.all(CHECKS.map((check) => home.run(check, { env })));
  return results.flatMap(({ problems }) =>
    problems.map(({ finding }) => `${finding.id} ${finding.severity}`),
  );
}

describe('a healthy login has no finding', () => {
  test('with ChatGPT', async () => {
    await chatgpt();
    expect(await findings()).toEqual([]);
  });
  test('with an API key', async () => {
    await apiKey();
    expect(await findings()).toEqual([]);
  });
  test('with ChatGPT and the key that older versions stored beside it', async () => {
    await chatgpt({ OPENAI_API_KEY: 'sk-exchanged' });
    expect(await findings()).toEqual([]);
  });
  test('with an access token that has expired: it is renewed on use', async () => {
    await chatgpt({}, { access_token: unsignedJwt({ exp: 1_700_000_000 }) });
    expect(await findings()).toEqual([]);
  });
  test('none at all where the provider needs none, or CI brings a key', async () => {
    await home.write(
      'config.toml',
      'model_provider = "mine"\n[model_providers.mine]\nname = "m"\nbase_url = "http://llm.test/v1"\n',
    );
    expect(await findings()).toEqual([]);
    await home.write('config.toml', '');
    expect(await findings({ CODEX_API_KEY: 'sk-ci' })).toEqual([]);
  });
});

test('the details say which method is in use, without the address of its owner', async () => {
  await chatgpt();
  const { details, summary } = await home.run(authLoginCheck);
  expect(summary).toBe('in use: ChatGPT login');
  expect(details).toMatchObject({
    'method in use': 'ChatGPT login',
    plan: 'plus',
    account: 'a…@e….test',
    'credential store': 'file',
  });
  const other = await home.run(authLoginCheck, { env: { CODEX_API_KEY: 'sk-x' } });
  expect(other.details['method in use']).toBe(
    'codex exec: CODEX_API_KEY of the environment; everything else: ChatGPT login',
  );
});

describe('auth.not_logged_in', () => {
  test('no file, with the hint that an exported OPENAI_API_KEY does not count', async () => {
    await writeFile(join(home.userHome, '.bashrc'), 'export OPENAI_API_KEY=sk-secretsecretsecret\n');
    const { problems } = await home.run(authLoginCheck, { env: { OPENAI_API_KEY: 'sk-secretsecretsecret' } });
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.not_logged_in',
      severity: 'fail',
      evidence: [
        { where: join(home.path, 'auth.json') },
        { where: 'OPENAI_API_KEY' },
        { where: `${join(home.userHome, '.bashrc')}:1` },
      ],
      fix: { command: 'codex login' },
    });
    expect(JSON.stringify(problems)).not.toContain('secretsecret');
  });

  test('in a home that does not exist: a warning for the default one, left to the check of the home for a named one', async () => {
    const fresh = await home.run(authLoginCheck, { userHome: join(home.userHome, 'work') });
    expect(fresh.problems[0]?.finding.severity).toBe('warn');
    const named = await home.run(authLoginCheck, { env: { CODEX_HOME: join(home.userHome, 'nowhere') } });
    expect(named).toMatchObject({ status: 'skipped', problems: [] });
  });

  test('in keyring mode the missing file says nothing: skipped, not "not logged in"', async () => {
    await home.write('config.toml', 'cli_auth_credentials_store = "keyring"\n');
    expect(await home.run(authLoginCheck)).toMatchObject({ status: 'skipped', problems: [] });
  });
});

describe('auth.credentials_malformed', () => {
  test.each([
    ['a truncated file', () => home.write('auth.json', '{"auth_mode":"chatgpt","tok'), 'truncated'],
    ['an empty file', () => home.write('auth.json', ''), 'empty'],
    ['a folder', () => mkdir(join(home.path, 'auth.json')), 'folder'],
    ['a link to itself', () => symlink('auth.json', join(home.path, 'auth.json')), 'ELOOP'],
    ['no id token', () => chatgpt({}, { id_token: undefined }), 'tokens.id_token is missing'],
    ['no tokens', () => chatgpt({ tokens: null }), 'without tokens'],
    ['no last_refresh', () => chatgpt({ last_refresh: null }), 'no last_refresh'],
    ['an access token that is none', () => chatgpt({}, { access_token: 'x' }), 'access token'],
    ['key mode without key', () => home.write('auth.json', '{"auth_mode":"apikey"}'), 'without a key'],
  ])('%s', async (_title, make, text) => {
    await make();
    const { problems } = await home.run(authLoginCheck);
    expect(problems.map(({ finding }) => [finding.id, finding.severity])).toEqual([
      ['auth.credentials_malformed', 'fail'],
    ]);
    expect(problems[0]?.finding.cause).toContain(text);
    expect(problems[0]?.finding.evidence[0]?.where).toContain('auth.json');
  });

  test('an empty refresh token is a warning while the access token lives, and its end afterwards', async () => {
    await chatgpt({}, { refresh_token: '' });
    expect(await findings()).toEqual(['auth.credentials_malformed warn']);
    await chatgpt({}, { refresh_token: '', access_token: unsignedJwt({ exp: 1_700_000_000 }) });
    expect(await findings()).toEqual(['auth.token_expired fail']);
  });
});

describe('auth.apikey_invalid', () => {
  test.each([
    ['"sk-quoted"', 'in quotes'],
    [' sk-space', 'with spaces around it'],
    ['sk-line\n', 'with a line break'],
    ['your-api-key', 'a placeholder'],
    ['sk-ant-abc', 'a key of Anthropic'],
    [TOKENS.access_token, 'a login token'],
    ['', 'empty'],
  ])('the stored key %j is %s', async (key, text) => {
    await apiKey(key);
    const { problems } = await home.run(authLoginCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.apikey_invalid',
      cause: expect.stringContaining(text),
    });
  });

  test('a key of another service is right at an endpoint of its own', async () => {
    await apiKey('sk-or-abcdef');
    await home.write('config.toml', 'openai_base_url = "https://openrouter.test/v1"\n');
    expect(await findings()).toEqual([]);
  });

  test('a provider whose key is not set; set in the environment or in .env it is', async () => {
    await home.write(
      'config.toml',
      'model_provider = "p"\n[model_providers.p]\nname = "p"\nbase_url = "https://llm.test/v1"\nenv_key = "P_KEY"\n',
    );
    const { problems } = await home.run(authEndpointCheck);
    expect(problems[0]?.finding).toMatchObject({ id: 'auth.apikey_invalid', subject: 'P_KEY' });
    expect(problems[0]?.finding.evidence[0]?.where).toBe(`${join(home.path, 'config.toml')}:5`);
    expect(await findings({ P_KEY: 'x' })).toEqual([]);
    await home.write('.env', 'P_KEY=x\n');
    expect(await findings()).toEqual([]);
  });

  test('a key in the place of its variable is found and not repeated', async () => {
    await home.write(
      'config.toml',
      'model_provider = "p"\n[model_providers.p]\nname = "p"\nenv_key = "sk-proj-abcdefghijklmnop1234"\n',
    );
    const { problems } = await home.run(authEndpointCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.apikey_invalid',
      subject: 'model_providers.p.env_key',
    });
    expect(JSON.stringify(problems)).not.toContain('abcdefghijkl');
  });
});

describe('auth.apikey_conflict', () => {
  test('CODEX_API_KEY wins over a stored login for codex exec: a warning that names the line', async () => {
    await chatgpt();
    await writeFile(join(home.userHome, '.zshrc'), '\nexport CODEX_API_KEY=sk-other\n');
    const { problems } = await home.run(authConflictCheck, { env: { CODEX_API_KEY: 'sk-other' } });
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.apikey_conflict',
      subject: 'CODEX_API_KEY',
      severity: 'warn',
    });
    expect(problems[0]?.finding.fix.steps[0]).toContain('.zshrc:2');
  });

  test('the same key in both places is no conflict', async () => {
    await apiKey('sk-same');
    expect(await findings({ CODEX_API_KEY: 'sk-same' })).toEqual([]);
  });

  test('OPENAI_API_KEY and OPENAI_BASE_URL are only worth a word: Codex does not use them', async () => {
    await chatgpt();
    expect(await findings({ OPENAI_API_KEY: 'sk-x', OPENAI_BASE_URL: 'https://x.test' })).toEqual([
      'auth.apikey_conflict info',
      'auth.apikey_conflict info',
    ]);
  });

  test('key and login in one file that does not say which', async () => {
    await chatgpt({ auth_mode: undefined, OPENAI_API_KEY: 'sk-x' });
    expect(await findings()).toEqual(['auth.apikey_conflict warn']);
  });

  test('an account id that is not that of the token is told as a mismatch', async () => {
    await chatgpt({}, { account_id: '11111111-0000-4000-8000-000000000000' });
    expect(await findings()).toEqual(['auth.account_mismatch warn']);
    await chatgpt({}, { account_id: TEST_ACCOUNT.accountId });
    expect(await findings()).toEqual([]);
  });
});

describe('auth.wrong_endpoint_for_token', () => {
  test.each([
    [
      'openai_base_url',
      'model = "x"\nopenai_base_url = "https://api.openai.com/v1"\n',
      'model = "x"\n# codex-steward: taken out by a repair\n# openai_base_url = "https://api.openai.com/v1"\n',
    ],
    [
      'model_providers.o.base_url',
      'model_provider = "o"\n[model_providers.o]\nname = "o"\nbase_url = "https://api.openai.com/v1"\nrequires_openai_auth = true\n',
      '# codex-steward: taken out by a repair\n# model_provider = "o"\n[model_providers.o]\nname = "o"\nbase_url = "https://api.openai.com/v1"\nrequires_openai_auth = true\n',
    ],
  ])('%s', async (subject, before, after) => {
    await chatgpt();
    await home.write('config.toml', before);
    const { problems } = await home.run(authEndpointCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.wrong_endpoint_for_token',
      subject,
      severity: 'fail',
    });
    await carryOut(problems[0]);
    expect(await readFile(join(home.path, 'config.toml'), 'utf8')).toBe(after);
    expect((await home.run(authEndpointCheck)).problems).toEqual([]);
  });

  test('a key at that endpoint is right', async () => {
    await apiKey();
    await home.write('config.toml', 'openai_base_url = "https://api.openai.com/v1"\n');
    expect(await findings()).toEqual([]);
  });
});

describe('auth.credential_store', () => {
  test('a keyring that cannot be reached is found, and the file store restored', async () => {
    await home.write('config.toml', 'cli_auth_credentials_store = "keyring" # safe\n');
    const { problems } = await home.run(authStoreCheck);
    expect(problems[0]?.finding).toMatchObject({
      id: 'auth.credential_store',
      subject: 'cli_auth_credentials_store',
    });
    await carryOut(problems[0]);
    expect(await readFile(join(home.path, 'config.toml'), 'utf8')).toBe(
      'cli_auth_credentials_store = "file" # safe\n',
    );
    expect((await home.run(authStoreCheck)).problems).toEqual([]);
  });

  test('a login that others can read is closed; behind a closed folder it is fine', async () => {
    await chatgpt();
    await chmod(join(home.path, 'auth.json'), 0o644);
    const { problems } = await home.run(authStoreCheck);
    expect(problems[0]?.finding).toMatchObject({ id: 'auth.credential_store', severity: 'warn' });
    await chmod(home.path, 0o700);
    expect((await home.run(authStoreCheck)).problems).toEqual([]);
    await chmod(home.path, 0o755);
    await carryOut((await home.run(authStoreCheck)).problems[0]);
    expect((await stat(join(home.path, 'auth.json'))).mode & 0o777).toBe(0o600);
  });
});

describe('auth.callback_port_in_use', () => {
  let server: Server | undefined;
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())));

  test('whoever holds the port is named, and it is a failure only when nobody is logged in', async (context) => {
    server = createServer();
    const held = await new Promise<boolean>((resolve) => {
      server?.once('error', () => resolve(false)).listen(1455, '127.0.0.1', () => resolve(true));
    });
    if (!held) context.skip('port 1455 of this machine is in use by something else');
    const { problems } = await home.run(authCallbackPortCheck, { root: '' });
    expect(problems[0]?.finding).toMatchObject({ id: 'auth.callback_port_in_use', severity: 'warn' });
    expect(problems[0]?.finding.evidence[0]?.where).toContain(`pid ${process.pid}`);
    await chatgpt();
    const loggedIn = await home.run(authCallbackPortCheck, { root: '' });
    expect(loggedIn.problems[0]?.finding.severity).toBe('info');
  });
});
