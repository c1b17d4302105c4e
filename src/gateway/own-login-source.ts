/** A pool without accounts: whatever comes goes upstream with the login that it brought. */
import type { AccountSource } from './account-source.ts';

export const OWN_LOGIN_ONLY: AccountSource = {
  prepare: () => null,
  choose: () => ({ kind: 'own' }),
  credential: async () => ({ kind: 'unavailable', why: 'refused', message: 'there is no pool' }),
  refresh: async () => ({ kind: 'unavailable', why: 'refused', message: 'there is no pool' }),
  report: () => {},
  usableKeys: () => [],
  limits: () => null,
};
