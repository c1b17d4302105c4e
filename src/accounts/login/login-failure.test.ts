import { expect, test } from 'vitest';
import { type LoginFailure, loginError, type Step } from './login-failure.ts';

const CASES: readonly (readonly [LoginFailure, Step, string, 1 | 3, string, RegExp])[] = [
  [
    { kind: 'refused', status: 400, code: 'invalid_grant', message: 'The authorization code has expired.' },
    'token exchange',
    'ERR_LOGIN_REFUSED',
    1,
    'token exchange refused (400 invalid_grant: The authorization code has expired.)',
    /older than ten minutes/,
  ],
  [
    { kind: 'refused', status: 401, code: 'refresh_token_reused', message: '' },
    'token exchange',
    'ERR_LOGIN_REFUSED',
    1,
    'token exchange refused (401 refresh_token_reused)',
    /^Log that account in again: `steward auth login`\.$/,
  ],
  [
    { kind: 'refused', status: 401, code: 'token_expired', message: 'Could not validate your token.' },
    'sign-in',
    'ERR_LOGIN_REFUSED',
    1,
    'sign-in refused (401 token_expired: Could not validate your token.)',
    /^Log that account in again/,
  ],
  [
    { kind: 'refused', status: 403, code: null, message: '' },
    'device code',
    'ERR_LOGIN_REFUSED',
    1,
    'device code refused (403)',
    /steward auth login/,
  ],
  [
    { kind: 'rate-limited', retryAfterSeconds: 30 },
    'device code',
    'ERR_LOGIN_RATE_LIMITED',
    1,
    'the sign-in server is asked too often (429): it gives no device code for 30 s',
    /log in once/,
  ],
  [
    { kind: 'denied', code: 'access_denied', message: 'The person cancelled the sign-in.' },
    'sign-in',
    'ERR_LOGIN_DENIED',
    1,
    'the sign-in was refused in the browser (access_denied: The person cancelled the sign-in.)',
    /admin/,
  ],
  [
    { kind: 'nobody', minutes: 15 },
    'sign-in',
    'ERR_LOGIN_TIMEOUT',
    1,
    'nobody signed in within 15 minutes',
    /--device-auth/,
  ],
  [
    { kind: 'state-mismatch' },
    'sign-in',
    'ERR_LOGIN_STATE',
    1,
    'OAuth state mismatch: that answer belongs to another sign-in',
    /address/,
  ],
  [
    { kind: 'state-missing' },
    'sign-in',
    'ERR_LOGIN_STATE_MISSING',
    1,
    'OAuth state missing: the code alone does not tell which sign-in it belongs to',
    /CODE#STATE/,
  ],
  [
    { kind: 'unreachable', reason: 'network', message: 'connect ECONNREFUSED 127.0.0.1:1' },
    'device code',
    'ERR_LOGIN_UNREACHABLE',
    3,
    'device code: the sign-in server cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
    /steward doctor --live/,
  ],
  [
    { kind: 'server', status: 500, message: 'the sign-in server answered 500 (Internal error)' },
    'token exchange',
    'ERR_LOGIN_SERVER',
    3,
    'token exchange failed: the sign-in server answered 500 (Internal error)',
    /Try again/,
  ],
  [
    { kind: 'malformed', message: 'missing field id_token' },
    'token exchange',
    'ERR_LOGIN_ANSWER',
    3,
    'token exchange failed: missing field id_token',
    /log that account in again with `steward auth login`/,
  ],
];

test.each(CASES)('%j in the %s: %s, exit code %i', (failure, step, code, exitCode, message, hint) => {
  const error = loginError(failure, step);
  expect(error).toMatchObject({ code, exitCode, message });
  expect(error.hint).toMatch(hint);
});
