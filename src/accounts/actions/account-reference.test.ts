import { describe, expect, test } from 'vitest';
import { inventedAccount, inventedKey, inventedPool } from '../../../test/support/invented-accounts.ts';
import { findAccount, requireAccount } from './account-reference.ts';

const pool = inventedPool([
  inventedAccount(1, { label: 'Work' }),
  inventedAccount(2, { label: 'Workshop' }),
  inventedAccount(3, { email: 'user2@other.test', label: null }),
  inventedKey(4, { label: 'CI key' }),
]);

describe('an account is found', () => {
  test.each([
    ['1', 0],
    [' 4 ', 3],
    ['user1@mail.test', 0],
    ['USER1@Mail.Test', 0],
    ['user1', 0],
    ['work', 0], // whole label before the beginning of another
    ['Works', 1],
    ['0b1c5d9e-0000-4000-8000-000000000003', 2],
    ['id:000003', 2],
    ['000003', 2], // no position is written like this
    ['ci key', 3],
  ])('by %s', (reference, index) => {
    expect(findAccount(pool, reference)).toEqual({ kind: 'found', index });
  });

  test('by its key', () => {
    const key = pool.accounts[2]?.key ?? '';
    expect(findAccount(pool, key)).toEqual({ kind: 'found', index: 2 });
  });
});

describe('nothing is guessed', () => {
  test.each(['0', '5', '-1', '1.5', '', 'nobody', 'sk-proj-invented-for-a-test-4'])(
    '%j names nobody',
    (reference) => {
      expect(findAccount(pool, reference)).toEqual({ kind: 'none' });
    },
  );

  test('a name that fits two is asked back with their numbers, as a usage error', () => {
    expect(() => requireAccount(pool, 'user2')).toThrow(
      expect.objectContaining({
        code: 'ERR_ACCOUNTS_REFERENCE',
        exitCode: 2,
        message: expect.stringMatching(/^"user2" fits 2 accounts: Account 2 \(.*\); Account 3 \(/),
      }),
    );
  });

  test('an unknown name is answered with all there are, addresses masked', () => {
    expect(() => requireAccount(pool, 'nobody')).toThrow(
      /^no account is "nobody"; there are: Account 1 \(Work, us\*\*\*@\*\*\*\.test, id:000001\); /,
    );
  });

  test('an empty pool says how to begin', () => {
    expect(() => requireAccount(inventedPool([]), '1')).toThrow(
      expect.objectContaining({ code: 'ERR_ACCOUNTS_NONE', hint: expect.stringContaining('auth login') }),
    );
  });
});
