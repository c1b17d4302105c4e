/** Limits, credits and plans. */

import type { FaultInput } from '../fault.ts';
import { MODEL } from './matches.ts';
import { type Scenario, scenario } from './scenario.ts';

const IN_TWO_HOURS = '{{unix+7200}}';

/** 429 in the shape that Codex reads (type, plan, `resets_at` in Unix seconds) for one account or for all. */
function usageLimit(match: FaultInput['match'], headers: Readonly<Record<string, string>> = {}): FaultInput {
  return {
    match,
    effect: {
      kind: 'answer',
      status: 429,
      headers: {
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-window-minutes': '300',
        'x-codex-primary-reset-at': IN_TWO_HOURS,
        ...headers,
      },
      json: {
        error: {
          type: 'usage_limit_reached',
          message: 'The usage limit has been reached',
          plan_type: '{{plan}}',
          resets_at: IN_TWO_HOURS,
          resets_in_seconds: 7200,
        },
      },
    },
  };
}

function failed(code: string, message: string): FaultInput {
  return {
    match: MODEL,
    effect: {
      kind: 'events',
      events: [
        { type: 'response.created', response: { id: 'resp_lab_failed' } },
        {
          type: 'response.failed',
          response: { id: 'resp_lab_failed', status: 'failed', error: { code, message } },
        },
      ],
    },
  };
}

export const LIMIT_SCENARIOS: readonly Scenario[] = [
  scenario({
    name: 'usage-limit',
    failureId: 'ratelimit.usage_limit',
    summary: 'The plan’s usage limit is reached; it resets in two hours.',
    settings: { primaryUsedPercent: 100 },
    faults: [usageLimit(MODEL)],
  }),
  scenario({
    name: 'usage-limit-one',
    failureId: 'ratelimit.usage_limit',
    summary: 'The account "plus" has reached its limit, the others have not: what a pool must get over.',
    faults: [usageLimit({ ...MODEL, account: 'plus' })],
  }),
  scenario({
    name: 'pool-exhausted',
    failureId: 'pool.exhausted',
    summary: 'Every account has reached its limit, in the plain form and with the reset in the headers.',
    settings: { primaryUsedPercent: 100, secondaryUsedPercent: 100 },
    faults: [usageLimit(MODEL)],
  }),
  scenario({
    name: 'cooldown-over',
    failureId: 'pool.stale_cooldown',
    summary: 'The account "plus" meets its limit once, and is accepted again right after.',
    faults: [{ ...usageLimit({ ...MODEL, account: 'plus' }), times: 1 }],
  }),
  scenario({
    name: 'workspace-credits',
    failureId: 'ratelimit.credits_exhausted',
    summary: 'The workspace is out of credits (0.169 reads the reason from a header).',
    settings: { account: 'team', primaryUsedPercent: 100 },
    faults: [usageLimit(MODEL, { 'x-codex-rate-limit-reached-type': 'workspace_member_credits_depleted' })],
  }),
  scenario({
    name: 'credits-exhausted',
    failureId: 'ratelimit.credits_exhausted',
    summary: 'The stream fails with insufficient_quota.',
    faults: [
      failed(
        'insufficient_quota',
        'You exceeded your current quota, please check your plan and billing details.',
      ),
    ],
  }),
  scenario({
    name: 'too-many-requests',
    failureId: 'ratelimit.too_many_requests',
    summary: 'A plain 429 with Retry-After of one second, without a usage limit.',
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'answer',
          status: 429,
          headers: { 'retry-after': '1' },
          json: {
            error: {
              type: 'requests',
              code: 'rate_limit_exceeded',
              message: 'Rate limit reached for requests.',
            },
          },
        },
      },
    ],
  }),
  scenario({
    name: 'rate-limit-in-stream',
    failureId: 'ratelimit.too_many_requests',
    summary: 'The stream begins with 200 and fails with rate_limit_exceeded.',
    faults: [failed('rate_limit_exceeded', 'Rate limit reached. Please try again in 0.2s.')],
  }),
  scenario({
    name: 'plan-not-eligible',
    failureId: 'auth.plan_not_eligible',
    summary: 'The account’s plan does not include Codex.',
    settings: { account: 'free' },
    faults: [
      {
        match: MODEL,
        effect: {
          kind: 'answer',
          status: 429,
          json: {
            error: {
              type: 'usage_not_included',
              message: 'Usage not included in your plan',
              plan_type: '{{plan}}',
            },
          },
        },
      },
    ],
  }),
];
