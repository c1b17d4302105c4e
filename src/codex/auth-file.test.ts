import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chatgptAuthJson, TEST_ACCOUNT, unsignedJwt } from '../../test/support/codex-home.ts';
import { makePlainHome, type PlainHome } from '../../test/support/plain-home.ts';
import { readAuth } from './auth-file.ts';
import { maskEmail } from './jwt-claims.ts';

let home: PlainHome;
beforeEach(async () => {
  home = await makePlainHome();
});
afterEach(() => home.remove());

const read = () => readAuth(home.context());
const TOKENS = JSON.parse(chatgptAuthJson()).tokens;
const LAST = '2026-11-01T00:00:00.123456Z';

async function readDocument(document: unknown) {
  await home.write('auth.json', typeof document === 'string' ? document : JSON.stringify(document));
  return read();
}

describe('a ChatGPT login', () => {
  test('is read with the claims of its tokens', async () => {
    const auth = await readDocument(chatgptAuthJson());
    if (auth.kind !== 'ok') throw new Error(auth.kind);
    expect(auth.value.mode).toBe('chatgpt');
    expect(auth.value.identity?.email).toBe(TEST_ACCOUNT.email);
    expect(auth.value.identity?.planType).toBe('plus');
    expect(auth.value.access?.accountId).toBe(TEST_ACCOUNT.accountId);
    expect(auth.value.access?.expiresAt).toBeGreaterThan(Date.now());
    expect(auth.value.defects).toEqual([]);
    expect(auth.value.permissions).toBe(0o600);
  });

  test('of 0.169 keeps members that nobody knows yet', async () => {
    const tokens = { ...TOKENS, oauth_provenance: { issuer: 'x' }, login_owner_id: 'y' };
    const auth = await readDocument({ auth_mode: 'chatgpt', tokens, last_refresh: LAST, hint: 1 });
    expect(auth).toMatchObject({ kind: 'ok', value: { extraMembers: ['hint'], defects: [] } });
  });

  test('tells second factor and time of the password from the token', async () => {
    const token = unsignedJwt({ amr: ['pwd', 'mfa'], pwd_auth_time: 1_700_000_000 });
    const auth = await readDocument({ tokens: { ...TOKENS, id_token: token }, last_refresh: LAST });
    expect(auth).toMatchObject({
      value: { identity: { authMethods: ['pwd', 'mfa'], passwordAuthAt: 1_700_000_000_000, email: null } },
    });
  });
});

test.each([
  ['a stated key', { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-x' }, 'apikey', []],
  ['a key without mode', { OPENAI_API_KEY: 'sk-x' }, 'apikey', []],
  ['tokens without mode', { tokens: TOKENS, last_refresh: LAST }, 'chatgpt', []],
  ['key and tokens without mode', { OPENAI_API_KEY: 'sk-x', tokens: TOKENS }, 'apikey', []],
  ['an agent identity', { auth_mode: 'agentIdentity', agent_identity: 'a.b.c' }, 'agentIdentity', []],
  ['a personal access token', { personal_access_token: 'at-x' }, 'personalAccessToken', []],
  ['nothing at all', {}, 'chatgpt', ['tokens-missing']],
  ['no last_refresh', { auth_mode: 'chatgpt', tokens: TOKENS }, 'chatgpt', ['last-refresh-missing']],
  [
    'an empty refresh token',
    { tokens: { ...TOKENS, refresh_token: '' }, last_refresh: LAST },
    'chatgpt',
    ['refresh-token-empty'],
  ],
  [
    'an access token that is none',
    { tokens: { ...TOKENS, access_token: 'x' }, last_refresh: LAST },
    'chatgpt',
    ['access-token-unreadable'],
  ],
  ['key mode without key', { auth_mode: 'apikey', OPENAI_API_KEY: null }, 'apikey', ['api-key-missing']],
  ['key mode with an empty key', { auth_mode: 'apikey', OPENAI_API_KEY: '' }, 'apikey', ['api-key-missing']],
  ['agent mode without token', { auth_mode: 'agentIdentity' }, 'agentIdentity', ['agent-identity-missing']],
])('%s is read as Codex takes it', async (_title, document, mode, defects) => {
  expect(await readDocument(document)).toMatchObject({ kind: 'ok', value: { mode, defects } });
});

test.each([
  ['an empty file', '', 'the file is empty'],
  ['a truncated file', '{"auth_mode":"chatgpt","tok', 'the JSON breaks off before its end (truncated)'],
  ['trailing text', '{"auth_mode":"apikey"}}', 'not valid JSON'],
  ['comments', '{"auth_mode":"apikey", // x\n"OPENAI_API_KEY":"sk-x"}', 'not valid JSON'],
  [
    'a byte order mark',
    '\ufeff{"OPENAI_API_KEY":"sk-x"}',
    'it starts with a byte order mark, which Codex does not accept here',
  ],
  ['a member twice', '{"OPENAI_API_KEY":"a","OPENAI_API_KEY":"b"}', '"OPENAI_API_KEY" stands in it twice'],
  ['a list', [], 'the top level is a list, not an object'],
  ['null', 'null', 'the top level is null, not an object'],
  [
    'an unknown mode',
    { auth_mode: 'ChatGPT' },
    'auth_mode is none of apikey, chatgpt, chatgptAuthTokens, agentIdentity, personalAccessToken, bedrockApiKey',
  ],
  ['a key that is a number', { OPENAI_API_KEY: 5 }, 'OPENAI_API_KEY is a number, not text'],
  ['tokens that are text', { tokens: 'x' }, 'tokens is a string, not an object'],
  ['no id token', { tokens: { ...TOKENS, id_token: undefined } }, 'tokens.id_token is missing'],
  ['an id token that is none', { tokens: { ...TOKENS, id_token: 'x' } }, 'tokens.id_token is not a JWT'],
  [
    'no refresh token',
    { tokens: { ...TOKENS, refresh_token: undefined } },
    'tokens.refresh_token is missing',
  ],
  ['a last_refresh that is no time', { last_refresh: 'yesterday' }, 'last_refresh is not an RFC 3339 time'],
])('%s is malformed, and the message says how', async (_title, document, message) => {
  expect(await readDocument(document)).toMatchObject({ kind: 'malformed', message });
});

test('a message about broken JSON names line and column and quotes nothing of the file', async () => {
  const auth = await readDocument('{\n  "OPENAI_API_KEY": "sk-secret-abcdef" x\n}');
  expect(auth).toMatchObject({ kind: 'malformed', line: 2 });
  expect(JSON.stringify(auth)).not.toContain('sk-secret');
});

describe('what is not a readable file', () => {
  test('a missing one', async () => expect((await read()).kind).toBe('missing'));

  test('a folder', async () => {
    await mkdir(join(home.path, 'auth.json'));
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'EISDIR' });
  });

  test('a symbolic link to itself', async () => {
    await symlink('auth.json', join(home.path, 'auth.json'));
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'ELOOP' });
  });

  test('200 MB', async () => {
    const path = join(home.path, 'auth.json');
    await writeFile(path, '');
    await truncate(path, 200 * 1024 * 1024);
    expect(await read()).toMatchObject({ kind: 'unreadable', code: 'TOO_LARGE' });
  });

  test('binary garbage and zero bytes', async () => {
    await home.write('auth.json', Buffer.from([0xff, 0x00, 0x9d, 0x80]));
    expect(await read()).toMatchObject({ kind: 'malformed', message: 'not UTF-8 text' });
    await home.write('auth.json', Buffer.alloc(4096));
    expect(await read()).toMatchObject({ kind: 'malformed', message: expect.stringContaining('zero bytes') });
  });
});

test('an e-mail is shown so that only its owner recognises it', () => {
  expect(maskEmail('ada.lovelace@example.test')).toBe('a…@e….test');
  expect(maskEmail('nonsense')).toBe('…');
});
