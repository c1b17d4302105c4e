import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inventedAccount, inventedPool } from '../../../../test/support/invented-accounts.ts';
import type { Pool } from '../../account.ts';
import type { PoolCheck } from './pool-check.ts';
import { readRawPool } from './raw-pool.ts';
import { checkRows } from './row-checks.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steward-rows-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

async function rawOf(document: unknown) {
  const path = join(folder, 'pool.json');
  await writeFile(path, JSON.stringify(document));
  return await readRawPool(path);
}

function row(n: number, members: object = {}) {
  return {
    refreshToken: `rt_invented-for-a-test-${n}`,
    email: `user${n}@mail.test`,
    addedAt: 1,
    lastUsed: 1,
    ...members,
  };
}

async function checked(pool: Pool, document: object): Promise<Readonly<Record<string, PoolCheck>>> {
  const checks = checkRows(pool, await rawOf({ version: 3, activeIndex: 0, ...document }));
  return Object.fromEntries(checks.map((check) => [check.key, check]));
}

const two = inventedPool([inventedAccount(1), inventedAccount(2)]);

test('a sound pool is ok in every point', async () => {
  const checks = await checked(two, { accounts: [row(1), row(2)] });
  expect(Object.values(checks).filter(({ severity }) => severity !== 'ok')).toEqual([]);
});

test('a position that does not exist is named, although reading the pool mends it', async () => {
  const checks = await checked(two, {
    accounts: [row(1), row(2)],
    activeIndex: 7,
    activeIndexByFamily: { codex: -1 },
    pinnedAccountIndex: 2,
  });
  expect(checks['active-index']).toMatchObject({
    severity: 'warn',
    details: 'activeIndex is 7; activeIndexByFamily.codex is -1; pinnedAccountIndex is 2 of 2 rows',
  });
});

test('two enabled rows with one refresh token are an error, and the token is not shown', async () => {
  const checks = await checked(two, {
    accounts: [row(1), row(2, { refreshToken: 'rt_invented-for-a-test-1' })],
  });
  expect(checks['duplicate-refresh-token']).toMatchObject({ severity: 'error', details: 'rows 1 and 2' });
  expect(JSON.stringify(checks)).not.toContain('rt_');
});

test('rows without a token are counted', async () => {
  const checks = await checked(two, { accounts: [row(1), row(2), { email: 'c@mail.test' }] });
  expect(checks.accounts).toMatchObject({
    severity: 'warn',
    details: '1 row without a refresh token cannot be used',
  });
});

test('a dead login is never ready: a warning, and an error when no other is left', async () => {
  const dead = inventedAccount(1, { invalidated: { at: 5, code: 'refresh_token_reused' } });
  const one = await checked(inventedPool([dead, inventedAccount(2)]), { accounts: [row(1), row(2)] });
  expect(one['invalidated-accounts']).toMatchObject({
    severity: 'warn',
    details: 'Account 1 (us***@***.test, id:000001): refresh_token_reused; log that account in again',
  });
  const all = await checked(inventedPool([dead]), { accounts: [row(1)] });
  expect(all['invalidated-accounts']).toMatchObject({ severity: 'error' });
});

test('all disabled, placeholder addresses, impossible tokens and twins are told', async () => {
  const accounts = [
    inventedAccount(1, { isEnabled: false, email: 'account1@example.com' }),
    inventedAccount(2, { isEnabled: false, refreshToken: 'token-2' }),
  ];
  const checks = await checked(inventedPool(accounts), { accounts: [row(1), row(2)] });
  expect(checks['enabled-accounts']?.severity).toBe('error');
  expect(checks['placeholder-email']).toMatchObject({
    severity: 'warn',
    details: expect.stringContaining('accounts 1:'),
  });
  expect(checks['refresh-token-shape']).toMatchObject({
    severity: 'warn',
    details: 'account 2: log in again',
  });
  const twins = await checked(inventedPool([inventedAccount(1), inventedAccount(1)]), {
    accounts: [row(1), row(2)],
  });
  expect(twins['duplicate-email']).toMatchObject({ severity: 'warn', details: 'accounts 1 and 2' });
});

test('what was read from a copy is unknown, not ok', () => {
  const checks = checkRows(two, null);
  for (const key of ['active-index', 'duplicate-refresh-token']) {
    expect(checks.find((check) => check.key === key)).toMatchObject({
      severity: 'warn',
      message: expect.stringMatching(/^unknown/),
    });
  }
});
