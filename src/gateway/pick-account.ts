/** The account and credential for the next try, over either transport; waits for a limit that is about to end. */
import type { EventEmitter } from 'node:events';
import type { Choice, ChoiceRequest, GatewayAccount } from './account-source.ts';
import { soonestMs } from './exhaustion.ts';
import type { Failover } from './failover.ts';
import type { UpstreamLogin } from './request-headers.ts';
import type { RequestRecord } from './request-record.ts';
import { PATIENCE_MS, pause, type Traffic } from './traffic.ts';

export type Nobody = Extract<Choice, { kind: 'none' }>;

export type Pick =
  /** Both `null`: the client's own login goes through. */
  | {
      readonly kind: 'account';
      readonly account: GatewayAccount | null;
      readonly login: UpstreamLogin | null;
      /** Another account served this thread, or this request, before. */
      readonly isMove: boolean;
      readonly reason: string;
    }
  /** Nobody is left, and what the last one said says it best. */
  | { readonly kind: 'tell-last' }
  | { readonly kind: 'nobody'; readonly none: Nobody; readonly credentialFailure: string | null }
  | { readonly kind: 'client-gone' };

export interface AccountPicker {
  /** `hasLast`: an upstream's own answer is at hand. */
  pick(hasLast: boolean): Promise<Pick>;
  /** From now on only that account comes into question. */
  bindTo(key: string): void;
  readonly isBound: boolean;
}

const FIRST_LOOK_MS = 200;

export function createAccountPicker(deps: {
  readonly traffic: Traffic;
  readonly failover: Failover;
  readonly wanted: ChoiceRequest;
  readonly record: RequestRecord;
  readonly client: EventEmitter;
  isGone(): boolean;
}): AccountPicker {
  const { traffic, failover, record } = deps;
  const { accounts } = traffic;
  let { wanted } = deps;
  let waitedMs = 0;
  let looks = 0;
  let credentialFailure: string | null = null;

  const pick = async (hasLast: boolean): Promise<Pick> => {
    const prepared = accounts.prepare(wanted.threadId);
    if (prepared !== null) await prepared;
    for (;;) {
      if (deps.isGone()) return { kind: 'client-gone' };
      const choice = accounts.choose(wanted);
      if (choice.kind === 'own') {
        return { kind: 'account', account: null, login: null, isMove: false, reason: 'own login' };
      }
      if (choice.kind === 'account') {
        const { account, reason } = choice;
        const credential = await failover.credential(account);
        if (credential.kind === 'credential') {
          const isMove = choice.isMove || record.triedOther(account.key);
          return { kind: 'account', account, login: credential, isMove, reason };
        }
        record.note({
          account: account.key,
          reason,
          status: null,
          outcome: `no-credential:${credential.why}`,
        });
        failover.noCredential(account, credential.why);
        if (credential.why === 'failed') credentialFailure ??= credential.message;
        continue;
      }
      // While the others were asked, a limit that was met first may have passed.
      if (looks === 0 && failover.forgetPassingLimits()) {
        looks += 1;
        continue;
      }
      const at = soonestMs(choice.blocked);
      const waitMs = at === null ? Number.POSITIVE_INFINITY : Math.max(50, at - traffic.now());
      if (waitMs + waitedMs <= PATIENCE_MS) {
        waitedMs += waitMs;
        await pause(waitMs, deps.client);
        failover.forgetPassingLimits();
        looks = 0;
        continue;
      }
      // The time of its limit may be hidden behind a longer pause of our own: ask it again, less and less often.
      const lookMs = FIRST_LOOK_MS * 2 ** looks;
      if (waitedMs + lookMs <= PATIENCE_MS && failover.forgetPassingLimits()) {
        looks += 1;
        waitedMs += lookMs;
        await pause(lookMs, deps.client);
        continue;
      }
      if (hasLast && failover.hasTrouble()) return { kind: 'tell-last' };
      // One account alone: its own words are the truth; but a 401 about it would make the client doubt its own login.
      const isAboutLogin = choice.blocked.some(({ reason }) => reason === 'auth-failure');
      if (hasLast && choice.blocked.length <= 1 && !isAboutLogin) return { kind: 'tell-last' };
      return { kind: 'nobody', none: choice, credentialFailure };
    }
  };
  return {
    pick,
    bindTo: (key) => {
      wanted = { ...wanted, onlyAccount: key };
    },
    get isBound() {
      return wanted.onlyAccount !== null;
    },
  };
}
