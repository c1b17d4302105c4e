/** What the user decided about accounts: `account-policies.json`. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';

export interface AccountPolicy {
  /** Lower case, sorted, each once. */
  readonly tags: readonly string[];
  /** 0 to 10; 1 is neutral. */
  readonly weight: number;
  /** Not chosen at all. */
  readonly paused: boolean;
  /** No new sessions. */
  readonly drained: boolean;
  readonly note: string | null;
  /** Epoch ms; 0 when the user never decided anything. */
  readonly updatedAt: number;
}

export interface Policies {
  policyOf(account: Account): AccountPolicy;
  /** The documented key of the entry that holds (or would hold) the account's policy. */
  storedKeyOf(account: Account): string;
  /** Broken file: what is wrong. The policies are then empty and must not be written. */
  readonly warning: string | null;
}

/** Reads the policies of the pool's accounts. Never writes. */
export async function readPolicies(_scope: CodexScope, _pool: Pool): Promise<Policies> {
  throw new Error('under construction');
}

/** Changes one account's policy (`updatedAt` is set here) and gives the stored one back. */
export async function updatePolicy(
  _scope: CodexScope,
  _pool: Pool,
  _account: Account,
  _change: (policy: AccountPolicy) => AccountPolicy,
): Promise<AccountPolicy> {
  throw new Error('under construction');
}
