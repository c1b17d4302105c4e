/**
 * The answer of the usage endpoint, in the shape that the official backend client declares (Codex 0.133 to 0.169). Only what
 * is understood is taken; a new member, or a missing one, breaks nothing.
 */
import * as v from 'valibot';
import { plainText } from '../plain-text.ts';
import { type RawWindow, windowOf } from './limit-values.ts';
import type { AdditionalLimit, Credits, Usage, UsageWindow } from './usage-facts.ts';

const MaybeNumber = v.optional(v.fallback(v.nullable(v.number()), null), null);
const MaybeFlag = v.optional(v.fallback(v.boolean(), false), false);

const Window = v.looseObject({
  used_percent: v.number(),
  limit_window_seconds: MaybeNumber,
  reset_after_seconds: MaybeNumber,
  reset_at: MaybeNumber,
});

/** Windows are `primary_window`, `secondary_window`, and whatever else ends so. */
const RateLimit = v.looseObject({
  allowed: v.optional(v.fallback(v.nullable(v.boolean()), null), null),
  limit_reached: MaybeFlag,
});

/** The cap that a workspace sets on a member's credits; on usage-based plans it is the only limit there is. */
const SpendControl = v.looseObject({
  reached: MaybeFlag,
  individual_limit: v.optional(v.fallback(v.nullable(Window), null), null),
});

const Answer = v.looseObject({
  plan_type: v.optional(v.unknown()),
  rate_limit: v.optional(v.fallback(v.nullable(RateLimit), null), null),
  code_review_rate_limit: v.optional(v.fallback(v.nullable(RateLimit), null), null),
  additional_rate_limits: v.optional(v.fallback(v.nullable(v.array(v.unknown())), null), null),
  credits: v.optional(v.unknown()),
  spend_control: v.optional(v.fallback(v.nullable(SpendControl), null), null),
  rate_limit_reached_type: v.optional(v.unknown()),
});

const Additional = v.looseObject({
  limit_name: v.optional(v.unknown()),
  metered_feature: v.optional(v.unknown()),
  rate_limit: v.optional(v.nullable(RateLimit), null),
});

const CreditsMember = v.looseObject({
  has_credits: MaybeFlag,
  unlimited: MaybeFlag,
  balance: v.optional(v.unknown()),
});

const MAX_ADDITIONAL = 32;

/** `null` when it is nothing of the kind. `now`: epoch ms. */
export function parseUsageAnswer(text: string, now: number): Usage | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null; // a page; the caller says what came instead
  }
  if (Array.isArray(json)) return null;
  const parsed = v.safeParse(Answer, json);
  if (!parsed.success || !('plan_type' in parsed.output || 'rate_limit' in Object(json))) return null;
  const answer = parsed.output;
  const { rate_limit: limit, spend_control: spend } = answer;
  const windows = [
    ...(limit === null ? [] : windowsOf(limit, now)),
    ...spendWindow(spend?.individual_limit, now),
  ];
  const credits = creditsOf(answer.credits);
  const hasCredits = credits !== null && (credits.hasCredits || credits.isUnlimited);
  const reachedType = reachedTypeOf(answer.rate_limit_reached_type);
  return {
    planType: plainText(answer.plan_type),
    windows,
    additional: [
      ...(answer.code_review_rate_limit === null
        ? []
        : limitOf('code_review', 'Code review', answer.code_review_rate_limit, now)),
      ...(answer.additional_rate_limits ?? [])
        .slice(0, MAX_ADDITIONAL)
        .flatMap((row) => additionalOf(row, now)),
    ],
    limitReached:
      spend?.reached === true || isRefused(limit, hasCredits) || (!hasCredits && windows.some(isFull)),
    reachedType,
    credits,
    hasCredits,
    fetchedAt: now,
  };
}

type RateLimitMember = v.InferOutput<typeof RateLimit>;

/** A limit that is reached is no refusal where the server allows more, on credits. */
function isRefused(limit: RateLimitMember | null, hasCredits: boolean): boolean {
  if (limit === null) return false;
  return limit.allowed === false || (limit.limit_reached && !(limit.allowed === true && hasCredits));
}

function spendWindow(
  member: v.InferOutput<typeof Window> | null | undefined,
  now: number,
): readonly UsageWindow[] {
  const window = member === null || member === undefined ? null : windowOf(rawWindow(member), now);
  return window === null ? [] : [{ ...window, name: 'spend' }];
}

function rawWindow(member: v.InferOutput<typeof Window>): RawWindow {
  const { used_percent, limit_window_seconds, reset_after_seconds, reset_at } = member;
  return {
    usedPercent: used_percent,
    windowMinutes: limit_window_seconds === null ? null : limit_window_seconds / 60,
    resetAt: reset_at,
    resetAfterSeconds: reset_after_seconds,
  };
}

function windowsOf(limit: RateLimitMember, now: number): readonly UsageWindow[] {
  return Object.entries(limit).flatMap(([name, member]) => {
    const parsed = v.safeParse(Window, member);
    if (!name.endsWith('_window') || !parsed.success) return [];
    const window = windowOf(rawWindow(parsed.output), now);
    return window === null ? [] : [window];
  });
}

function additionalOf(row: unknown, now: number): readonly AdditionalLimit[] {
  const parsed = v.safeParse(Additional, row);
  if (!parsed.success || parsed.output.rate_limit === null) return [];
  const name = plainText(parsed.output.limit_name);
  const id = plainText(parsed.output.metered_feature) ?? name ?? 'limit';
  return limitOf(id, name, parsed.output.rate_limit, now);
}

function limitOf(
  id: string,
  name: string | null,
  limit: RateLimitMember,
  now: number,
): readonly AdditionalLimit[] {
  const windows = windowsOf(limit, now);
  if (windows.length === 0) return [];
  return [{ id, name, limitReached: limit.limit_reached || windows.some(isFull), windows }];
}

function creditsOf(member: unknown): Credits | null {
  const parsed = v.safeParse(CreditsMember, member);
  if (!parsed.success) return null;
  const { has_credits, unlimited, balance } = parsed.output;
  const text = typeof balance === 'number' && Number.isFinite(balance) ? String(balance) : balance;
  return { hasCredits: has_credits, isUnlimited: unlimited, balance: plainText(text, 40) };
}

function reachedTypeOf(member: unknown): string | null {
  const inner = typeof member === 'object' && member !== null && 'type' in member ? member.type : member;
  return plainText(inner);
}

function isFull({ usedPercent }: UsageWindow): boolean {
  return usedPercent >= 100;
}
