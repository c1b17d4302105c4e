/** Asks the server about the limits of a pool's accounts: the usage endpoint, several at once, never a model call. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount, Pool } from '../account.ts';
import { fetchUsage, type UsageOutcome } from '../quota/usage.ts';
import { entryOfUsage } from '../quota/usage-entry.ts';
import { type QuotaEntry, writeQuota } from '../store/quota-cache.ts';

export interface ProbeOptions {
  /** Look at so many enabled accounts, in the pool's order. */
  readonly maxAccounts?: number | undefined;
  /** Ask the server about so many. */
  readonly maxProbes?: number | undefined;
  /** Leave out accounts that would need a refresh first. */
  readonly cachedOnly?: boolean | undefined;
  readonly onProgress?: (done: number, all: number) => void;
}

/** Why an account could not be asked, with the server's own code. */
export interface ProbeFailure {
  /** `refused`: this login is; `limited`: asked too often; the rest as the reading failed. */
  readonly kind: 'refused' | 'limited' | 'failed';
  /** `network`, `timeout`, `edge`, `server`, `malformed`, `refresh`; `null` for an answer. */
  readonly reason: string | null;
  /** `refresh_token_reused`, `token_expired`, `ECONNREFUSED`, …; `null` when there is none. */
  readonly code: string | null;
  readonly status: number | null;
  readonly message: string;
  /** Only a new login helps. */
  readonly isPermanent: boolean;
}

export interface PoolProbe {
  readonly considered: number;
  readonly executed: number;
  /** By {@link ChatgptAccount.key}. */
  readonly failures: ReadonlyMap<string, ProbeFailure>;
  /** Keys of the accounts that answered. */
  readonly answered: ReadonlySet<string>;
}

const AT_ONCE = 6;
/** An access token that is about to expire would be refreshed first. */
const USABLE_MS = 60_000;

/**
 * Asks about every enabled account whose login is not known to be dead, and stores what comes back in the quota cache.
 * Resolves also when the scope's signal aborts, with what is known by then.
 */
export async function probePool(
  scope: CodexScope,
  pool: Pool,
  options: ProbeOptions = {},
): Promise<PoolProbe> {
  const now = scope.host.now();
  const considered = pool.accounts
    .filter((account): account is ChatgptAccount => account.kind === 'chatgpt' && account.isEnabled)
    .slice(0, options.maxAccounts);
  const asked = considered
    .filter(({ invalidated }) => invalidated === null)
    .filter((account) => options.cachedOnly !== true || hasUsableToken(account, now))
    .slice(0, options.maxProbes);
  const failures = new Map<string, ProbeFailure>();
  const entries = new Map<string, QuotaEntry>();
  let started = 0;
  let done = 0;
  options.onProgress?.(0, asked.length);
  const work = async () => {
    while (!scope.signal.aborted) {
      const account = asked[started++];
      if (account === undefined) return;
      const outcome = await fetchUsage(scope, account);
      if (outcome.kind === 'usage') entries.set(account.key, entryOfUsage(outcome.usage));
      else failures.set(account.key, failureOf(outcome));
      options.onProgress?.(++done, asked.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, asked.length) }, work));
  if (entries.size > 0) await writeQuota(scope, pool, entries);
  return { considered: considered.length, executed: done, failures, answered: new Set(entries.keys()) };
}

function hasUsableToken({ accessToken, expiresAt }: ChatgptAccount, now: number): boolean {
  return accessToken !== null && expiresAt !== null && expiresAt > now + USABLE_MS;
}

function failureOf(outcome: Exclude<UsageOutcome, { readonly kind: 'usage' }>): ProbeFailure {
  const { kind, message } = outcome;
  switch (kind) {
    case 'refused': {
      const { status, code, isPermanent } = outcome;
      return { kind, reason: null, code, status, message, isPermanent };
    }
    case 'limited':
      return { kind, reason: null, code: null, status: 429, message, isPermanent: false };
    case 'failed': {
      const { reason, code, status } = outcome;
      return { kind, reason, code, status, message, isPermanent: false };
    }
  }
}
