/** `settings.json`: the keys of `pluginConfig` that commands and gateway honour, with the environment over them. */
import type { CodexScope } from '../../codex/home.ts';

export type SchedulingStrategy = 'hybrid' | 'sequential';

/** In effect: environment variable, else settings file, else default. Durations in ms. */
export interface Settings {
  readonly codexRuntimeRotationProxy: boolean;
  readonly schedulingStrategy: SchedulingStrategy;
  readonly routingMutex: 'enabled' | 'legacy';
  readonly pidOffsetEnabled: boolean;
  readonly minRotationIntervalMs: number;
  readonly tokenInvalidationCooldownMs: number;
  readonly networkErrorCooldownMs: number;
  readonly serverErrorCooldownMs: number;
  readonly tokenRefreshSkewMs: number;
  readonly fetchTimeoutMs: number;
  readonly streamStallTimeoutMs: number;
  readonly retryAllAccountsMaxRetries: number;
  readonly sessionAffinity: boolean;
  readonly sessionAffinityTtlMs: number;
  readonly sessionAffinityMaxEntries: number;
  readonly preemptiveQuotaEnabled: boolean;
  /** Percent, 0 to 100. */
  readonly preemptiveQuotaRemainingPercent5h: number;
  /** Percent, 0 to 100. */
  readonly preemptiveQuotaRemainingPercent7d: number;
  readonly preemptiveQuotaMaxDeferralMs: number;
  readonly perProjectAccounts: boolean;
}

export type SettingKey = keyof Settings;
export type SettingSource = 'env' | 'file' | 'default';

export interface SettingsReading {
  readonly settings: Settings;
  readonly sources: Readonly<Record<SettingKey, SettingSource>>;
  /** The file that was read, or `null` when there is none. */
  readonly path: string | null;
  /** What could not be honoured: a broken file, a value of the wrong type, a variable that means nothing. No secrets. */
  readonly warnings: readonly string[];
}

/** Reads the settings; a broken file means the defaults and a warning. Never writes. */
export async function readSettings(_scope: CodexScope): Promise<SettingsReading> {
  throw new Error('under construction');
}

/** Stores these keys (`null` removes one) and keeps everything else in the file. Nothing is written when nothing changes. */
export async function updateSettings(
  _scope: CodexScope,
  _changes: { readonly [K in SettingKey]?: Settings[K] | null },
): Promise<void> {
  throw new Error('under construction');
}
