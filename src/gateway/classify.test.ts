import { describe, expect, test } from 'vitest';
import { classifyFailure } from './classify.ts';
import { parseEventFailure, parseHttpFailure } from './failure.ts';
import type { Verdict } from './verdict.ts';

const NOW = 1_800_000_000_000;
const judge = (status: number, body: unknown, headers: Record<string, string> = {}): Verdict => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return classifyFailure(parseHttpFailure(status, headers, Buffer.from(text), NOW), NOW);
};
const inEvent = (event: Record<string, unknown>): Verdict | null => {
  const failure = parseEventFailure(event, NOW);
  return failure === null ? null : classifyFailure(failure, NOW);
};
const error = (fields: Record<string, unknown>) => ({ error: { message: '', ...fields } });
const HTML = { 'content-type': 'text/html; charset=UTF-8' };

describe('ratelimit', () => {
  const limit = error({ type: 'usage_limit_reached', plan_type: 'plus' });
  test.each<[string, Verdict, unknown, Record<string, string>]>([
    [
      'the body’s time',
      at(NOW + 7200_000),
      error({ type: 'usage_limit_reached', resets_at: NOW / 1000 + 7200 }),
      {},
    ],
    [
      'the body’s seconds',
      at(NOW + 60_000),
      error({ type: 'usage_limit_reached', resets_in_seconds: 60 }),
      {},
    ],
    [
      'the later of two full windows',
      at(NOW + 9000_000),
      limit,
      {
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-reset-at': String(NOW / 1000 + 60),
        'x-codex-secondary-used-percent': '100',
        'x-codex-secondary-reset-at': String(NOW / 1000 + 9000),
      },
    ],
    [
      'the full window alone',
      at(NOW + 60_000),
      limit,
      {
        'x-codex-primary-used-percent': '100',
        'x-codex-primary-reset-at': String(NOW / 1000 + 60),
        'x-codex-secondary-used-percent': '40',
        'x-codex-secondary-reset-at': String(NOW / 1000 + 9000),
      },
    ],
    ['Retry-After', at(NOW + 30_000), limit, { 'retry-after': '30' }],
    ['nobody', at(null), limit, {}],
  ])('a usage limit ends at the time that %s tells', (_name, verdict, body, headers) => {
    expect(judge(429, body, headers)).toEqual(verdict);
  });

  test('too many requests: Retry-After in seconds, as a date, in milliseconds, or in the text', () => {
    const busy = (untilMs: number | null): Verdict => ({ kind: 'rotate', why: 'too-many-requests', untilMs });
    const body = error({ code: 'rate_limit_exceeded', message: 'Please try again in 1.5s.' });
    expect(judge(429, body, { 'retry-after': '3' })).toEqual(busy(NOW + 3000));
    expect(judge(429, body, { 'retry-after': new Date(NOW + 9000).toUTCString() })).toEqual(busy(NOW + 9000));
    expect(judge(429, body, { 'retry-after-ms': '250' })).toEqual(busy(NOW + 250));
    expect(judge(429, body)).toEqual(busy(NOW + 1500));
    expect(judge(429, '')).toEqual(busy(null));
  });

  test('credits: an API key’s quota, and a workspace that has run out', () => {
    expect(judge(429, error({ code: 'insufficient_quota' }))).toMatchObject({
      kind: 'rotate',
      why: 'credits',
    });
    const workspace = { 'x-codex-rate-limit-reached-type': 'workspace_member_credits_depleted' };
    expect(judge(429, limit, workspace)).toMatchObject({ kind: 'rotate', why: 'credits' });
    expect(judge(402, error({ message: 'Payment required' }))).toMatchObject({
      kind: 'rotate',
      why: 'credits',
    });
  });

  test('a limit of the edge concerns the address: wait, whoever asks', () => {
    expect(judge(429, '<html>1015</html>', HTML)).toMatchObject({ kind: 'wait' });
  });
});

describe('auth', () => {
  test('401 asks for another credential', () => {
    expect(judge(401, error({ code: 'token_expired' }))).toEqual({ kind: 'refresh', code: 'token_expired' });
    expect(judge(401, '')).toEqual({ kind: 'refresh', code: null });
  });

  test('a plan or a workspace that cannot is left', () => {
    expect(judge(429, error({ type: 'usage_not_included' }))).toMatchObject({ kind: 'rotate', why: 'plan' });
    expect(judge(403, { detail: { code: 'deactivated_workspace' } })).toMatchObject({ why: 'deactivated' });
    expect(judge(402, { detail: 'Your workspace has been deactivated.' })).toMatchObject({
      why: 'deactivated',
    });
  });

  test.each([
    ['mfa', { detail: 'MFA is required for this workspace.' }],
    [
      'workspace-policy',
      { detail: 'Codex is not enabled for your workspace. Contact your workspace admin.' },
    ],
    ['region', error({ code: 'unsupported_country_region_territory' })],
  ])('403 that no account of the same person may get round: %s', (why, body) => {
    expect(judge(403, body)).toEqual({ kind: 'stop', why });
  });

  test('a 403 that says nothing known is passed on', () => {
    expect(judge(403, error({ message: 'no' }))).toEqual({ kind: 'pass' });
  });
});

describe('network.edge_blocked', () => {
  test.each([
    ['a page', '<!DOCTYPE html><title>Just a moment...</title>', HTML],
    ['a page without its type', ' <html>Attention Required! | Cloudflare</html>', {}],
    ['a bare refusal', '', { 'cf-ray': 'abc' }],
    ['a marked challenge', 'x', { 'cf-mitigated': 'challenge' }],
  ])('%s', (_name, body, headers) => {
    expect(judge(403, body, headers)).toEqual({ kind: 'stop', why: 'edge' });
  });
});

describe('safety.flagged stops, whatever it looks like', () => {
  test.each([400, 401, 402, 403, 429, 500, 503])('with status %i', (status) => {
    expect(judge(status, error({ code: 'cyber_policy_violation' }))).toEqual({ kind: 'stop', why: 'safety' });
    const text = 'This request has been flagged for potentially high-risk cyber activity.';
    expect(judge(status, error({ message: text }))).toEqual({ kind: 'stop', why: 'safety' });
  });

  test.each([
    'cyber_policy',
    'misalignment_policy_violation',
    'content_filter',
    'account_deactivated',
    'account_suspended',
    'invalid_prompt',
  ])('inside a stream: %s', (code) => {
    const event = {
      type: 'response.failed',
      response: { error: { code, message: 'usage limit, try again in 1s' } },
    };
    expect(inEvent(event)).toEqual({ kind: 'stop', why: 'safety' });
  });

  test('a limit is no flag because it speaks of usage', () => {
    const message = 'The usage limit has been reached. Visit settings/usage for your plan’s policy.';
    expect(judge(429, error({ type: 'usage_limit_reached', message }))).toMatchObject({ kind: 'rotate' });
  });
});

describe('server', () => {
  test.each([500, 502, 503, 504, 520, 529])('%i is the server’s trouble, also as a page', (status) => {
    expect(judge(status, error({ message: 'no' }))).toEqual({ kind: 'wait', why: 'server', afterMs: null });
    expect(judge(status, '<html>', HTML)).toMatchObject({ kind: 'wait', why: 'server' });
  });

  test('overload, with the time that it asks for', () => {
    const verdict = judge(503, error({ code: 'server_is_overloaded' }), { 'retry-after': '2' });
    expect(verdict).toEqual({ kind: 'wait', why: 'overloaded', afterMs: 2000 });
    expect(inEvent({ type: 'response.failed', response: { error: { code: 'slow_down' } } })).toMatchObject({
      kind: 'wait',
    });
  });
});

describe('what is the client’s own business passes', () => {
  test.each([
    [400, error({ code: 'context_length_exceeded' })],
    [400, error({ type: 'invalid_request_error', message: 'bad' })],
    [400, error({ code: 'model_not_found', message: 'Unsupported model' })],
    [404, { detail: 'Not Found' }],
    [413, ''],
    [422, error({})],
    [426, ''],
  ])('%i %j', (status, body) => {
    expect(judge(status, body)).toEqual({ kind: 'pass' });
  });
});

test('session.encrypted_content asks for an input without what cannot be read', () => {
  const body = error({ code: 'invalid_encrypted_content' });
  expect(judge(400, body)).toEqual({ kind: 'strip' });
  const words = 'The encrypted content gAAA... could not be verified. Reason: organization_id did not match.';
  expect(judge(400, error({ message: words }))).toEqual({ kind: 'strip' });
});

test('model.unsupported_account leaves the account for this model', () => {
  const detail = "The 'x' model is not supported when using Codex with a ChatGPT account.";
  expect(judge(400, { detail })).toEqual({ kind: 'rotate', why: 'model-unsupported', untilMs: null });
});

describe('WebSocket frames', () => {
  test('carry status, error and headers', () => {
    const frame = {
      type: 'error',
      status: 429,
      error: { type: 'usage_limit_reached', message: 'no' },
      headers: { 'X-Codex-Primary-Used-Percent': '100', 'x-codex-primary-reset-at': NOW / 1000 + 60 },
    };
    expect(inEvent(frame)).toEqual(at(NOW + 60_000));
  });

  test('of the connection itself', () => {
    const frame = (code: string) => inEvent({ type: 'error', status: 400, error: { code } });
    expect(frame('websocket_connection_limit_reached')).toEqual({ kind: 'reconnect' });
    expect(frame('previous_response_not_found')).toEqual({ kind: 'resend' });
  });

  test('other events are no failure', () => {
    expect(inEvent({ type: 'response.completed', response: {} })).toBeNull();
    expect(inEvent({ type: 'response.incomplete', response: {} })).toBeNull();
  });
});

function at(untilMs: number | null): Verdict {
  return { kind: 'rotate', why: 'usage-limit', untilMs };
}
