/** Who sent a request, by its `authorization` header. */
import type { LabAccount } from './accounts.ts';
import { apiError, detail, type LabAnswer } from './answer.ts';
import type { Session } from './issuer/sessions.ts';
import type { RemoteServer } from './remote/store.ts';

export type Caller =
  | { readonly kind: 'session'; readonly account: LabAccount; readonly session: Session }
  | { readonly kind: 'api-key'; readonly account: LabAccount }
  | { readonly kind: 'server'; readonly account: LabAccount; readonly server: RemoteServer }
  | { readonly kind: 'nobody'; readonly why: 'missing' | 'unknown' | 'expired' | 'revoked' };

/** The refusal for a caller without a good credential, as the ChatGPT backend words it. */
export function unauthorized(why: Extract<Caller, { kind: 'nobody' }>['why']): LabAnswer {
  switch (why) {
    case 'missing':
      return detail(401, 'Unauthorized');
    case 'unknown':
      return apiError(
        401,
        'invalid_token',
        'Provided authentication token is invalid. Please try signing in again.',
      );
    case 'expired':
      return apiError(
        401,
        'token_expired',
        'Provided authentication token is expired. Please try signing in again.',
      );
    case 'revoked':
      return apiError(
        401,
        'token_revoked',
        'Your authentication token has been invalidated. Please try signing in again.',
      );
  }
}
