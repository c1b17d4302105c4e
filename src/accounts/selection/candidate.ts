/**
 * An account made ready to be compared: whatever does not change from one request to the next is worked out once, so that
 * a choice among a thousand accounts is a loop over numbers.
 */
import type { Account } from '../account.ts';
import type { Usage, UsageWindow } from '../quota/usage-facts.ts';
import type { AccountFacts, AccountRuntime, Demand } from './facts.ts';
import { limitAppliesTo } from './model-family.ts';

/** Why an account cannot serve until somebody does something. */
export type BlockedFor =
  | 'disabled'
  | 'needs-login'
  | 'workspace-disabled'
  | 'paused'
  | 'model-not-allowed'
  | 'model-refused';

/** Why an account cannot serve until a time. */
export type WaitsFor = 'limit' | 'rate-limit' | 'cooldown';

export interface Wait {
  /** Epoch ms. */
  readonly untilMs: number;
  readonly cause: WaitsFor;
  /** The limit (`weekly`), limit key (`gpt-5-codex`) or cool-down (`server-error`) that it comes from. */
  readonly what: string;
}

export interface Candidate {
  readonly index: number;
  readonly account: Account;
  readonly blockedFor: BlockedFor | null;
  /** The longest wait; in the past once it is over. */
  readonly wait: Wait | null;
  /** Epoch ms until which it is held back because little is left; 0 when it is not. */
  readonly deferredUntilMs: number;
  /** Epoch ms until which a request would cost money (an API key always does); 0 when it would not. */
  readonly paidUntilMs: number;
  readonly isDrained: boolean;
  /** The user's weight, times the project's. */
  readonly weight: number;
  /** 0: a tag that the project prefers; 1: neither; 2: a tag that it avoids. */
  readonly tagRank: 0 | 1 | 2;
  /** The slowest limit (weekly, monthly): what its reset would throw away. */
  readonly longLimit: LimitState | null;
  /** The fastest limit (5 hours), if there is more than one. */
  readonly shortLimit: LimitState | null;
  /** Read at each choice: whoever prepared the candidate may change what it points to. */
  readonly runtime: AccountRuntime;
  readonly quota: Usage | null;
}

export interface LimitState {
  /** 0 to 1. */
  readonly remaining: number;
  /** Epoch ms, 0 when unknown. */
  readonly resetsAt: number;
  /** 0 when unknown. */
  readonly windowMs: number;
}

const DAY_MINUTES = 1440;

/** All candidates of a pool, for requests of one kind. */
export function prepareCandidates(facts: readonly AccountFacts[], demand: Demand): readonly Candidate[] {
  return facts.map((each, index) => prepareCandidate(each, index, demand));
}

/** One candidate: to be made anew when its account, quota or preferences change, not when its runtime state does. */
export function prepareCandidate(facts: AccountFacts, index: number, demand: Demand): Candidate {
  const { account, quota, preferences, runtime } = facts;
  const exhausted = exhaustionOf(quota, demand);
  const costsCredits = exhausted !== null && quota?.hasCredits === true && !quota.limitReached;
  const weight = Math.max(0, preferences.weight) * Math.max(0, demand.profile?.weightByKey[account.key] ?? 1);
  const windows = [...(quota?.windows ?? [])].sort((a, b) => (a.windowMinutes ?? 0) - (b.windowMinutes ?? 0));
  return {
    index,
    account,
    blockedFor: blockedFor(facts, demand),
    wait: longest([
      ...poolWaits(account, demand.model),
      ...(costsCredits || exhausted === null ? [] : [exhausted]),
    ]),
    deferredUntilMs: deferralOf(quota, demand),
    paidUntilMs: paidUntil(account, weight, costsCredits ? exhausted : null),
    isDrained: preferences.isDrained,
    weight,
    tagRank: tagRankOf(preferences.tags, demand),
    longLimit: limitState(windows.at(-1)),
    shortLimit: windows.length > 1 ? limitState(windows[0]) : null,
    runtime,
    quota,
  };
}

function blockedFor(facts: AccountFacts, { model, profile }: Demand): BlockedFor | null {
  const { account, preferences } = facts;
  if (!account.isEnabled) return 'disabled';
  if (account.kind === 'chatgpt') {
    if (account.invalidated !== null) return 'needs-login';
    const workspace = account.workspaces[account.currentWorkspaceIndex ?? -1];
    if (workspace !== undefined && !workspace.isEnabled) return 'workspace-disabled';
  }
  if (preferences.isPaused) return 'paused';
  if (model === null || profile === null) return null;
  const isListed = profile.modelAllowlist.length === 0 || profile.modelAllowlist.includes(model);
  return isListed && !profile.modelDenylist.includes(model) ? null : 'model-not-allowed';
}

function poolWaits(account: Account, model: string | null): readonly Wait[] {
  const waits: Wait[] = [];
  for (const [key, untilMs] of Object.entries(account.rateLimitResetTimes)) {
    if (limitAppliesTo(key, model)) waits.push({ untilMs, cause: 'rate-limit', what: key });
  }
  const { cooldown } = account;
  if (cooldown !== null) waits.push({ untilMs: cooldown.untilMs, cause: 'cooldown', what: cooldown.reason });
  return waits;
}

function longest(waits: readonly Wait[]): Wait | null {
  let found: Wait | null = null;
  for (const wait of waits) if (found === null || wait.untilMs > found.untilMs) found = wait;
  return found;
}

/** The used-up limit that comes back last; when the server only said "reached", the fullest one. */
function exhaustionOf(quota: Usage | null, demand: Demand): Wait | null {
  if (quota === null) return null;
  const full = quota.windows.filter((window) => window.usedPercent >= 100);
  const fullest = [...quota.windows].sort((a, b) => b.usedPercent - a.usedPercent).slice(0, 1);
  const reached = full.length > 0 || !quota.limitReached ? full : fullest;
  const waits = reached.map((window): Wait => {
    const untilMs = window.resetsAt ?? quota.fetchedAt + demand.settings.maxDeferralMs;
    return { untilMs, cause: 'limit', what: window.name };
  });
  if (waits.length === 0 && quota.limitReached) {
    return { untilMs: quota.fetchedAt + demand.settings.maxDeferralMs, cause: 'limit', what: 'usage' };
  }
  return longest(waits);
}

function deferralOf(quota: Usage | null, { settings }: Demand): number {
  if (quota === null || !settings.defersNearExhaustion) return 0;
  let until = 0;
  for (const window of quota.windows) {
    const isShort = (window.windowMinutes ?? 0) <= DAY_MINUTES;
    const least = isShort ? settings.minRemainingPercentShort : settings.minRemainingPercentLong;
    if (100 - window.usedPercent > least) continue;
    until = Math.max(until, window.resetsAt ?? quota.fetchedAt + settings.maxDeferralMs);
  }
  return until;
}

/** A key that the user gave more weight than usual is meant to be used like any other account. */
function paidUntil(account: Account, weight: number, onCredits: Wait | null): number {
  if (account.kind === 'api-key') return weight > 1 ? 0 : Number.POSITIVE_INFINITY;
  return onCredits?.untilMs ?? 0;
}

function tagRankOf(tags: readonly string[], { profile }: Demand): 0 | 1 | 2 {
  if (profile === null) return 1;
  if (tags.some((tag) => profile.avoidTags.includes(tag))) return 2;
  return tags.some((tag) => profile.preferredTags.includes(tag)) ? 0 : 1;
}

function limitState(window: UsageWindow | undefined): LimitState | null {
  if (window === undefined) return null;
  return {
    remaining: Math.min(1, Math.max(0, 1 - window.usedPercent / 100)),
    resetsAt: window.resetsAt ?? 0,
    windowMs: (window.windowMinutes ?? 0) * 60_000,
  };
}
