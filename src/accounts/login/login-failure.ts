/** How a login can fail, as data, and what a person is told: the server's own code stays in the message. */
import { StewardError, type StewardErrorOptions } from '../../errors.ts';
import type { TokenOutcome } from '../oauth/token-endpoint.ts';

export type LoginFailure =
  /** The server's no to this sign-in, with its code. */
  | {
      readonly kind: 'refused';
      readonly status: number | null;
      readonly code: string | null;
      readonly message: string;
    }
  /** 404 on the request for a device code: an admin switched them off. */
  | { readonly kind: 'device-off'; readonly code: string | null; readonly message: string }
  | { readonly kind: 'rate-limited'; readonly retryAfterSeconds: number | null }
  /** The person pressed the other button. */
  | { readonly kind: 'denied'; readonly code: string; readonly message: string }
  | { readonly kind: 'expired'; readonly code: string | null }
  /** Nobody signed in. */
  | { readonly kind: 'nobody'; readonly minutes: number }
  | { readonly kind: 'state-mismatch' }
  | { readonly kind: 'state-missing' }
  | { readonly kind: 'code-missing' }
  | {
      readonly kind: 'unreachable';
      readonly reason: 'network' | 'timeout' | 'aborted';
      readonly message: string;
    }
  | { readonly kind: 'server'; readonly status: number | null; readonly message: string }
  | { readonly kind: 'malformed'; readonly message: string };

export type Step = 'device code' | 'device login' | 'sign-in' | 'token exchange';

/** The failure that an exchange without tokens is. */
export function failureOfTokens(outcome: Exclude<TokenOutcome, { readonly kind: 'tokens' }>): LoginFailure {
  if (outcome.kind === 'refused') {
    const { status, code, message } = outcome;
    return { kind: 'refused', status, code, message };
  }
  const { reason, message, status } = outcome;
  if (reason === 'malformed') return { kind: 'malformed', message };
  if (reason === 'server') return { kind: 'server', status, message };
  return { kind: 'unreachable', reason, message };
}

const AGAIN = 'Run `steward auth login` again.';
const OTHER_WAYS =
  'Other ways: `steward auth login --manual`, an API key (`steward auth login --with-api-key`), or `steward auth import` with the auth.json of a machine that is logged in.';

/** The error for a person; `step` is what was being done. */
export function loginError(failure: LoginFailure, step: Step): StewardError {
  switch (failure.kind) {
    case 'refused':
      return error('REFUSED', 'user', `${step} refused${said(failure)}`, hintOfCode(failure.code), {
        ...(failure.code === null ? {} : { serverCode: failure.code }),
        ...(failure.status === null ? {} : { status: failure.status }),
      });
    case 'device-off':
      return error(
        'DEVICE_CODE_DISABLED',
        'user',
        `device code disabled by your admin${said(failure, 404)}`,
        `Ask the workspace's admin to allow device codes. ${OTHER_WAYS}`,
        failure.code === null ? {} : { serverCode: failure.code },
      );
    case 'rate-limited': {
      const { retryAfterSeconds } = failure;
      const wait = retryAfterSeconds === null ? 'a few minutes' : `${retryAfterSeconds} s`;
      return error(
        'RATE_LIMITED',
        'user',
        `the sign-in server is asked too often (429): it gives no ${step} for ${wait}`,
        'Wait that long, then log in once. Many logins in a row make it longer.',
        { status: 429, ...(retryAfterSeconds === null ? {} : { retryAfterSeconds }) },
      );
    }
    case 'denied':
      return error(
        'DENIED',
        'user',
        `the sign-in was refused in the browser${said(failure)}`,
        `${AGAIN} If you did not refuse it yourself, your workspace's admin did.`,
        { serverCode: failure.code },
      );
    case 'expired':
      return error(
        'EXPIRED',
        'user',
        `the device code has expired${said({ code: failure.code, message: '' })}`,
        'Run `steward auth login --device-auth` again, and type the code within 15 minutes.',
      );
    case 'nobody':
      return error(
        'TIMEOUT',
        'user',
        `nobody signed in within ${failure.minutes} minutes`,
        'If the browser shows an error after the sign-in, its way to this machine is blocked: `steward auth login --device-auth` needs none.',
      );
    case 'state-mismatch':
      return error(
        'STATE',
        'user',
        'OAuth state mismatch: that answer belongs to another sign-in',
        'Open the address that was shown last, and paste the address it ends on.',
      );
    case 'state-missing':
      return error(
        'STATE_MISSING',
        'user',
        'OAuth state missing: the code alone does not tell which sign-in it belongs to',
        'Paste the whole address that the browser ends on, or CODE#STATE.',
      );
    case 'code-missing':
      return error(
        'CODE_MISSING',
        'user',
        'there is no authorization code in what was pasted',
        'Paste the whole address that the browser ends on, or CODE#STATE.',
      );
    case 'unreachable':
      return error(
        'UNREACHABLE',
        'environment',
        `${step}: the sign-in server cannot be reached: ${failure.message}`,
        'Nothing is wrong with the login itself. `steward doctor --live --only network` looks at the way there.',
        { reason: failure.reason },
      );
    case 'server':
      return error(
        'SERVER',
        'environment',
        `${step} failed: ${failure.message}`,
        'The fault is on the server. Try again in a few minutes.',
        failure.status === null ? {} : { status: failure.status },
      );
    case 'malformed':
      return error(
        'ANSWER',
        'environment',
        `${step} failed: ${failure.message}`,
        failure.message.startsWith('missing field')
          ? 'The server gave an incomplete login, and nothing was stored: log that account in again with `steward auth login`.'
          : 'Something between here and the sign-in server changes its answers: `steward doctor --live --only network`.',
      );
  }
}

function error(
  name: string,
  kind: StewardError['kind'],
  message: string,
  hint: string,
  details: StewardErrorOptions['details'] = {},
): StewardError {
  return new StewardError(`ERR_LOGIN_${name}`, kind, message, { hint, details });
}

/** ` (404 device_code_disabled: Please contact …)`, as much of it as there is. */
function said(
  failure: { readonly status?: number | null; readonly code: string | null; readonly message: string },
  status = failure.status ?? null,
): string {
  const name = [status, failure.code].filter((part) => part !== null).join(' ');
  const words = [name, failure.message].filter((part) => part !== '').join(': ');
  return words === '' ? '' : ` (${words})`;
}

function hintOfCode(code: string | null): string {
  switch (code) {
    case 'invalid_grant':
      return `The code was used before, is older than ten minutes, or belongs to another sign-in. ${AGAIN}`;
    case 'refresh_token_reused':
    case 'token_expired':
    case 'refresh_token_expired':
    case 'refresh_token_invalidated':
      return 'Log that account in again: `steward auth login`.';
    case 'invalid_client':
    case 'unauthorized_client':
      return 'The sign-in server does not know this client: is CODEX_APP_SERVER_LOGIN_CLIENT_ID or --issuer set to something else?';
    default:
      return AGAIN;
  }
}
