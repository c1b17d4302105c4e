import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { withAuthLock } from '../../codex/auth-lock.ts';
import { createHost } from '../../host.ts';
import type { ApiKeyAccount, ChatgptAccount } from '../account.ts';
import { accountKey, addAccount } from '../store/identity.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { adoptCodexLogin } from './adopt.ts';
import { readCodexLogin } from './codex-login.ts';
import { writeCodexLogin } from './write-codex-login.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const authPath = () => join(world.home, 'auth.json');
const config = (line: string) =>
  writeFile(join(world.home, 'config.toml'), `${line}\n${world.lab.codexConfig().join('\n')}\n`);

async function poolAccount(index: number): Promise<ChatgptAccount> {
  const account = (await requirePool(world.scope())).accounts[index];
  if (account?.kind !== 'chatgpt') throw new Error('no such account');
  return account;
}

async function addKey(): Promise<ApiKeyAccount> {
  const bare: ApiKeyAccount = {
    kind: 'api-key',
    key: '',
    label: null,
    email: null,
    isEnabled: true,
    addedAt: Date.now(),
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    apiKey: world.lab.world.account('plus').apiKey,
  };
  const account = { ...bare, key: accountKey(bare) };
  await updatePool(world.scope(), (pool) => ({ pool: addAccount(pool, account).pool, result: null }));
  return account;
}

describe('writing', () => {
  test('a Codex that is logged out gets the whole login, for its owner alone, with a past last_refresh', async () => {
    const account = await world.addAccount('plus');
    const outcome = await writeCodexLogin(world.scope(), account);
    expect(outcome).toMatchObject({ kind: 'written', restart: [] });
    const auth = await world.readAuth();
    expect(auth).toEqual({
      auth_mode: 'chatgpt',
      OPENAI_API_KEY: null,
      tokens: {
        id_token: account.idToken,
        access_token: account.accessToken,
        refresh_token: account.refreshToken,
        account_id: account.accountId,
      },
      last_refresh: expect.any(String),
    });
    expect(Date.parse(String(auth.last_refresh))).toBeLessThanOrEqual(Date.now());
    expect((await stat(authPath())).mode & 0o777).toBe(0o600);
    expect(world.lab.requests()).toHaveLength(0);
  });

  test('another account replaces the tokens and what Codex kept beside them; other members stay', async () => {
    const first = await world.addAccount('plus');
    const second = await world.addAccount('second');
    await world.writeAuthOf(first, { future_member: { a: 1 } });
    expect(await writeCodexLogin(world.scope(), second)).toMatchObject({ kind: 'written' });
    const auth = await world.readAuth();
    expect(auth).toMatchObject({ future_member: { a: 1 }, tokens: { refresh_token: second.refreshToken } });
    expect(auth.tokens).not.toHaveProperty('login_owner_id');
    // Neither before-images nor records of the change keep a token.
    const kept = await readdir(join(world.home, 'steward'), { recursive: true, withFileTypes: true });
    for (const file of kept.filter((entry) => entry.isFile())) {
      const text = await readFile(join(file.parentPath, file.name), 'latin1');
      for (const { refreshToken } of [first, second])
        expect(text.includes(refreshToken), file.name).toBe(false);
    }
  });

  test('the same login is not written again', async () => {
    const account = await world.addAccount('plus');
    await writeCodexLogin(world.scope(), account);
    const before = await stat(authPath());
    expect(await writeCodexLogin(world.scope(), account)).toMatchObject({ kind: 'unchanged' });
    const after = await stat(authPath());
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  test('an account without a true id token is refreshed first', async () => {
    const account = await world.addAccount('plus');
    const without = { ...account, idToken: account.accessToken };
    await updatePool(world.scope(), (pool) => ({ pool: { ...pool, accounts: [without] }, result: null }));
    expect(await writeCodexLogin(world.scope(), without)).toMatchObject({ kind: 'written' });
    const stored = await poolAccount(0);
    expect((await world.readAuth()).tokens).toMatchObject({
      refresh_token: stored.refreshToken,
      id_token: stored.idToken,
    });
    expect(stored.idToken).not.toBe(stored.accessToken);
    expect(world.tokenCalls()).toBe(1);
  });

  test('an API key is written as one', async () => {
    const login = await world.addAccount('plus');
    await world.writeAuthOf(login, { future_member: 1 });
    const key = await addKey();
    expect(await writeCodexLogin(world.scope(), key)).toMatchObject({ kind: 'written' });
    expect(await world.readAuth()).toEqual({
      auth_mode: 'apikey',
      OPENAI_API_KEY: key.apiKey,
      future_member: 1,
    });
    const pool = await requirePool(world.scope());
    expect(await readCodexLogin(world.scope(), pool)).toMatchObject({
      kind: 'pool',
      account: { kind: 'api-key' },
    });
  });

  test('tokens that Codex refreshed meanwhile go into the pool before its login is replaced', async () => {
    const first = await world.addAccount('plus');
    const second = await world.addAccount('second');
    const renewed = await world.redeem(first.refreshToken);
    const later = { ...renewed, access_token: (await world.login('plus', 999_999)).access_token };
    await world.writeAuth(later);
    expect(await writeCodexLogin(world.scope(), second)).toMatchObject({ kind: 'written' });
    expect((await poolAccount(0)).refreshToken).toBe(renewed.refresh_token);
  });

  test('it waits for whoever holds the lock under which Codex writes', async () => {
    const account = await world.addAccount('plus');
    const order: string[] = [];
    let written: Promise<unknown> | undefined;
    await withAuthLock(world.scope(), async () => {
      written = writeCodexLogin(world.scope(), account).then(({ kind }) => order.push(kind));
      await new Promise((resolve) => setTimeout(resolve, 500));
      order.push('let go');
    });
    await written;
    expect(order).toEqual(['let go', 'written']);
  });
});

describe('refusing', () => {
  test('a login that is not in the pool is not overwritten, and is handed to the caller', async () => {
    const account = await world.addAccount('plus');
    const stranger = await world.login('second');
    await world.writeAuth(stranger, 'second');
    const before = await readFile(authPath(), 'utf8');
    const outcome = await writeCodexLogin(world.scope(), account);
    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: 'stranger',
      stranger: { refreshToken: stranger.refresh_token, email: 'second@example.com' },
    });
    expect(await readFile(authPath(), 'utf8')).toBe(before);
    expect(await writeCodexLogin(world.scope(), account, { replaceStranger: true })).toMatchObject({
      kind: 'written',
    });
  });

  test('a dead login never replaces one that works', async () => {
    const good = await world.addAccount('plus');
    const dead = await world.addAccount('second', { expired: true });
    await world.redeem(dead.refreshToken);
    await world.writeAuthOf(good);
    expect(await writeCodexLogin(world.scope(), dead)).toMatchObject({
      kind: 'refused',
      reason: 'refresh',
      refresh: { kind: 'refused', code: 'refresh_token_reused' },
    });
    expect((await world.readAuth()).tokens.refresh_token).toBe(good.refreshToken);
  });

  const rules = [
    ['cli_auth_credentials_store = "keyring"', 'credential-store', 'keyring'],
    ['cli_auth_credentials_store = "auto"', 'credential-store', 'auto'],
    ['forced_login_method = "api"', 'forced-login-method', 'at its next start'],
    ['forced_chatgpt_workspace_id = "other"', 'forced-workspace', 'another workspace'],
    ['this is not toml', 'config-unreadable', 'config.toml'],
  ] as const;
  test.each(rules)('%s', async (line, reason, said) => {
    const account = await world.addAccount('plus');
    await config(line);
    expect(await writeCodexLogin(world.scope(), account)).toMatchObject({
      kind: 'refused',
      reason,
      message: expect.stringContaining(said),
    });
    await expect(stat(authPath())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a broken auth.json is left as it is, and named', async () => {
    const account = await world.addAccount('plus');
    await writeFile(authPath(), '{"tokens": {');
    const outcome = await writeCodexLogin(world.scope(), account);
    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: 'auth-unreadable',
      hint: 'Run: steward doctor',
    });
    expect(outcome.kind === 'refused' && outcome.message).toContain(`${authPath()}:1`);
    expect(await readFile(authPath(), 'utf8')).toBe('{"tokens": {');
  });

  test('the documented variable keeps auth.json as it is', async () => {
    const account = await world.addAccount('plus');
    const scope = world.scope();
    const host = createHost({
      ...scope.host,
      env: { ...scope.host.env, CODEX_MULTI_AUTH_SYNC_CODEX_CLI: '0' },
    });
    expect(await writeCodexLogin({ ...scope, host }, account)).toMatchObject({
      kind: 'refused',
      reason: 'sync-disabled',
    });
  });

  test('there is no home to write into', async () => {
    const account = await world.addAccount('plus');
    const scope = { ...world.scope(), home: { path: join(world.home, 'gone'), source: 'env' as const } };
    expect(await writeCodexLogin(scope, account)).toMatchObject({ kind: 'refused', reason: 'no-home' });
  });
});

describe('reading', () => {
  test('none, other, stranger and unreadable are told apart', async () => {
    const scope = world.scope();
    const pool = await requirePool(scope);
    const readAs = async (text: string) => {
      await writeFile(authPath(), text);
      return await readCodexLogin(scope, pool);
    };
    expect(await readCodexLogin(scope, pool)).toEqual({ kind: 'none' });
    expect(await readAs('{"auth_mode":"chatgpt"}')).toEqual({ kind: 'none' });
    expect(await readAs('{"auth_mode":"agentIdentity","agent_identity":"a.b.c"}')).toEqual({
      kind: 'other',
      mode: 'agentIdentity',
    });
    expect(await readAs('{"OPENAI_API_KEY":"sk-x"}')).toMatchObject({
      kind: 'stranger',
      account: { apiKey: 'sk-x' },
    });
    expect(await readAs('{bad')).toMatchObject({ kind: 'unreadable' });
    await rm(authPath());
  });

  test('an account with the same workspace but another person is a stranger', async () => {
    const team = await world.addAccount('team');
    const other = await world.login('second');
    await world.writeAuth(other, 'team');
    const pool = await requirePool(world.scope());
    expect(pool.accounts[0]).toMatchObject({ accountId: team.accountId });
    expect(await readCodexLogin(world.scope(), pool)).toMatchObject({ kind: 'stranger' });
  });

  test('adopting takes the newer pair once, and an older one never', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const newer = await world.login('plus');
    await world.writeAuth(newer);
    expect(await adoptCodexLogin(world.scope())).toMatchObject({
      kind: 'adopted',
      account: { refreshToken: newer.refresh_token },
    });
    expect(await adoptCodexLogin(world.scope())).toEqual({ kind: 'nothing' });
    await world.writeAuthOf(account);
    expect(await adoptCodexLogin(world.scope())).toEqual({ kind: 'nothing' });
    expect((await poolAccount(0)).refreshToken).toBe(newer.refresh_token);
  });
});
