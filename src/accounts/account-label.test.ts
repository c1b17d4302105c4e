import { expect, test } from 'vitest';
import { inventedAccount } from '../../test/support/invented-accounts.ts';
import { accountLabel, maskAddress } from './account-label.ts';

test.each([
  ['user1@mail.test', 'us***@***.test'],
  ['a@mail.test', 'a***@***.test'],
  ['ab@mail.test', 'a***@***.test'],
  ['first.last@localhost', 'fi***@***'],
  ['no address', '***'],
])('%s is shown as %s', (email, shown) => {
  expect(maskAddress(email)).toBe(shown);
});

test('names in the pool file cannot steer the terminal they are shown on', () => {
  const account = inventedAccount(1, {
    label: '\u001b]0;title\u0007Team\u202e\nsecond line',
    email: '\u001b[2Jx@mail.t\u009best',
  });
  expect(accountLabel(account, 0)).toBe('Account 1 (]0;title Team second line, [***@***.t est, id:000001)');
});
