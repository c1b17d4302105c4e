import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unsignedJwt } from '../../../test/support/codex-home.ts';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import type { ChatgptAccount, Pool } from '../account.ts';
import { EMPTY_POOL } from '../account.ts';
import { apiKeyAccount } from '../login/store-login.ts';
import { addAccount } from '../store/identity.ts';
import { requirePool, updatePool } from '../store/pool-store.ts';
import { importAccounts } from './import-accounts.ts';
import { isSealed, sealPool, unsealPool } from './sealed-file.ts';
import { readTransferSource } from './transfer-source.ts';

const NOW = 1_700_000_000_000;
const PASSPHRASE = 'correct horse battery';
const API_KEY = `sk-proj-${'k1'.repeat(20)}`;

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const pool = () => requirePool(world.scope());

async function change(account: ChatgptAccount, members: Partial<ChatgptAccount>): Promise<void> {
  await updatePool(world.scope(), (before) => ({
    pool: {
      ...before,
      accounts: before.accounts.map((each) =>
        each.kind === 'chatgpt' && each.key === account.key ? { ...each, ...members } : each,
      ),
    },
    result: null,
  }));
}

/** A pair for the same account, so many seconds younger (or older). */
function withPair(account: ChatgptAccount, name: string, seconds: number): ChatgptAccount {
  const issuedAt = Math.floor(Date.now() / 1000) + seconds;
  return {
    ...account,
    refreshToken: `rt_${name}`,
    accessToken: unsignedJwt({ iat: issuedAt, exp: issuedAt + 3600 }),
    expiresAt: (issuedAt + 3600) * 1000,
  };
}

const only = (account: ChatgptAccount) => ({ accounts: [account], active: 0 });

describe('importing', () => {
  test('into an empty pool adds all, and the one in use there is the active one', async () => {
    const source = withPair(await world.addAccount('plus'), 'one', 0);
    const other = withPair(await world.addAccount('second'), 'two', 0);
    await updatePool(world.scope(), () => ({ pool: EMPTY_POOL, result: null }));
    const request = { accounts: [source, other], active: 1 };
    const report = await importAccounts(world.scope(), request, { dryRun: false });
    expect(report.rows.map(({ outcome, index }) => [outcome, index])).toEqual([
      ['added', 0],
      ['added', 1],
    ]);
    expect(await pool()).toMatchObject({ activeIndex: 1, activeIndexByFamily: { codex: 1 } });
  });

  test('does not touch selection and pin of a pool in use', async () => {
    const first = await world.addAccount('plus');
    await updatePool(world.scope(), (before) => ({ pool: { ...before, pinnedIndex: 0 }, result: null }));
    const stranger = { ...withPair(first, 'x', 0), accountId: 'ws-x', email: 'x@example.test' };
    await importAccounts(world.scope(), only(stranger), { dryRun: false });
    expect(await pool()).toMatchObject({ activeIndex: 0, pinnedIndex: 0, accounts: { length: 2 } });
  });

  test('a newer login renews the account and leaves alone what its owner decided', async () => {
    const account = await world.addAccount('plus');
    await change(account, { isEnabled: false, label: 'Mine' });
    const report = await importAccounts(world.scope(), only(withPair(account, 'new', 60)), { dryRun: false });
    expect(report).toMatchObject({ changed: true, rows: [{ outcome: 'updated', index: 0 }] });
    expect((await pool()).accounts).toMatchObject([
      { refreshToken: 'rt_new', isEnabled: false, label: 'Mine', key: account.key },
    ]);
  });

  test('an older login, or the same, changes nothing', async () => {
    const account = await world.addAccount('plus');
    const older = await importAccounts(world.scope(), only(withPair(account, 'old', -60)), { dryRun: false });
    expect(older).toMatchObject({ changed: false, rows: [{ outcome: 'older' }] });
    const same = await importAccounts(world.scope(), only(account), { dryRun: false });
    expect(same).toMatchObject({ changed: false, rows: [{ outcome: 'unchanged' }] });
    expect((await pool()).accounts).toMatchObject([{ refreshToken: account.refreshToken }]);
  });

  test('another login takes the place of a dead one, whatever its age', async () => {
    const account = await world.addAccount('plus');
    await change(account, { invalidated: { at: 1, code: 'refresh_token_reused' } });
    const report = await importAccounts(world.scope(), only(withPair(account, 'old', -60)), {
      dryRun: false,
    });
    expect(report.rows).toMatchObject([{ outcome: 'updated', account: { invalidated: null } }]);
  });

  test('brings the true id token to an account that has none, and does not revive a dead one by it', async () => {
    const account = await world.addAccount('plus');
    const invalidated = { at: 1, code: 'token_expired' };
    await change(account, { idToken: null, invalidated });
    await importAccounts(world.scope(), only(account), { dryRun: false });
    expect((await pool()).accounts).toMatchObject([{ idToken: account.idToken, invalidated }]);
  });

  test('the same account twice in a source is one in the pool', async () => {
    const account = await world.addAccount('plus');
    const accounts = [withPair(account, 'b', 60), withPair(account, 'c', 120)];
    const report = await importAccounts(world.scope(), { accounts, active: 0 }, { dryRun: false });
    expect(report.rows.map(({ outcome }) => outcome)).toEqual(['updated', 'updated']);
    expect((await pool()).accounts).toMatchObject([{ refreshToken: 'rt_c' }]);
  });

  test('dry tells the same and writes nothing', async () => {
    const account = await world.addAccount('plus');
    const report = await importAccounts(world.scope(), only(withPair(account, 'new', 60)), { dryRun: true });
    expect(report.rows).toMatchObject([{ outcome: 'updated' }]);
    expect((await pool()).accounts).toMatchObject([{ refreshToken: account.refreshToken }]);
  });
});

describe('an encrypted export', () => {
  async function fullPool(): Promise<Pool> {
    await world.addAccount('plus');
    const account = await world.addAccount('second');
    await change(account, { label: 'Work', isEnabled: false, rest: { theirs: { kept: true } } });
    const all = addAccount(await pool(), apiKeyAccount(API_KEY, NOW)).pool;
    return { ...all, activeIndex: 2, pinnedIndex: 1, affinityGeneration: 7 };
  }

  test('gives everything back: id tokens, API keys, unknown members, selection', async () => {
    const before = await fullPool();
    const sealed = await sealPool(before, PASSPHRASE, NOW);
    const opened = await unsealPool(sealed, PASSPHRASE, NOW);
    if (opened.kind !== 'ok') throw new Error(opened.kind);
    expect(opened.pool.accounts).toEqual(before.accounts);
    expect(opened.pool).toMatchObject({ activeIndex: 2, pinnedIndex: 1 });
  });

  test('shows nothing of what is in it, and how its key is made', async () => {
    const before = await fullPool();
    const sealed = await sealPool(before, PASSPHRASE, NOW);
    expect(isSealed(sealed)).toBe(true);
    const texts = sealed
      .trim()
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(JSON.parse(texts[0] ?? '')).toMatchObject({
      alg: 'PBES2-HS512+A256KW',
      enc: 'A256GCM',
      p2c: 600_000,
    });
    for (const secret of [API_KEY, 'rt_lab_', 'example.com', PASSPHRASE]) {
      expect([sealed, ...texts].join('\n')).not.toContain(secret);
    }
  });

  test('does not open with another passphrase, or when a letter was changed', async () => {
    const sealed = await sealPool(await fullPool(), PASSPHRASE, NOW);
    expect(await unsealPool(sealed, `${PASSPHRASE} `, NOW)).toEqual({ kind: 'not-opened' });
    const at = sealed.length - 40;
    const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1);
    expect(await unsealPool(changed, PASSPHRASE, NOW)).toEqual({ kind: 'not-opened' });
  });

  test('opens with the same passphrase composed on another keyboard', async () => {
    const sealed = await sealPool(await fullPool(), 'Stra\u00dfencaf\u00e9 am See', NOW);
    expect((await unsealPool(sealed, 'Stra\u00dfencafe\u0301 am See', NOW)).kind).toBe('ok');
  });
});

describe('what a file is', () => {
  test('a pool of codex-multi-auth, format 3 and 1', async () => {
    const row = { refreshToken: 'rt_1', email: 'A@B.test', addedAt: 1, lastUsed: 1, theirs: 5 };
    const v3 = {
      version: 3,
      accounts: [{ ...row, refreshToken: 'rt_0', email: 'c@d.test' }, row],
      activeIndex: 1,
    };
    expect(await readTransferSource(JSON.stringify(v3), NOW)).toMatchObject({
      kind: 'pool',
      active: 1,
      accounts: [{ refreshToken: 'rt_0' }, { refreshToken: 'rt_1', email: 'a@b.test', rest: { theirs: 5 } }],
    });
    const v1 = { version: 1, accounts: [{ ...row, rateLimitResetTime: NOW + 1000 }], activeIndex: 0 };
    expect(await readTransferSource(JSON.stringify(v1), NOW)).toMatchObject({
      accounts: [{ rateLimitResetTimes: { codex: NOW + 1000 } }],
    });
  });

  test('an auth.json of Codex, with a login or a key, also without auth_mode', async () => {
    const token = unsignedJwt({
      email: 'A@b.test',
      'https://api.openai.com/auth': { chatgpt_account_id: 'ws' },
    });
    const tokens = { id_token: token, access_token: token, refresh_token: 'rt_1' };
    const login = { OPENAI_API_KEY: null, tokens, last_refresh: '2026-01-01T00:00:00Z' };
    expect(await readTransferSource(JSON.stringify(login), NOW)).toMatchObject({
      kind: 'codex-login',
      accounts: [
        { kind: 'chatgpt', email: 'a@b.test', accountId: 'ws', refreshToken: 'rt_1', idToken: token },
      ],
    });
    expect(await readTransferSource(JSON.stringify({ OPENAI_API_KEY: API_KEY }), NOW)).toMatchObject({
      accounts: [{ kind: 'api-key', apiKey: API_KEY }],
    });
  });

  test.each([
    ['', 'it is empty'],
    ['refresh_token: rt_1', 'it is not JSON, and not an encrypted export'],
    ['[]', 'it is no JSON object'],
    ['{"accounts":[]}', 'it has no format number ("version")'],
    ['{"version":9,"accounts":[]}', 'its format is 9, and this steward knows 1 and 3'],
    ['{"tokens":{"id_token":5}}', expect.stringMatching(/^as an auth\.json it is broken: tokens/)],
    ['{"OPENAI_API_KEY":null}', 'it is an auth.json without a login that a pool can hold'],
  ])('%j is nothing: %s', async (text, message) => {
    expect(await readTransferSource(text, NOW)).toEqual({ kind: 'unknown', message });
  });
});
