/** An account's limits in one shape, whether the usage endpoint, the headers of an answer or a refusal told them. */

export interface UsageWindow {
  /** `5h`, `weekly`, `monthly`, else its length (`90m`, `3d`); `spend`: the workspace's cap on a member's credits. */
  readonly name: string;
  /** 0 to 100. */
  readonly usedPercent: number;
  readonly windowMinutes: number | null;
  /** Epoch ms. */
  readonly resetsAt: number | null;
}

/** A limit beside the general ones, such as that of one model. */
export interface AdditionalLimit {
  /** `codex_bengalfox`: what the server calls it. */
  readonly id: string;
  /** For people; `null` when the server gives none. */
  readonly name: string | null;
  readonly limitReached: boolean;
  readonly windows: readonly UsageWindow[];
}

export interface Credits {
  readonly hasCredits: boolean;
  readonly isUnlimited: boolean;
  /** As the server writes it; `null` when it does not say. */
  readonly balance: string | null;
}

export interface Usage {
  readonly planType: string | null;
  /** The limits that every request counts against. */
  readonly windows: readonly UsageWindow[];
  readonly additional: readonly AdditionalLimit[];
  /** Nothing more is served, also not on credits. */
  readonly limitReached: boolean;
  /** Which limit: `workspace_member_credits_depleted`, …; `null` when it does not say. */
  readonly reachedType: string | null;
  readonly credits: Credits | null;
  /** Bought credits serve on when the limits are used up. */
  readonly hasCredits: boolean;
  /** Epoch ms. */
  readonly fetchedAt: number;
}

/** Names a window by its length, which is all that tells the windows apart. */
export function windowName(minutes: number | null): string {
  if (minutes === null) return 'limit';
  if (Math.abs(minutes - 300) <= 5) return '5h';
  if (Math.abs(minutes - 10_080) <= 60) return 'weekly';
  if (minutes >= 28 * 1440 - 60 && minutes <= 31 * 1440 + 60) return 'monthly';
  if (minutes % 1440 === 0) return `${minutes / 1440}d`;
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`;
}
