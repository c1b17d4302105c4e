/**
 * What one request does after an account has failed it, over either transport: try the same account again, ask another, or
 * give up and tell the client. Everything an account's failure means for other requests is reported to the pool here.
 */
import type { AccountSource, CredentialOutcome, GatewayAccount } from './account-source.ts';
import type { Failure } from './failure.ts';
import type { TroubleWatch } from './server-trouble.ts';
import type { Verdict } from './verdict.ts';

export type NextStep =
  | { readonly kind: 'same'; readonly delayMs: number }
  | { readonly kind: 'other'; readonly delayMs: number }
  /** The client gets the upstream's own answer. */
  | { readonly kind: 'give-up' };

export interface Failover {
  /** Keys of accounts that are not asked again for this request. */
  readonly excluded: ReadonlySet<string>;
  /** A credential for the account: the one from the last refresh of this request, else the pool's. */
  credential(account: GatewayAccount): Promise<CredentialOutcome>;
  /** The pool had no credential for it. */
  noCredential(account: GatewayAccount, why: 'refused' | 'failed'): void;
  after(account: GatewayAccount, verdict: Verdict, failure: Failure | null): Promise<NextStep>;
  /** Whether the server has refused what only another account can decrypt, on that account. */
  isStripped(account: GatewayAccount): boolean;
  succeeded(account: GatewayAccount): void;
  /** Whether what is left of the pool failed for the server's or the network's sake, not for a limit. */
  hasTrouble(): boolean;
  /** Accounts with a limit that passes may be asked again; the pool knows which of them are back. Whether there are any. */
  forgetPassingLimits(): boolean;
}

export interface FailoverDeps {
  readonly accounts: AccountSource;
  readonly trouble: TroubleWatch;
  readonly model: string | null;
}

/** The second try of the same account after a server error comes so much later; each further one doubles it. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 1000;
/** A longer pause that the server asks for is the client's to make. */
const LONGEST_WISH_MS = 4000;
/** Tries of one account that end in trouble before another one is asked. */
const TRIES_PER_ACCOUNT = 2;

export function createFailover({ accounts, trouble, model }: FailoverDeps): Failover {
  const excluded = new Set<string>();
  const passingLimits = new Set<string>();
  const credentials = new Map<string, CredentialOutcome>();
  const refreshed = new Set<string>();
  const stripped = new Set<string>();
  const troubled = new Map<string, { tries: number; why: 'server-error' | 'network-error' }>();
  let pauses = 0;

  const other = (key: string, delayMs = 0): NextStep => {
    excluded.add(key);
    return { kind: 'other', delayMs };
  };
  const pauseMs = (wishedMs: number | null) => {
    const ownMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** pauses);
    pauses += 1;
    return Math.min(LONGEST_WISH_MS, Math.max(ownMs, wishedMs ?? 0));
  };
  const afterTrouble = (key: string, verdict: Extract<Verdict, { kind: 'wait' }>): NextStep => {
    const known = troubled.get(key);
    const tries = (known?.tries ?? 0) + 1;
    troubled.set(key, { tries, why: verdict.why === 'network' ? 'network-error' : 'server-error' });
    trouble.failed(key);
    if (trouble.isEverywhere(accounts.usableKeys())) return { kind: 'give-up' };
    if (tries < TRIES_PER_ACCOUNT) return { kind: 'same', delayMs: pauseMs(verdict.afterMs) };
    return other(key, pauseMs(verdict.afterMs));
  };
  const afterRefusal = async (account: GatewayAccount, code: string | null): Promise<NextStep> => {
    const { key } = account;
    if (refreshed.has(key)) {
      accounts.report({ kind: 'rejected', key, code });
      return other(key);
    }
    refreshed.add(key);
    const used = credentials.get(key);
    const fresh = await accounts.refresh(key, used?.kind === 'credential' ? used.bearer : '');
    if (fresh.kind === 'credential') {
      credentials.set(key, fresh);
      return { kind: 'same', delayMs: 0 };
    }
    if (fresh.why === 'refused') accounts.report({ kind: 'rejected', key, code });
    return other(key);
  };
  const afterLimit = (
    key: string,
    { why, untilMs }: Extract<Verdict, { kind: 'rotate' }>,
    failure: Failure | null,
  ): NextStep => {
    if (why === 'deactivated') accounts.report({ kind: 'deactivated', key, code: failure?.code ?? null });
    else if (why === 'model-unsupported') accounts.report({ kind: 'model-unsupported', key, model });
    else accounts.report({ kind: 'limited', key, why, untilMs, model, planType: failure?.planType ?? null });
    if (why === 'too-many-requests' || untilMs !== null) passingLimits.add(key);
    return other(key);
  };

  return {
    excluded,
    credential: async (account) => {
      const known = credentials.get(account.key);
      if (known !== undefined) return known;
      const outcome = await accounts.credential(account.key);
      credentials.set(account.key, outcome);
      return outcome;
    },
    noCredential: ({ key }, why) => {
      excluded.add(key);
      if (why === 'failed') troubled.set(key, { tries: TRIES_PER_ACCOUNT, why: 'network-error' });
    },
    after: async (account, verdict, failure) => {
      switch (verdict.kind) {
        case 'pass':
        case 'stop':
        case 'resend':
        case 'reconnect':
          return { kind: 'give-up' };
        case 'strip':
          if (stripped.has(account.key)) return { kind: 'give-up' };
          stripped.add(account.key);
          return { kind: 'same', delayMs: 0 };
        case 'refresh':
          return account.kind === 'api-key'
            ? rejectKey(accounts, account.key, verdict.code, other)
            : afterRefusal(account, verdict.code);
        case 'rotate':
          return afterLimit(account.key, verdict, failure);
        case 'wait':
          return afterTrouble(account.key, verdict);
      }
    },
    isStripped: (account) => stripped.has(account.key),
    succeeded: (account) => {
      trouble.succeeded();
      // Now it is known that the trouble was theirs.
      for (const [key, { why }] of troubled)
        if (key !== account.key) accounts.report({ kind: 'trouble', key, why });
    },
    hasTrouble: () => troubled.size > 0,
    forgetPassingLimits: () => {
      const hasAny = passingLimits.size > 0;
      for (const key of passingLimits) excluded.delete(key);
      passingLimits.clear();
      return hasAny;
    },
  };
}

/** A key cannot be refreshed. */
function rejectKey(
  accounts: AccountSource,
  key: string,
  code: string | null,
  other: (key: string) => NextStep,
): NextStep {
  accounts.report({ kind: 'rejected', key, code });
  return other(key);
}
