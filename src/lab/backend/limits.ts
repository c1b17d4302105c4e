/** Rate-limit headers and the usage answer, from the same numbers. */
import type { LabWorld } from '../world.ts';

const PRIMARY_MINUTES = 300;
const SECONDARY_MINUTES = 10_080;

/** The headers that every Responses answer carries; read by Codex 0.133 and 0.169. */
export function limitHeaders(world: LabWorld): Readonly<Record<string, string>> {
  const { primaryUsedPercent, secondaryUsedPercent } = world.settings();
  const now = world.clock.unixSeconds();
  return {
    'x-codex-primary-used-percent': String(primaryUsedPercent),
    'x-codex-primary-window-minutes': String(PRIMARY_MINUTES),
    'x-codex-primary-reset-at': String(now + resetAfterSeconds(PRIMARY_MINUTES)),
    'x-codex-secondary-used-percent': String(secondaryUsedPercent),
    'x-codex-secondary-window-minutes': String(SECONDARY_MINUTES),
    'x-codex-secondary-reset-at': String(now + resetAfterSeconds(SECONDARY_MINUTES)),
    'x-codex-credits-has-credits': 'false',
    'x-codex-credits-unlimited': 'false',
  };
}

/** The body of `GET wham/usage`. */
export function usageOf(world: LabWorld, plan: string): object {
  const { primaryUsedPercent, secondaryUsedPercent } = world.settings();
  const reached = primaryUsedPercent >= 100 || secondaryUsedPercent >= 100;
  const limitWindow = (usedPercent: number, minutes: number) => ({
    used_percent: usedPercent,
    limit_window_seconds: minutes * 60,
    reset_after_seconds: resetAfterSeconds(minutes),
    reset_at: world.clock.unixSeconds() + resetAfterSeconds(minutes),
  });
  return {
    plan_type: plan,
    rate_limit: {
      allowed: !reached,
      limit_reached: reached,
      primary_window: limitWindow(primaryUsedPercent, PRIMARY_MINUTES),
      secondary_window: limitWindow(secondaryUsedPercent, SECONDARY_MINUTES),
    },
    credits: { has_credits: false, unlimited: false, balance: '0' },
  };
}

/** The lab's windows are always half over. */
function resetAfterSeconds(minutes: number): number {
  return minutes * 30;
}
