import { expect, test } from 'vitest';
import { unsignedJwt } from '../../../../test/support/codex-home.ts';
import { inventedAccount, inventedKey, inventedPool } from '../../../../test/support/invented-accounts.ts';
import { fixPool } from './pool-fixes.ts';

const DEAD = { invalidated: { at: 1, code: 'refresh_token_reused' } } as const;

function keysOf(actions: readonly { readonly key: string }[]): readonly string[] {
  return actions.map(({ key }) => key);
}

test('a sound pool is left alone, the same object', async () => {
  const pool = inventedPool([inventedAccount(1), inventedAccount(2, { isEnabled: false }), inventedKey(3)]);
  expect(await fixPool(pool, null)).toEqual({ pool, actions: [] });
  expect((await fixPool(pool, null)).pool).toBe(pool);
});

test('address and id are taken from the tokens where they are missing, the id from the access token first', async () => {
  const claims = (id: string) => ({
    email: 'Ada@Mail.Test',
    'https://api.openai.com/auth': { chatgpt_account_id: id },
  });
  const account = inventedAccount(1, {
    email: null,
    accountId: null,
    accountIdSource: null,
    idToken: unsignedJwt(claims('from-id')),
    accessToken: unsignedJwt(claims('from-access')),
  });
  const { pool, actions } = await fixPool(inventedPool([account]), null);
  expect(keysOf(actions)).toEqual(['email-from-token', 'account-id-from-token']);
  expect(pool.accounts[0]).toMatchObject({
    email: 'ada@mail.test',
    accountId: 'from-access',
    accountIdSource: 'token',
  });
});

test('what the user set by hand is never replaced by a claim', async () => {
  const token = unsignedJwt({
    email: 'other@mail.test',
    'https://api.openai.com/auth': { chatgpt_account_id: 'x' },
  });
  const account = inventedAccount(1, { accountIdSource: 'manual', idToken: token, accessToken: token });
  expect((await fixPool(inventedPool([account]), null)).actions).toEqual([]);
});

test('of two rows with one token the active one stays enabled, else the one used last', async () => {
  const twin = (n: number, lastUsed: number) =>
    inventedAccount(n, { refreshToken: 'rt_one-token-for-two-rows', lastUsed });
  const enabledOf = async (activeIndex: number) => {
    const { pool, actions } = await fixPool(
      inventedPool([twin(1, 10), twin(2, 20), inventedAccount(3)], { activeIndex }),
      null,
    );
    expect(keysOf(actions)).toEqual(['duplicate-refresh-token']);
    return pool.accounts.map(({ isEnabled }) => isEnabled);
  };
  expect(await enabledOf(0)).toEqual([true, false, true]);
  expect(await enabledOf(2)).toEqual([false, true, true]);
});

test('when all are disabled the one used last comes back, but never a dead login', async () => {
  const off = { isEnabled: false };
  const accounts = [
    inventedAccount(1, { ...off, lastUsed: 5 }),
    inventedAccount(2, { ...off, lastUsed: 9, ...DEAD }),
    inventedAccount(3, { ...off, lastUsed: 7 }),
  ];
  const { pool, actions } = await fixPool(inventedPool(accounts, { activeIndex: 1 }), null);
  expect(keysOf(actions)).toEqual(['enabled-accounts']);
  expect(pool.accounts.map(({ isEnabled }) => isEnabled)).toEqual([false, false, true]);
  const dead = inventedPool([inventedAccount(1, { ...off, ...DEAD })]);
  expect((await fixPool(dead, null)).actions).toEqual([]);
});

test('positions that do not exist are written anew', async () => {
  const raw = {
    version: 3,
    rowCount: 1,
    rows: [],
    positions: new Map<string, unknown>([['activeIndex', 9]]),
  };
  const { actions, pool } = await fixPool(inventedPool([inventedAccount(1)]), raw);
  expect(actions).toEqual([{ key: 'active-index', message: 'set activeIndex to an account that exists' }]);
  expect(pool.activeIndexByFamily).toMatchObject({ codex: 0, 'gpt-5.1': 0 });
});
