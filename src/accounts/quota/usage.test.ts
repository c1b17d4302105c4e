import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { requirePool } from '../store/pool-store.ts';
import { fetchUsage } from './usage.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const USAGE = '/backend-api/wham/usage';
const asked = () => world.lab.requests().map(({ method, path, status }) => `${method} ${path} ${status}`);

test('the limits of an account, with one question and no model call', async () => {
  const account = await world.addAccount('pro');
  const outcome = await fetchUsage(world.scope(), account);
  expect(outcome).toMatchObject({
    kind: 'usage',
    usage: {
      planType: 'pro',
      limitReached: false,
      windows: [
        { name: '5h', usedPercent: 12, windowMinutes: 300 },
        { name: 'weekly', usedPercent: 34, windowMinutes: 10_080 },
      ],
      credits: { hasCredits: false, isUnlimited: false, balance: '0' },
    },
  });
  expect(asked()).toEqual([`GET ${USAGE} 200`]);
});

test('a full window is a limit reached', async () => {
  const account = await world.addAccount('plus');
  await world.lab.control({ do: 'settings', patch: { secondaryUsedPercent: 100 } });
  expect(await fetchUsage(world.scope(), account)).toMatchObject({ usage: { limitReached: true } });
});

test('an expired token is refreshed before anything is asked', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const outcome = await fetchUsage(world.scope(), account);
  expect(outcome.kind).toBe('usage');
  expect(outcome.account.refreshToken).not.toBe(account.refreshToken);
  expect(asked()).toEqual(['POST /oauth/token 200', `GET ${USAGE} 200`]);
});

test('a 401 leads to one refresh and one more question', async () => {
  const account = await world.addAccount('plus');
  await world.fault(USAGE, { kind: 'answer', status: 401, json: { error: { code: 'token_expired' } } }, 1);
  expect(await fetchUsage(world.scope(), account)).toMatchObject({ kind: 'usage' });
  expect(asked()).toEqual([`GET ${USAGE} 401`, 'POST /oauth/token 200', `GET ${USAGE} 200`]);
  const [stored] = (await requirePool(world.scope())).accounts;
  expect(stored?.kind === 'chatgpt' && stored.refreshToken).not.toBe(account.refreshToken);
});

test('a 401 also with a fresh token is a refusal with its code', async () => {
  const account = await world.addAccount('plus');
  await world.fault(USAGE, {
    kind: 'answer',
    status: 401,
    json: { error: { code: 'account_deactivated', message: 'Your account was deactivated.' } },
  });
  expect(await fetchUsage(world.scope(), account)).toMatchObject({
    kind: 'refused',
    status: 401,
    code: 'account_deactivated',
    isPermanent: true,
    refresh: null,
  });
  expect(asked()).toHaveLength(3);
});

test('a refresh that the issuer refuses is the reason', async () => {
  const account = await world.addAccount('plus', { expired: true });
  await world.lab.control({ do: 'settings', patch: { refresh: 'reused' } });
  expect(await fetchUsage(world.scope(), account)).toMatchObject({
    kind: 'refused',
    code: 'refresh_token_reused',
    isPermanent: true,
    refresh: { catalogueId: 'auth.refresh_token_reused' },
  });
});

test("the edge's page is told from a refusal", async () => {
  const account = await world.addAccount('plus');
  await world.fault(USAGE, { kind: 'challenge' }, 1);
  expect(await fetchUsage(world.scope(), account)).toMatchObject({
    kind: 'failed',
    reason: 'edge',
    status: 403,
  });
  await world.fault(USAGE, { kind: 'answer', status: 403, json: { detail: 'no entitlement' } }, 1);
  expect(await fetchUsage(world.scope(), account)).toMatchObject({
    kind: 'refused',
    status: 403,
    isPermanent: false,
    message: expect.stringContaining('no entitlement'),
  });
});

test('429, 5xx, a cut answer and a dead server each have their kind', async () => {
  const account = await world.addAccount('plus');
  const scope = world.scope();
  await world.fault(USAGE, { kind: 'answer', status: 429, headers: { 'retry-after': '60' }, json: {} }, 1);
  const limited = await fetchUsage(scope, account);
  expect(limited.kind === 'limited' && limited.retryAt).toBeGreaterThan(Date.now() + 30_000);
  await world.fault(USAGE, { kind: 'answer', status: 502, text: 'bad gateway' }, 1);
  expect(await fetchUsage(scope, account)).toMatchObject({ kind: 'failed', reason: 'server', status: 502 });
  await world.fault(USAGE, { kind: 'half-body' }, 1);
  expect(await fetchUsage(scope, account)).toMatchObject({ kind: 'failed', reason: 'malformed' });
  await world.fault(USAGE, { kind: 'reset' }, 1);
  expect(await fetchUsage(scope, account)).toMatchObject({ kind: 'failed', reason: 'network', status: null });
});

test('a login is never sent in clear text', async () => {
  const account = await world.addAccount('plus');
  await writeFile(join(world.home, 'config.toml'), 'chatgpt_base_url = "http://proxy.example/backend-api"\n');
  expect(await fetchUsage(world.scope(), account)).toMatchObject({
    kind: 'failed',
    reason: 'malformed',
    message: expect.stringContaining('is not https://'),
  });
  expect(asked()).toEqual([]);
});
