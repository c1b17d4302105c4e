import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import type { Pool } from '../account.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { type SwitchOptions, switchAccount } from './switch-account.ts';

const BY_HAND: SwitchOptions = { reason: 'manual', pin: true, enables: true };

let world: LabWithHome;

beforeEach(async () => {
  world = await startLabWithHome();
  await mkdir(join(world.home, 'no-root', 'proc'), { recursive: true });
});

afterEach(() => world.stop());

function pool(): Promise<Pool> {
  return requirePool(world.scope());
}

async function keyOf(index: number): Promise<string> {
  return (await pool()).accounts[index]?.key ?? '';
}

describe('switching', () => {
  test('makes the account active, pins it, and logs Codex in with it; no token is spent for it', async () => {
    await world.addAccount('plus');
    const second = await world.addAccount('second');
    const outcome = await switchAccount(world.scope(), second.key, BY_HAND);
    expect(outcome).toMatchObject({
      kind: 'switched',
      index: 1,
      tokens: 'fresh',
      affinityGeneration: 1,
      login: { kind: 'written' },
    });
    const families = { 'gpt-5-codex': 1, 'codex-max': 1, codex: 1, 'gpt-5.2': 1, 'gpt-5.1': 1 };
    expect(await pool()).toMatchObject({
      activeIndex: 1,
      activeIndexByFamily: families,
      pinnedIndex: 1,
      affinityGeneration: 1,
    });
    expect((await world.readAuth()).tokens).toMatchObject({
      id_token: second.idToken,
      refresh_token: second.refreshToken,
      account_id: second.accountId,
    });
    expect(world.tokenCalls()).toBe(0);
  });

  test('without a pin it takes a pin away', async () => {
    const first = await world.addAccount('plus');
    const second = await world.addAccount('second');
    await switchAccount(world.scope(), first.key, BY_HAND);
    const outcome = await switchAccount(world.scope(), second.key, { reason: 'best', pin: false });
    expect(outcome).toMatchObject({ kind: 'switched', pinCleared: true });
    expect(await pool()).toMatchObject({ pinnedIndex: null, activeIndex: 1, affinityGeneration: 2 });
  });

  test('renews an expired login first, keeps it, and hands the new pair to Codex', async () => {
    const account = await world.addAccount('plus', { expired: true });
    expect(await switchAccount(world.scope(), account.key, BY_HAND)).toMatchObject({ tokens: 'refreshed' });
    const [stored] = (await pool()).accounts;
    if (stored?.kind !== 'chatgpt') throw new Error('no account');
    expect(stored.refreshToken).not.toBe(account.refreshToken);
    expect((await world.readAuth()).tokens.refresh_token).toBe(stored.refreshToken);
    expect(world.tokenCalls()).toBe(1);
  });

  test('enables a disabled account only where the user named it', async () => {
    const account = await world.addAccount('plus');
    const disable = () =>
      updatePool(world.scope(), (before) => ({
        pool: { ...before, accounts: before.accounts.map((each) => ({ ...each, isEnabled: false })) },
        result: null,
      }));
    await disable();
    expect(await switchAccount(world.scope(), account.key, { reason: 'best', pin: false })).toEqual({
      kind: 'disabled',
    });
    expect((await pool()).accounts[0]?.isEnabled).toBe(false);
    expect(await switchAccount(world.scope(), account.key, BY_HAND)).toMatchObject({ wasDisabled: true });
    expect((await pool()).accounts[0]?.isEnabled).toBe(true);
  });

  test('an account that has gone meanwhile is said, and nothing changes', async () => {
    await world.addAccount('plus');
    expect(await switchAccount(world.scope(), 'sha256:none', BY_HAND)).toEqual({ kind: 'gone' });
    expect((await pool()).affinityGeneration).toBe(0);
  });
});

describe('nothing good is lost', () => {
  test('a login that only auth.json has is taken into the pool before it is replaced', async () => {
    const second = await world.addAccount('second');
    const strange = await world.login('plus');
    await world.writeAuth(strange);
    const outcome = await switchAccount(world.scope(), second.key, BY_HAND);
    expect(outcome).toMatchObject({ kind: 'switched', index: 0, imported: { index: 1 } });
    expect((await pool()).accounts[1]).toMatchObject({
      refreshToken: strange.refresh_token,
      idToken: strange.id_token,
      isEnabled: true,
    });
  });

  test('a spent token replaces nothing: the code is told, and auth.json stays as it is to the byte', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const other = await world.addAccount('second');
    await switchAccount(world.scope(), other.key, BY_HAND);
    const before = await readFile(join(world.home, 'auth.json'), 'utf8');
    await world.redeem(account.refreshToken); // somebody else spends it, and keeps what comes back
    const outcome = await switchAccount(world.scope(), account.key, BY_HAND);
    expect(outcome).toMatchObject({
      kind: 'dead',
      tokens: { kind: 'refused', code: 'refresh_token_reused' },
    });
    expect(await readFile(join(world.home, 'auth.json'), 'utf8')).toBe(before);
    expect(await pool()).toMatchObject({ activeIndex: 1, pinnedIndex: 1, affinityGeneration: 1 });
    expect((await pool()).accounts[0]).toMatchObject({ invalidated: { code: 'refresh_token_reused' } });
  });

  test('a token that is known to be spent is never sent again', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.redeem(account.refreshToken);
    await switchAccount(world.scope(), account.key, BY_HAND);
    const calls = world.tokenCalls();
    const again = await switchAccount(world.scope(), account.key, BY_HAND);
    expect(again).toMatchObject({ kind: 'dead', tokens: { code: 'refresh_token_reused' } });
    expect(world.tokenCalls()).toBe(calls);
  });

  test('a newer pair that Codex has for a dead account brings it back', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const newer = await world.redeem(account.refreshToken);
    await switchAccount(world.scope(), account.key, BY_HAND);
    await world.writeAuth(newer);
    const outcome = await switchAccount(world.scope(), account.key, BY_HAND);
    expect(outcome).toMatchObject({ kind: 'switched' });
    expect((await world.readAuth()).tokens.refresh_token).toBe(newer.refresh_token);
    expect((await pool()).accounts[0]).toMatchObject({
      invalidated: null,
      refreshToken: newer.refresh_token,
    });
  });

  test('without an answer from the server nothing is switched', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'answer', status: 500, text: '' });
    const outcome = await switchAccount(world.scope(), account.key, BY_HAND);
    expect(outcome).toMatchObject({ kind: 'dead', tokens: { kind: 'failed' } });
    expect((await pool()).affinityGeneration).toBe(0);
  });
});

test('twenty switches at the same time lose nothing, and pool and auth.json agree in the end', async () => {
  await world.addAccount('plus');
  await world.addAccount('second');
  await world.addAccount('pro');
  const keys = [await keyOf(0), await keyOf(1), await keyOf(2)];
  await Promise.all(
    Array.from({ length: 20 }, (_, n) => switchAccount(world.scope(), keys[n % 3] ?? '', BY_HAND)),
  );
  const after = await pool();
  expect(after.affinityGeneration).toBe(20);
  expect(after.accounts).toHaveLength(3);
  const active = after.accounts[after.activeIndex];
  if (active?.kind !== 'chatgpt') throw new Error('no account');
  expect((await world.readAuth()).tokens.account_id).toBe(active.accountId);
}, 60_000);
