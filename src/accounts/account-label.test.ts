import { expect, test } from 'vitest';
import { maskAddress } from './account-label.ts';

test.each([
  ['user1@mail.test', 'us***@***.test'],
  ['a@mail.test', 'a***@***.test'],
  ['ab@mail.test', 'a***@***.test'],
  ['first.last@localhost', 'fi***@***'],
  ['no address', '***'],
])('%s is shown as %s', (email, shown) => {
  expect(maskAddress(email)).toBe(shown);
});
