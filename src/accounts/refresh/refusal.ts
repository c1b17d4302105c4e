/** What a refusal or a missing answer means in the words of the catalogue of failures, and what to do now. */
import type { RefusalId } from './outcome.ts';

export interface RefusalMeaning {
  readonly id: RefusalId;
  readonly action: string;
}

const LOG_IN = 'Log this account in again: steward auth login.';

/** Codes of the refresh endpoint (Codex 0.133 to 0.169 know the first three by name). */
export function refusalMeaning(code: string | null): RefusalMeaning {
  switch (code) {
    case 'refresh_token_reused':
      return {
        id: 'auth.refresh_token_reused',
        action: `${LOG_IN} Then leave one program to refresh it: another one had used this token.`,
      };
    case 'refresh_token_invalidated':
    case 'token_revoked':
    case 'app_session_terminated':
      return {
        id: 'auth.refresh_token_revoked',
        action: `${LOG_IN} Signing out in an app revokes the login everywhere; switch accounts instead.`,
      };
    default:
      return { id: 'auth.token_expired', action: LOG_IN };
  }
}

/** What to do where no answer said anything about the login. */
export function failureAction(reason: string, status: number | null): string {
  if (status === 429) return 'Wait some minutes, then try again.';
  if (reason === 'server' || reason === 'malformed') {
    return 'The fault is on the server: try again in a few minutes.';
  }
  return 'Look at the way there with `steward doctor --live --only network`, then try again.';
}
