/** What a choice is made from: one set of facts for each account, and what the request needs. */
import type { Account } from '../account.ts';
import type { Usage } from '../quota/usage-facts.ts';

/** What the user decided about an account (`account-policies.json`). */
export interface AccountPreferences {
  readonly tags: readonly string[];
  /** 1 is normal; 2 is twice as wanted; 0 is a last resort. */
  readonly weight: number;
  readonly isPaused: boolean;
  /** Finishes the threads it has, gets no new ones. */
  readonly isDrained: boolean;
}

/** What was learnt about an account while using it; a gateway keeps it, a command has none. */
export interface AccountRuntime {
  /** Requests under way. */
  readonly inflight: number;
  /** Epoch ms; counts when it is later than the pool's own. */
  readonly lastUsed: number;
  /** Epoch ms until which it must be left alone, and why; `null` when it need not. */
  readonly blocked: { readonly untilMs: number; readonly reason: string } | null;
  /** Models that the server refused for this account. */
  readonly refusedModels: readonly string[];
}

/** All that is known of one account. Its position in the list is its index. */
export interface AccountFacts {
  readonly account: Account;
  /** The last reading of its limits; `null` when it was never asked. */
  readonly quota: Usage | null;
  readonly preferences: AccountPreferences;
  readonly runtime: AccountRuntime;
}

/** How one of several usable accounts is picked. */
export const STRATEGIES = ['hybrid', 'sequential', 'reset-first'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The user's settings that selection honours. */
export interface SelectionSettings {
  /**
   * `hybrid`: the account that would lose most quota at its reset, shared fairly; `sequential`: one account until it
   * cannot serve, then the next in the list; `reset-first`: the account whose long window resets soonest.
   */
  readonly strategy: Strategy;
  /** An account with less than this left waits while others can serve. */
  readonly defersNearExhaustion: boolean;
  readonly minRemainingPercentShort: number;
  readonly minRemainingPercentLong: number;
  /** How long an almost used-up limit without a known reset time is held back after its reading. */
  readonly maxDeferralMs: number;
}

/** The documented defaults (codex-multi-auth 3.1). */
export const DEFAULT_SELECTION_SETTINGS: SelectionSettings = {
  strategy: 'hybrid',
  defersNearExhaustion: true,
  minRemainingPercentShort: 5,
  minRemainingPercentLong: 5,
  maxDeferralMs: 7_200_000,
};

/** A project's wishes (`routing-profiles.json`). */
export interface ProjectProfile {
  readonly preferredTags: readonly string[];
  readonly avoidTags: readonly string[];
  /** Empty: all models. */
  readonly modelAllowlist: readonly string[];
  readonly modelDenylist: readonly string[];
  /** Account key to a weight on top of the account's own. */
  readonly weightByKey: Readonly<Record<string, number>>;
}

/** What the request, or the question, is about. */
export interface Demand {
  /** `null`: any model. */
  readonly model: string | null;
  readonly settings: SelectionSettings;
  readonly profile: ProjectProfile | null;
}

/** An account about which the user said nothing. */
export const NO_PREFERENCES: AccountPreferences = { tags: [], weight: 1, isPaused: false, isDrained: false };

/** An account that no running gateway knows. */
export const NO_RUNTIME: AccountRuntime = { inflight: 0, lastUsed: 0, blocked: null, refusedModels: [] };
