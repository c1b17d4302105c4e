/** Everything about the login: the tokens, where they are kept, the keys, and the sign-in itself. */
import type { FailureEntry } from '../types.ts';
import { AUTH_ACCOUNT } from './auth-account.ts';
import { AUTH_DEVICE } from './auth-device.ts';
import { AUTH_EXCHANGE } from './auth-exchange.ts';
import { AUTH_KEY } from './auth-key.ts';
import { AUTH_LOGIN } from './auth-login.ts';
import { AUTH_PLAN } from './auth-plan.ts';
import { AUTH_STORE } from './auth-store.ts';
import { AUTH_TOKEN } from './auth-token.ts';

export const AUTH: readonly FailureEntry[] = [
  ...AUTH_TOKEN,
  ...AUTH_ACCOUNT,
  ...AUTH_STORE,
  ...AUTH_KEY,
  ...AUTH_PLAN,
  ...AUTH_DEVICE,
  ...AUTH_LOGIN,
  ...AUTH_EXCHANGE,
];
