/**
 * The settings of codex-multi-auth 2.8 that steward honours: type, default and environment variable of each. Its others steer
 * machinery that steward does not have (time-outs, pauses, token buckets of its proxy); they stay in the file untouched.
 */
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
