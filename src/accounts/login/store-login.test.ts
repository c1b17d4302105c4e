import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { createHttp } from '../../codex/http.ts';
import type { LabAccountName } from '../../lab/accounts.ts';
import { switchAccount } from '../actions/switch-account.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { checkApiKey, shapeFault } from './api-key.ts';
import { readLoginIdentity } from './login-identity.ts';
import { apiKeyAccount, chatgptAccount, storeLogin } from './store-login.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const pool = () => requirePool(world.scope());

/** The account that a login now would give. */
async function freshLogin(name: LabAccountName) {
  const set = await world.login(name);
  const tokens = {
    kind: 'tokens',
    idToken: set.id_token,
    accessToken: set.access_token,
    refreshToken: set.refresh_token,
    expiresAt: Date.now() + set.expires_in * 1000,
  } as const;
  return chatgptAccount(tokens, await readLoginIdentity(tokens, null), Date.now());
}

describe('a login', () => {
  test('is added, made active for every family, and given to Codex with its true id token', async () => {
    const fresh = await freshLogin('plus');
    const stored = await storeLogin(world.scope(), fresh);
    expect(stored).toMatchObject({ index: 0, isNew: true, imported: null, codexLogin: { kind: 'written' } });
    expect((await pool()).accounts[0]).toMatchObject({
      email: 'plus@example.com',
      accountId: world.lab.world.account('plus').accountId,
      idToken: fresh.idToken,
      lastSwitchReason: 'initial',
    });
    expect((await world.readAuth()).tokens).toMatchObject({
      id_token: fresh.idToken,
      refresh_token: fresh.refreshToken,
    });
  });

  test('keeps the pin of another account and the affinity generation', async () => {
    const first = await world.addAccount('plus');
    await switchAccount(world.scope(), first.key, { reason: 'manual', pin: true });
    const stored = await storeLogin(world.scope(), await freshLogin('second'));
    expect(stored).toMatchObject({ index: 1, pinnedIndex: 0 });
    expect(await pool()).toMatchObject({
      activeIndex: 1,
      activeIndexByFamily: { codex: 1, 'gpt-5.2': 1 },
      pinnedIndex: 0,
      affinityGeneration: 1,
    });
  });

  test('of an account that is there renews it in its place, and lifts what its dead login brought upon it', async () => {
    const first = await world.addAccount('plus');
    await world.addAccount('second');
    await updatePool(world.scope(), (before) => ({
      pool: {
        ...before,
        accounts: before.accounts.map((each) =>
          each.kind === 'chatgpt' && each.key === first.key
            ? { ...each, label: 'Mine', isEnabled: false, invalidated: { at: 1, code: 'token_expired' } }
            : each,
        ),
      },
      result: null,
    }));
    const fresh = await freshLogin('plus');
    expect(await storeLogin(world.scope(), fresh)).toMatchObject({ index: 0, isNew: false });
    const { accounts } = await pool();
    expect(accounts).toHaveLength(2);
    expect(accounts[0]).toMatchObject({
      key: first.key,
      label: 'Mine',
      isEnabled: true,
      invalidated: null,
      refreshToken: fresh.refreshToken,
      addedAt: first.addedAt,
    });
  });

  test('does not lose the login that Codex had', async () => {
    await world.writeAuth(await world.login('second'), 'second');
    const stored = await storeLogin(world.scope(), await freshLogin('plus'));
    expect(stored.imported).toMatchObject({ index: 0, account: { email: 'second@example.com' } });
    expect((await pool()).accounts.map(({ email }) => email)).toEqual([
      'second@example.com',
      'plus@example.com',
    ]);
  });

  test('of the very account Codex had is simply added', async () => {
    await world.writeAuth(await world.login('plus'));
    const stored = await storeLogin(world.scope(), await freshLogin('plus'));
    expect(stored).toMatchObject({ imported: null, isNew: true, index: 0 });
  });

  test('is stored to its end although Ctrl-C was pressed', async () => {
    const stop = new AbortController();
    const fresh = await freshLogin('plus');
    stop.abort();
    expect(await storeLogin(world.scope(stop.signal), fresh)).toMatchObject({
      codexLogin: { kind: 'written' },
    });
  });
});

describe('an API key', () => {
  test('is an account, and Codex is logged in with it', async () => {
    const { apiKey } = world.lab.world.account('plus');
    const stored = await storeLogin(world.scope(), apiKeyAccount(apiKey, Date.now()));
    expect(stored).toMatchObject({
      isNew: true,
      account: { kind: 'api-key' },
      codexLogin: { kind: 'written' },
    });
    expect(await world.readAuth()).toMatchObject({ auth_mode: 'apikey', OPENAI_API_KEY: apiKey });
    expect(await storeLogin(world.scope(), apiKeyAccount(apiKey, Date.now()))).toMatchObject({
      isNew: false,
      codexLogin: { kind: 'unchanged' },
    });
  });

  test.each([
    ['', 'empty'],
    ['sk-short', 'too short to be a key'],
    ['$OPENAI_API_KEY', 'a placeholder'],
    ['sk-ant-api03-aaaaaaaaaaaaaaaaaaaa', 'a key of Anthropic'],
    ['eyJhbGciOiJub25lIn0.e30.', 'a login token (JWT), not an API key'],
    ['sk-proj aaaaaaaaaaaaaaaaaaaaaaaaaa', 'with spaces in it'],
    ['sk-proj-aaaaaaaaaaaaaaaaaaaaaaaaaa', null],
  ])('of the form %j: %s', (key, fault) => {
    expect(shapeFault(key, { isOfficial: true })).toBe(fault);
  });

  test('is asked at the model list: accepted, refused, or nobody can tell', async () => {
    const http = createHttp(world.scope());
    const base = `${world.lab.url}/v1/`;
    const check = (key: string) => checkApiKey(http, base, key);
    expect(await check(world.lab.world.account('plus').apiKey)).toEqual({ kind: 'accepted' });
    expect(await check('sk-proj-unknown')).toMatchObject({ kind: 'refused', code: expect.any(String) });
    await world.fault('/v1/models', { kind: 'answer', status: 403, json: {} }, 1);
    expect(await check('sk-proj-unknown')).toEqual({ kind: 'accepted' });
    await world.fault('/v1/models', { kind: 'answer', status: 500, json: {} }, 1);
    expect(await check('sk-proj-unknown')).toEqual({
      kind: 'unknown',
      reason: 'the server answered 500',
      isNetwork: false,
    });
    await world.lab.stop();
    expect(await check('sk-proj-unknown')).toMatchObject({ kind: 'unknown', isNetwork: true });
    await http.close();
  });
});
