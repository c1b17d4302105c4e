/** Why each account cannot serve, in the words of the traffic's contract. */
import { type Availability, availabilityOf } from '../../accounts/selection/availability.ts';
import type { Candidate } from '../../accounts/selection/candidate.ts';
import type { BlockedAccount, BlockReason } from '../account-source.ts';
import type { AccountState } from './account-state.ts';

export function blockedAccount(
  candidate: Candidate,
  state: AccountState,
  request: { readonly model: string | null; readonly isExcluded: boolean; readonly now: number },
): BlockedAccount {
  const { key } = candidate.account;
  const availability = availabilityOf(candidate, request.model, request.now);
  const untilMs =
    availability.kind === 'delayed' && Number.isFinite(availability.untilMs) ? availability.untilMs : null;
  return {
    key,
    number: candidate.index + 1,
    reason: reasonOf(availability, state, request),
    untilMs,
    planType: state.planType ?? candidate.quota?.planType ?? null,
  };
}

function reasonOf(
  availability: Availability,
  state: AccountState,
  { isExcluded }: { readonly isExcluded: boolean },
): BlockReason {
  switch (availability.kind) {
    case 'ready':
      return isExcluded ? 'already-attempted' : 'paused'; // a drained account gets no new threads
    case 'unavailable':
      if (state.blocked?.untilMs === Number.POSITIVE_INFINITY) return state.blocked.reason;
      switch (availability.cause) {
        case 'disabled':
          return 'disabled';
        case 'needs-login':
          return 'auth-failure';
        case 'workspace-disabled':
          return 'deactivated';
        case 'paused':
          return 'paused';
        case 'model-not-allowed':
        case 'model-refused':
          return 'policy';
      }
      return 'disabled';
    case 'delayed':
      if (availability.cause === 'gateway') return state.blocked?.reason ?? 'rate-limit';
      if (availability.cause !== 'cooldown') return 'rate-limit';
      return isCooldownReason(availability.what) ? availability.what : 'rate-limit';
  }
}

function isCooldownReason(
  text: string,
): text is 'auth-failure' | 'network-error' | 'server-error' | 'rate-limit' {
  return ['auth-failure', 'network-error', 'server-error', 'rate-limit'].includes(text);
}
