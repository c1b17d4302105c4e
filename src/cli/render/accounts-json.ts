/** Accounts, limits and forecasts as `--json` shows them: the members of codex-multi-auth 2.8, and more. Addresses are masked. */
import { accountLabel } from '../../accounts/account-label.ts';
import type { ProbeFailure } from '../../accounts/forecast/probe-pool.ts';
import type { Usage, UsageWindow } from '../../accounts/quota/usage-facts.ts';
import { quotaWords } from '../../accounts/selection/words.ts';
import type { AccountsView } from '../accounts-view.ts';
import { markersOf } from './account-markers.ts';

/** Epoch ms as ISO time; `null` stays. */
export function isoTime(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** The last reading of an account's limits, in numbers. */
export function quotaToJson(usage: Usage | null, now: number) {
  if (usage === null) return null;
  return {
    fetchedAt: isoTime(usage.fetchedAt),
    ageMs: Math.max(0, now - usage.fetchedAt),
    planType: usage.planType,
    limitReached: usage.limitReached,
    reachedType: usage.reachedType,
    windows: usage.windows.map(windowToJson),
    additional: usage.additional.map(({ id, name, limitReached, windows }) => ({
      id,
      name,
      limitReached,
      windows: windows.map(windowToJson),
    })),
    credits: usage.credits,
  };
}

function windowToJson({ name, usedPercent, windowMinutes, resetsAt }: UsageWindow) {
  return {
    name,
    usedPercent,
    remainingPercent: Math.max(0, 100 - usedPercent),
    windowMinutes,
    resetsAt: isoTime(resetsAt),
    resetsAtMs: resetsAt,
  };
}

/** Rows of `status --json`; `index` counts from 0, `number` from 1. */
export function statusRows(view: AccountsView) {
  const { reading, loaded, forecast, now } = view;
  return reading.pool.accounts.map((account, index) => {
    const facts = loaded.facts[index];
    const ahead = forecast.accounts[index];
    const { tags = [], weight = 1, isPaused = false, isDrained = false } = facts?.preferences ?? {};
    return {
      index,
      number: index + 1,
      label: accountLabel(account, index),
      kind: account.kind,
      enabled: account.isEnabled,
      current: reading.pool.activeIndex === index,
      pinned: reading.pool.pinnedIndex === index,
      markers: markersOf(view, index).map(({ name }) => name),
      lastUsed: account.lastUsed === 0 ? null : account.lastUsed,
      reason: ahead === undefined || ahead.availability.kind === 'ready' ? null : (ahead.reasons[0] ?? null),
      availability: ahead?.availability.kind ?? 'unavailable',
      availableAt: availableAt(ahead?.waitMs, now),
      loginErrorCode: account.kind === 'chatgpt' ? (account.invalidated?.code ?? null) : null,
      planType: facts?.quota?.planType ?? null,
      quota: quotaToJson(facts?.quota ?? null, now),
      tags,
      weight,
      paused: isPaused,
      drained: isDrained,
    };
  });
}

/** What came of asking the server, by account key. */
export interface ProbeResults {
  readonly failures: ReadonlyMap<string, ProbeFailure>;
  readonly answered: ReadonlySet<string>;
}

/** Rows of `forecast --json` and `report --json`. */
export function forecastRows(view: AccountsView, probe: ProbeResults | null) {
  const { reading, loaded, forecast, now } = view;
  return reading.pool.accounts.map((account, index) => {
    const ahead = forecast.accounts[index];
    const usage = loaded.facts[index]?.quota ?? null;
    const failure = probe?.failures.get(account.key);
    return {
      index,
      number: index + 1,
      label: accountLabel(account, index),
      isCurrent: reading.pool.activeIndex === index,
      isPinned: reading.pool.pinnedIndex === index,
      selected: forecast.recommendedIndex === index,
      isNext: forecast.next?.index === index,
      ...(ahead?.reasons[0] === undefined ? {} : { primaryReason: ahead.reasons[0] }),
      availability: ahead?.availability.kind ?? 'unavailable',
      riskScore: ahead?.riskScore ?? 100,
      riskLevel: ahead?.riskLevel ?? 'high',
      waitMs: ahead?.waitMs ?? 0,
      availableAt: availableAt(ahead?.waitMs, now),
      reasons: ahead?.reasons ?? [],
      quota: quotaToJson(usage, now),
      ...(usage !== null && probe?.answered.has(account.key) === true
        ? { liveQuota: liveQuota(usage, view) }
        : {}),
      ...(failure === undefined ? {} : { refreshFailure: failureToJson(failure) }),
    };
  });
}

function liveQuota(usage: Usage, { input, now }: AccountsView) {
  const summary = usage.windows.map((window) => quotaWords(window, now)).join(', ');
  return {
    status: 200,
    ...(usage.planType === null ? {} : { planType: usage.planType }),
    ...(usage.reachedType === null ? {} : { activeLimit: usage.reachedType }),
    model: input.model ?? '',
    summary: usage.planType === null ? summary : `${summary}, plan ${usage.planType}`,
  };
}

function failureToJson({ kind, reason, code, status, message, isPermanent }: ProbeFailure) {
  return {
    type: kind,
    reason: reason ?? kind,
    code,
    ...(status === null ? {} : { statusCode: status }),
    message,
    needsLogin: isPermanent,
  };
}

/** A failure in one line, with the server's code: `Account 2 (…): refresh_token_reused (401): …`. */
export function probeErrorLine(label: string, { code, status, reason, message }: ProbeFailure): string {
  const what = code ?? reason ?? 'limited';
  return `${label}: ${what}${status === null ? '' : ` (HTTP ${status})`}: ${message}`;
}

/** What is recommended, why, and what comes next. */
export function outlookToJson(view: AccountsView) {
  const { forecast, now } = view;
  const { recommendedIndex, next, fullAgainMs, unknownCount } = forecast;
  return {
    recommendedIndex,
    recommendedNumber: numberOf(recommendedIndex),
    reason: recommendationOf(view),
    next:
      next === null
        ? null
        : { index: next.index, number: next.index + 1, at: isoTime(Math.max(next.atMs, now)) },
    fullAgainAt: isoTime(fullAgainMs),
    unknownAccounts: unknownCount,
  };
}

/** A position as people count. */
export function numberOf(index: number | null): number | null {
  return index === null ? null : index + 1;
}

/** Why that account, in one line. */
export function recommendationOf({ reading, forecast }: AccountsView): string {
  const { pool } = reading;
  const { now, recommendedIndex, accounts } = forecast;
  if (pool.accounts.length === 0) return 'there are no accounts yet';
  const about = (index: number) => accounts[index]?.reasons.join('; ') ?? '';
  if (now.kind === 'none' && now.hard !== null) {
    const pinned = `pinned account ${now.hard.index + 1} cannot serve: ${about(now.hard.index)}`;
    return recommendedIndex === null ? pinned : `${pinned}; account ${recommendedIndex + 1} could`;
  }
  if (recommendedIndex === null) return 'no account can serve now';
  const why = now.kind === 'chosen' ? CHOICE_WORDS[now.reason] : CHOICE_WORDS.best;
  return `account ${recommendedIndex + 1}: ${why}; ${about(recommendedIndex)}`;
}

/** Why an account was chosen, by the reason of a selection. */
export const CHOICE_WORDS = {
  forced: 'named for this run',
  owner: 'owns the response that is continued',
  pinned: 'pinned by you',
  affinity: 'served this thread before',
  best: 'the best of those that can serve',
  only: 'the only one that can serve',
} as const;

function availableAt(waitMs: number | null | undefined, now: number): string | null {
  return waitMs === null || waitMs === undefined ? null : isoTime(now + waitMs);
}
