import type { FailureEntry } from '../types.ts';

export const RATELIMIT: readonly FailureEntry[] = [
  {
    id: 'ratelimit.usage_limit',
    title: 'Usage limit',
    fixClass: 'W',
    actor: 'wait',
    cause: '"You\'ve hit your usage limit", `usage_limit_reached`.',
    fix: {
      summary: 'Wait for resets_at, add credits, or use another own account; re-login after a plan change.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'ratelimit.too_many_requests',
    title: 'Too many requests',
    fixClass: 'W',
    actor: 'wait',
    cause: '"exceeded retry limit, last status: 429".',
    fix: {
      summary: 'Back off (Retry-After), less concurrency, look for an incident; no re-login.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'ratelimit.credits_exhausted',
    title: 'Credits exhausted',
    fixClass: 'U',
    actor: 'you',
    cause: '"Quota exceeded. Check your plan and billing", "workspace is out of credits".',
    fix: { summary: 'Refill (owner) or use the right workspace/auth mode.', steps: [] },
    signals: [],
    references: [],
  },
];
