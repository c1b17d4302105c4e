/** Invented accounts for tests and benchmarks of selection; nothing is read or written. */
import type { ApiKeyAccount, ChatgptAccount } from '../../src/accounts/account.ts';
import type { Usage } from '../../src/accounts/quota/usage-facts.ts';
import {
  type AccountFacts,
  type AccountPreferences,
  type AccountRuntime,
  DEFAULT_SELECTION_SETTINGS,
  type Demand,
  NO_PREFERENCES,
  NO_RUNTIME,
  type ProjectProfile,
  type SelectionSettings,
} from '../../src/accounts/selection/facts.ts';

/** A moment that does not move: Saturday 21 November 2026, 12:00 UTC. */
export const NOON = Date.UTC(2026, 10, 21, 12);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

export function chatgpt(name: string, changes: Partial<ChatgptAccount> = {}): ChatgptAccount {
  return {
    kind: 'chatgpt',
    key: `sha256:${name}`,
    label: null,
    email: `${name}@example.com`,
    isEnabled: true,
    addedAt: NOON - 30 * DAY,
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    refreshToken: `refresh-${name}`,
    accessToken: null,
    expiresAt: null,
    idToken: null,
    accountId: `account-${name}`,
    accountIdSource: 'token',
    invalidated: null,
    workspaces: [],
    currentWorkspaceIndex: null,
    recordId: null,
    ...changes,
  };
}

export function apiKey(name: string): ApiKeyAccount {
  return {
    kind: 'api-key',
    key: `sha256:${name}`,
    label: null,
    email: null,
    isEnabled: true,
    addedAt: NOON - 30 * DAY,
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    apiKey: `sk-invented-${name}`,
  };
}

/** A reading with the two usual windows: used percent, and hours until the reset. */
export function reading(short: readonly [number, number], long: readonly [number, number]): Usage {
  return {
    planType: 'plus',
    windows: [
      { name: '5h', usedPercent: short[0], windowMinutes: 300, resetsAt: NOON + short[1] * HOUR },
      { name: 'weekly', usedPercent: long[0], windowMinutes: 10_080, resetsAt: NOON + long[1] * HOUR },
    ],
    additional: [],
    limitReached: short[0] >= 100 || long[0] >= 100,
    reachedType: null,
    credits: null,
    hasCredits: false,
    fetchedAt: NOON - 60_000,
  };
}

export interface FactsChanges {
  readonly quota?: Usage | null;
  readonly preferences?: Partial<AccountPreferences>;
  readonly runtime?: Partial<AccountRuntime>;
}

export function factsOf(account: AccountFacts['account'], changes: FactsChanges = {}): AccountFacts {
  return {
    account,
    quota: changes.quota ?? null,
    preferences: { ...NO_PREFERENCES, ...changes.preferences },
    runtime: { ...NO_RUNTIME, ...changes.runtime },
  };
}

export function demandOf(
  changes: {
    readonly model?: string;
    readonly settings?: Partial<SelectionSettings>;
    readonly profile?: Partial<ProjectProfile>;
  } = {},
): Demand {
  const profile: ProjectProfile | null =
    changes.profile === undefined
      ? null
      : {
          preferredTags: [],
          avoidTags: [],
          modelAllowlist: [],
          modelDenylist: [],
          weightByKey: {},
          ...changes.profile,
        };
  return {
    model: changes.model ?? null,
    settings: { ...DEFAULT_SELECTION_SETTINGS, ...changes.settings },
    profile,
  };
}
