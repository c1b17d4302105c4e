import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { treeBytes } from '../../../test/support/tree-bytes.ts';
import type { Account, ChatgptAccount, Pool } from '../account.ts';
import { readFlagged } from '../store/flagged-store.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { type FixOptions, fixAccounts } from './fix-accounts.ts';
import { probeAccount } from './probe-account.ts';
import { verifyFlagged } from './verify-flagged.ts';

const FIX: FixOptions = { dryRun: false, live: false, model: null };

let world: LabWithHome;

beforeEach(async () => {
  world = await startLabWithHome();
});

afterEach(() => world.stop());

function pool(): Promise<Pool> {
  return requirePool(world.scope());
}

async function accountAt(index: number): Promise<ChatgptAccount> {
  const account: Account | undefined = (await pool()).accounts[index];
  if (account?.kind !== 'chatgpt') throw new Error(`no login at ${index}`);
  return account;
}

async function flagged() {
  const reading = await readFlagged(world.scope());
  if (reading.kind !== 'ok') throw new Error(reading.message);
  return reading.accounts;
}

async function disable(index: number): Promise<void> {
  await updatePool(world.scope(), (before) => ({
    pool: {
      ...before,
      accounts: before.accounts.map((account, at) =>
        at === index ? { ...account, isEnabled: false } : account,
      ),
    },
    result: null,
  }));
}

describe('fix', () => {
  test('refreshes what needs it, leaves the rest alone, and does not enable what the user disabled', async () => {
    const good = await world.addAccount('plus');
    await world.addAccount('second', { expired: true });
    await world.addAccount('pro', { expired: true });
    await disable(2);
    const { reports, changed } = await fixAccounts(world.scope(), FIX);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['healthy', 'healthy', 'already-disabled']);
    expect(changed).toBe(true);
    expect(world.tokenCalls()).toBe(1);
    expect((await accountAt(0)).refreshToken).toBe(good.refreshToken);
    expect((await accountAt(1)).expiresAt).toBeGreaterThan(Date.now());
    expect((await accountAt(2)).isEnabled).toBe(false);
  });

  test('disables and flags what the server calls dead, with its code', async () => {
    await world.addAccount('plus');
    const dead = await world.addAccount('second', { expired: true });
    await world.redeem(dead.refreshToken);
    const { reports } = await fixAccounts(world.scope(), FIX);
    expect(reports[1]).toMatchObject({
      outcome: 'disabled-hard-failure',
      code: 'refresh_token_reused',
      action: expect.stringContaining('auth login'),
    });
    expect(await accountAt(1)).toMatchObject({
      isEnabled: false,
      invalidated: { code: 'refresh_token_reused' },
    });
    expect(await flagged()).toMatchObject([
      { reason: 'token-invalid', lastError: expect.stringContaining('refresh_token_reused') },
    ]);
  });

  test('never leaves a pool without an enabled account, and still says that it is dead', async () => {
    for (const name of ['plus', 'second'] as const) {
      const dead = await world.addAccount(name, { expired: true });
      await world.redeem(dead.refreshToken);
    }
    const { reports } = await fixAccounts(world.scope(), FIX);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['warning-soft-failure', 'disabled-hard-failure']);
    expect(reports[0]?.message).toContain('left enabled: no other account is');
    expect(await accountAt(0)).toMatchObject({
      isEnabled: true,
      invalidated: { code: 'refresh_token_reused' },
    });
    expect((await accountAt(1)).isEnabled).toBe(false);
    expect(await flagged()).toHaveLength(1);
  });

  test('a server that does not answer makes a warning, and disables nothing', async () => {
    await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'answer', status: 503, text: 'down' });
    const { reports } = await fixAccounts(world.scope(), FIX);
    expect(reports).toMatchObject([{ outcome: 'warning-soft-failure', code: null }]);
    expect(await accountAt(0)).toMatchObject({ isEnabled: true, invalidated: null });
    expect(await flagged()).toEqual([]);
  });

  test('a dry run contacts nobody and changes no byte, also with --live', async () => {
    await world.addAccount('plus', { expired: true });
    await world.addAccount('second');
    const spent = await world.addAccount('pro', { expired: true });
    await world.redeem(spent.refreshToken);
    await probeAccount(world.scope(), await accountAt(2));
    const before = await treeBytes(world.home);
    const asked = world.lab.requests().length;
    const { reports, changed } = await fixAccounts(world.scope(), { ...FIX, dryRun: true, live: true });
    expect(reports.map(({ outcome }) => outcome)).toEqual(['would-refresh', 'healthy', 'would-disable']);
    expect(changed).toBe(false);
    expect(world.lab.requests()).toHaveLength(asked);
    expect(await treeBytes(world.home)).toEqual(before);
  });
});

describe('verify-flagged', () => {
  async function flagSecond(code: string): Promise<ChatgptAccount> {
    await world.addAccount('plus');
    const account = await world.addAccount('second', { expired: true });
    await world.fault('/oauth/token', {
      kind: 'answer',
      status: 401,
      json: { error: { code, message: 'no' } },
    });
    await fixAccounts(world.scope(), FIX);
    await world.lab.control({ do: 'clear-faults' });
    expect(await flagged()).toHaveLength(1);
    return account;
  }

  test('brings back an account that works again, with its new tokens', async () => {
    const account = await flagSecond('refresh_token_invalidated');
    const { reports, remaining } = await verifyFlagged(world.scope(), { dryRun: false, restore: true });
    expect(reports).toMatchObject([{ outcome: 'restored', message: 'restored as account 2' }]);
    expect(remaining).toBe(0);
    expect(await accountAt(1)).toMatchObject({
      isEnabled: true,
      invalidated: null,
      lastSwitchReason: 'restore',
    });
    expect((await accountAt(1)).refreshToken).not.toBe(account.refreshToken);
  });

  test('one that is no longer in the pool comes back as well', async () => {
    await flagSecond('refresh_token_invalidated');
    await updatePool(world.scope(), (before) => ({
      pool: { ...before, accounts: before.accounts.slice(0, 1) },
      result: null,
    }));
    const { reports } = await verifyFlagged(world.scope(), { dryRun: false, restore: true });
    expect(reports).toMatchObject([{ outcome: 'restored' }]);
    expect(await accountAt(1)).toMatchObject({ isEnabled: true, email: 'second@example.com' });
    expect(await flagged()).toEqual([]);
  });

  test('without restoring, the renewed pair is kept where the account stays', async () => {
    const account = await flagSecond('refresh_token_invalidated');
    await updatePool(world.scope(), (before) => ({
      pool: { ...before, accounts: before.accounts.slice(0, 1) },
      result: null,
    }));
    const { reports } = await verifyFlagged(world.scope(), { dryRun: false, restore: false });
    expect(reports).toMatchObject([{ outcome: 'healthy-flagged' }]);
    expect((await pool()).accounts).toHaveLength(1);
    const [row] = await flagged();
    expect(row?.account.refreshToken).not.toBe(account.refreshToken);
    expect((await verifyFlagged(world.scope(), { dryRun: false, restore: true })).reports).toMatchObject([
      { outcome: 'restored' },
    ]);
  });

  test('what is still dead stays flagged; a spent token is not even sent', async () => {
    await flagSecond('refresh_token_reused');
    const calls = world.tokenCalls();
    const { reports, remaining } = await verifyFlagged(world.scope(), { dryRun: false, restore: true });
    expect(reports).toMatchObject([{ outcome: 'still-flagged', code: 'refresh_token_reused' }]);
    expect(remaining).toBe(1);
    expect(world.tokenCalls()).toBe(calls);
    expect((await accountAt(1)).isEnabled).toBe(false);
  });

  test('a dry run contacts nobody and changes no byte', async () => {
    await flagSecond('refresh_token_invalidated');
    const before = await treeBytes(world.home);
    const asked = world.lab.requests().length;
    const { reports, changed } = await verifyFlagged(world.scope(), { dryRun: true, restore: true });
    expect(reports).toMatchObject([{ outcome: 'would-verify' }]);
    expect(changed).toBe(false);
    expect(world.lab.requests()).toHaveLength(asked);
    expect(await treeBytes(world.home)).toEqual(before);
  });
});
