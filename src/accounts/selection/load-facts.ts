/** Reads what a choice is made from: quota cache, policies, settings and the project's profile. Only reads, only files. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';
import { usageOfEntry } from '../quota/usage-entry.ts';
import { policyKey } from '../store/identity.ts';
import { type AccountPaths, resolveAccountPaths } from '../store/paths.ts';
import { type AccountPolicy, readPolicies } from '../store/policies-store.ts';
import { readQuotaCache } from '../store/quota-cache.ts';
import { type RoutingProfile, readRoutingProfile } from '../store/routing-profiles.ts';
import { readSettings, type Settings } from '../store/settings-store.ts';
import {
  type AccountFacts,
  type AccountPreferences,
  type Demand,
  NO_RUNTIME,
  type ProjectProfile,
  type SelectionSettings,
} from './facts.ts';

export interface LoadedFacts {
  readonly facts: readonly AccountFacts[];
  readonly demand: Demand;
  /** The project's profile, when it has one. */
  readonly projectName: string | null;
  /** Files and variables that could not be honoured; for people, no secrets. */
  readonly warnings: readonly string[];
}

/** The facts of a pool for requests to `model` (`null`: any), as they stand on disk. `known`: the paths, where they are at hand. */
export async function loadFacts(
  scope: CodexScope,
  pool: Pool,
  model: string | null,
  known?: AccountPaths,
): Promise<LoadedFacts> {
  const paths = known ?? (await resolveAccountPaths(scope));
  const [cache, policies, { settings, warnings }, profile] = await Promise.all([
    readQuotaCache(scope, pool, paths),
    readPolicies(scope, pool, paths),
    readSettings(scope),
    readRoutingProfile(scope, paths),
  ]);
  const facts = pool.accounts.map((account): AccountFacts => {
    const entry = cache.entryOf(account);
    return {
      account,
      quota: entry === null ? null : usageOfEntry(entry),
      preferences: preferencesOf(policies.policyOf(account)),
      runtime: NO_RUNTIME,
    };
  });
  return {
    facts,
    demand: {
      model,
      settings: selectionSettings(settings),
      profile: profile === null ? null : profileOf(profile, pool.accounts),
    },
    projectName: profile?.projectName ?? null,
    warnings: [...warnings, ...(policies.warning === null ? [] : [policies.warning])],
  };
}

/** The settings that selection honours. */
export function selectionSettings(settings: Settings): SelectionSettings {
  return {
    strategy: settings.schedulingStrategy,
    defersNearExhaustion: settings.preemptiveQuotaEnabled,
    minRemainingPercentShort: settings.preemptiveQuotaRemainingPercent5h,
    minRemainingPercentLong: settings.preemptiveQuotaRemainingPercent7d,
    maxDeferralMs: settings.preemptiveQuotaMaxDeferralMs,
  };
}

/** A policy as selection sees it. */
export function preferencesOf({ tags, weight, paused, drained }: AccountPolicy): AccountPreferences {
  return { tags, weight, isPaused: paused, isDrained: drained };
}

/** A profile as selection sees it. */
export function profileOf(profile: RoutingProfile, accounts: readonly Account[]): ProjectProfile {
  const { preferredTags, avoidTags, modelAllowlist, modelDenylist, accountWeightByKey } = profile;
  const weights = Object.keys(accountWeightByKey).length === 0 ? [] : accounts;
  const weightByKey = Object.fromEntries(
    weights.flatMap((account) => {
      const weight = accountWeightByKey[policyKey(account)];
      return weight === undefined ? [] : [[account.key, weight]];
    }),
  );
  return { preferredTags, avoidTags, modelAllowlist, modelDenylist, weightByKey };
}
