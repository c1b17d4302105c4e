/** Logins and credentials that the server side refuses. */
import { MODEL, MODEL_LIST, MODEL_SOCKET, TOKEN, USER_CODE } from './matches.ts';
import { LOGIN, type Scenario, scenario } from './scenario.ts';

function apiError(code: string | null, message: string, type = 'invalid_request_error') {
  return { error: { message, type, param: null, code } };
}

/** The session is refused everywhere that takes a bearer, and its refresh is refused too. */
function deadSession(code: string, message: string): Scenario['faults'] {
  return [
    { match: MODEL, effect: { kind: 'answer', status: 401, json: apiError(code, message) } },
    {
      match: { path: '/backend-api/**' },
      effect: { kind: 'answer', status: 401, json: apiError(code, message) },
    },
  ];
}

export const AUTH_SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'token-expired',
    failureId: 'auth.token_expired',
    summary: 'The access token has expired, and the refresh is refused without an exact reason.',
    settings: { refresh: 'invalid' },
    home: { accessToken: 'expired' },
  }),
  scenario({
    name: 'refresh-reused',
    failureId: 'auth.refresh_token_reused',
    summary: 'The access token has expired, and its refresh token was already spent by somebody else.',
    settings: { refresh: 'reused' },
    home: { accessToken: 'expired' },
  }),
  scenario({
    name: 'refresh-revoked',
    failureId: 'auth.refresh_token_revoked',
    summary: 'The session was signed out elsewhere: access token expired, refresh token revoked.',
    settings: { refresh: 'revoked' },
    home: { accessToken: 'expired' },
  }),
  scenario({
    name: 'refresh-expired',
    failureId: 'auth.token_expired',
    summary: 'Both the access token and the refresh token have expired.',
    settings: { refresh: 'expired' },
    home: { accessToken: 'expired' },
  }),
  scenario({
    name: 'refresh-unavailable',
    failureId: 'server.error',
    summary: 'The access token has expired, and the token endpoint answers 500.',
    faults: [
      { match: TOKEN, effect: { kind: 'answer', status: 500, json: apiError(null, 'Internal error') } },
    ],
    home: { accessToken: 'expired' },
  }),
  scenario({
    name: 'token-invalidated',
    failureId: 'auth.refresh_token_revoked',
    summary: 'The server has invalidated the session before its time: 401 token_revoked, refresh revoked.',
    settings: { refresh: 'revoked' },
    faults: deadSession(
      'token_revoked',
      'Your authentication token has been invalidated. Please try signing in again.',
    ),
  }),
  scenario({
    name: 'not-logged-in',
    failureId: 'auth.not_logged_in',
    summary: 'The home holds no credential, so that requests go out without one.',
    home: { login: 'none' },
  }),
  scenario({
    name: 'api-key-invalid',
    failureId: 'auth.apikey_invalid',
    summary: 'Logged in with an API key that the server does not accept.',
    // The server knows the key for nothing at all, and the model list is where a key is tried.
    faults: [MODEL, MODEL_LIST].map((match) => ({
      match,
      effect: {
        kind: 'answer',
        status: 401,
        json: apiError(
          'invalid_api_key',
          'Incorrect API key provided: sk-lab-***. You can find your API key at https://platform.openai.com/account/api-keys.',
        ),
      },
    })),
    home: { login: 'api-key' },
  }),
  scenario({
    name: 'missing-scopes',
    failureId: 'auth.wrong_endpoint_for_token',
    summary: 'A ChatGPT token is sent to the API: "Missing scopes: api.responses.write".',
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'answer',
          status: 401,
          json: apiError(
            null,
            'You have insufficient permissions for this operation. Missing scopes: api.responses.write. Check that you have the correct role in your organization.',
          ),
        },
      },
    ],
  }),
  scenario({
    name: 'device-code-off',
    failureId: 'auth.device_code_disabled',
    summary: 'An admin switched device-code logins off.',
    shows: LOGIN,
    settings: { deviceCode: 'off' },
    home: { login: 'none' },
  }),
  scenario({
    name: 'device-denied',
    failureId: 'auth.token_exchange_failed',
    summary: 'The person refuses the device code.',
    shows: LOGIN,
    settings: { deviceCode: 'deny', devicePolls: 1 },
    home: { login: 'none' },
  }),
  scenario({
    name: 'device-expired',
    failureId: 'auth.token_exchange_failed',
    summary: 'The device code expires before anybody typed it.',
    shows: LOGIN,
    settings: { deviceCode: 'expire', devicePolls: 1 },
    home: { login: 'none' },
  }),
  scenario({
    name: 'login-rate-limited',
    failureId: 'auth.login_rate_limited',
    summary: 'The issuer answers 429 to the request for a device code.',
    shows: LOGIN,
    faults: [
      {
        match: USER_CODE,
        effect: {
          kind: 'answer',
          status: 429,
          headers: { 'retry-after': '30' },
          json: apiError('rate_limit_exceeded', 'Too many requests. Please try again later.'),
        },
      },
    ],
    home: { login: 'none' },
  }),
  scenario({
    name: 'token-exchange-failed',
    failureId: 'auth.token_exchange_failed',
    summary: 'The login is approved, and the exchange of the code for tokens answers 500.',
    shows: LOGIN,
    faults: [
      { match: TOKEN, effect: { kind: 'answer', status: 500, json: apiError(null, 'Internal error') } },
    ],
    home: { login: 'none' },
  }),
  scenario({
    name: 'websocket-401',
    failureId: 'auth.token_expired',
    summary: 'Only the WebSocket refuses the session with 401; the fallback to server-sent events works.',
    faults: [
      {
        match: MODEL_SOCKET,
        effect: {
          kind: 'answer',
          status: 401,
          json: apiError('token_expired', 'Provided authentication token is expired.'),
        },
      },
    ],
  }),
];
