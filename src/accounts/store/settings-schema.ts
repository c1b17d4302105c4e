/** The settings that commands and gateway honour: type, default and environment variable of each (codex-multi-auth 2.8). */
import * as v from 'valibot';
import { STRATEGIES } from '../selection/facts.ts';

const flag = (initial: boolean) => v.optional(v.boolean(), initial);
const number = (initial: number, least: number, most = Number.MAX_SAFE_INTEGER) =>
  v.optional(v.pipe(v.number(), v.minValue(least), v.maxValue(most)), initial);

/** Durations in ms; percents 0 to 100. */
export const SettingsObject = v.object({
  codexRuntimeRotationProxy: flag(true),
  /** codex-multi-auth knows the first two. */
  schedulingStrategy: v.optional(v.picklist(STRATEGIES), 'hybrid'),
  routingMutex: v.optional(v.picklist(['legacy', 'enabled']), 'legacy'),
  pidOffsetEnabled: flag(true),
  minRotationIntervalMs: number(60_000, 0),
  tokenInvalidationCooldownMs: number(300_000, 0),
  networkErrorCooldownMs: number(6_000, 0),
  serverErrorCooldownMs: number(4_000, 0),
  tokenRefreshSkewMs: number(60_000, 0),
  fetchTimeoutMs: number(60_000, 1_000),
  streamStallTimeoutMs: number(45_000, 1_000),
  retryAllAccountsMaxRetries: number(0, 0),
  sessionAffinity: flag(true),
  sessionAffinityTtlMs: number(1_200_000, 1_000),
  sessionAffinityMaxEntries: number(512, 8),
  preemptiveQuotaEnabled: flag(true),
  preemptiveQuotaRemainingPercent5h: number(5, 0, 100),
  preemptiveQuotaRemainingPercent7d: number(5, 0, 100),
  preemptiveQuotaMaxDeferralMs: number(7_200_000, 1_000),
  /** A pool for each project; see `resolveAccountPaths` for when it applies. */
  perProjectAccounts: flag(true),
});

/** In effect: environment variable, else settings file, else default. */
export type Settings = Readonly<v.InferOutput<typeof SettingsObject>>;
export type SettingKey = keyof Settings;

/** The variable that goes before the file. */
export const VARIABLES: Readonly<Record<SettingKey, string>> = {
  codexRuntimeRotationProxy: 'CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY',
  schedulingStrategy: 'CODEX_AUTH_SCHEDULING_STRATEGY',
  routingMutex: 'CODEX_AUTH_ROUTING_MUTEX',
  pidOffsetEnabled: 'CODEX_AUTH_PID_OFFSET_ENABLED',
  minRotationIntervalMs: 'CODEX_AUTH_MIN_ROTATION_INTERVAL_MS',
  tokenInvalidationCooldownMs: 'CODEX_AUTH_TOKEN_INVALIDATION_COOLDOWN_MS',
  networkErrorCooldownMs: 'CODEX_AUTH_NETWORK_ERROR_COOLDOWN_MS',
  serverErrorCooldownMs: 'CODEX_AUTH_SERVER_ERROR_COOLDOWN_MS',
  tokenRefreshSkewMs: 'CODEX_AUTH_TOKEN_REFRESH_SKEW_MS',
  fetchTimeoutMs: 'CODEX_AUTH_FETCH_TIMEOUT_MS',
  streamStallTimeoutMs: 'CODEX_AUTH_STREAM_STALL_TIMEOUT_MS',
  retryAllAccountsMaxRetries: 'CODEX_AUTH_RETRY_ALL_MAX_RETRIES',
  sessionAffinity: 'CODEX_AUTH_SESSION_AFFINITY',
  sessionAffinityTtlMs: 'CODEX_AUTH_SESSION_AFFINITY_TTL_MS',
  sessionAffinityMaxEntries: 'CODEX_AUTH_SESSION_AFFINITY_MAX_ENTRIES',
  preemptiveQuotaEnabled: 'CODEX_AUTH_PREEMPTIVE_QUOTA_ENABLED',
  preemptiveQuotaRemainingPercent5h: 'CODEX_AUTH_PREEMPTIVE_QUOTA_5H_REMAINING_PCT',
  preemptiveQuotaRemainingPercent7d: 'CODEX_AUTH_PREEMPTIVE_QUOTA_7D_REMAINING_PCT',
  preemptiveQuotaMaxDeferralMs: 'CODEX_AUTH_PREEMPTIVE_QUOTA_MAX_DEFERRAL_MS',
  perProjectAccounts: 'CODEX_AUTH_PER_PROJECT_ACCOUNTS',
};

/** What a variable's text stands for, or `undefined`. */
export function valueOfText(key: SettingKey, text: string): unknown {
  const word = text.trim().toLowerCase();
  const readings = [word, FLAGS.get(word), word === '' ? undefined : Number(word)];
  return readings.find((value) => value !== undefined && v.is(SettingsObject.entries[key], value));
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['true', true],
  ['yes', true],
  ['0', false],
  ['false', false],
  ['no', false],
]);
