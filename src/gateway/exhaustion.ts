/**
 * The answer when no account can serve, in the form that Codex understands and shows once, without a retry storm
 * (`usage_limit_reached` with the time of the reset), and with what a script wants to know. Says nothing secret: accounts
 * are numbers.
 */
import type { BlockedAccount, Choice, PoolLimits } from './account-source.ts';
import { limitHeaders } from './response-headers.ts';

type Nobody = Extract<Choice, { kind: 'none' }>;

export interface ExhaustionAnswer {
  readonly status: 429 | 400;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly error: Readonly<Record<string, unknown>>;
  /** The same as an event in place of the model's; `null` where the error itself is understood. */
  readonly event: Readonly<Record<string, unknown>> | null;
}

/** Reasons that pass by themselves; the others need a person. */
const PASSING = new Set(['rate-limit', 'credits', 'server-error', 'network-error']);

/** Epoch ms at which the first account serves again, or `null` when a person has to act first. */
export function soonestMs(blocked: readonly BlockedAccount[]): number | null {
  const times = blocked.flatMap(({ untilMs, reason }) =>
    untilMs !== null && PASSING.has(reason) ? [untilMs] : [],
  );
  return times.length === 0 ? null : Math.min(...times);
}

export function exhaustionAnswer(none: Nobody, limits: PoolLimits | null, nowMs: number): ExhaustionAnswer {
  const at = soonestMs(none.blocked);
  const reasons = Object.fromEntries(none.blocked.map(({ number, reason }) => [String(number - 1), reason]));
  const shared = {
    code: none.hard === null ? 'codex_runtime_rotation_pool_exhausted' : 'codex_pinned_account_unavailable',
    reason: mainReason(none.blocked),
    retry_after_ms: at === null ? null : Math.max(0, at - nowMs),
    account_skip_reasons: reasons,
    accounts: none.blocked.map(({ number, reason, untilMs }) => ({
      number,
      reason,
      until: untilMs === null ? null : new Date(untilMs).toISOString(),
    })),
    hint: hintFor(none),
  };
  if (at === null) {
    // Nothing to wait for: a status that Codex does not retry, and the sentence that says what to do.
    const message = `${whatHappened(none)} ${shared.hint}`;
    return {
      status: 400,
      headers: ['content-type', 'application/json'],
      error: { type: 'invalid_request_error', message, ...shared },
      event: failedEvent(message, shared),
    };
  }
  const seconds = Math.max(1, Math.ceil((at - nowMs) / 1000));
  const waiting = none.blocked.find(({ untilMs }) => untilMs === at);
  return {
    status: 429,
    headers: [
      'content-type',
      'application/json',
      'retry-after',
      String(seconds),
      ...(limits === null ? [] : limitHeaders(limits)),
    ],
    error: {
      type: 'usage_limit_reached',
      message: `${whatHappened(none)} The first can again at ${new Date(at).toISOString()}.`,
      plan_type: waiting?.planType ?? null,
      resets_at: Math.ceil(at / 1000),
      resets_in_seconds: seconds,
      ...shared,
    },
    event: null,
  };
}

/** Of an error answer Codex (0.133 to 0.169) shows the whole body, JSON and all; of an event with this code the message alone. */
function failedEvent(message: string, details: Readonly<Record<string, unknown>>) {
  const error = { ...details, code: 'invalid_prompt', gateway_code: details.code, message };
  return { type: 'response.failed', response: { id: 'resp_gateway', status: 'failed', error } };
}

function whatHappened({ hard, blocked }: Nobody): string {
  switch (hard) {
    case 'pinned':
      return 'The account that is pinned cannot serve now.';
    case 'forced':
      return 'The account that this session was started with cannot serve now.';
    case 'owner':
      return 'Only the account that began this conversation can continue it, and it cannot serve now.';
    case null:
      return blocked.length === 1
        ? 'The only account cannot serve now.'
        : `None of the ${blocked.length} accounts can serve now.`;
  }
}

function hintFor({ hard, blocked }: Nobody): string {
  if (hard === 'pinned') return 'Run `steward auth unpin` to let the others serve.';
  if (blocked.some(({ reason }) => reason === 'auth-failure'))
    return 'Run `steward auth status` to see which accounts need a new login, and `steward auth login` for them.';
  return 'Run `steward auth status` to see when each account is back.';
}

/** The reason that is told first: the one that most accounts have. */
function mainReason(blocked: readonly BlockedAccount[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of blocked) {
    if (reason !== 'other-owner' && reason !== 'already-attempted')
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const [first] = [...counts].sort((a, b) => b[1] - a[1]);
  return first?.[0] ?? 'no-account';
}
