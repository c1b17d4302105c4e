import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type AccountsHome,
  fullRow,
  makeAccount,
  makeAccountsHome,
  NOW,
  poolFile,
} from '../../../test/support/accounts-home.ts';
import type { FlaggedAccount, Pool } from '../account.ts';
import { EMPTY_POOL } from '../account.ts';
import { STRATEGIES } from '../selection/facts.ts';
import { policyKey } from './account-key.ts';
import { putBudget, readBudgets } from './budgets-store.ts';
import { readFlagged, updateFlagged, updatePoolAndFlagged } from './flagged-store.ts';
import { addAccount, removeAccount } from './identity.ts';
import { readPolicies, updatePolicy } from './policies-store.ts';
import { requirePool, updatePool } from './pool-store.ts';
import { projectKey } from './project.ts';
import { type QuotaEntry, readQuotaCache, writeQuota } from './quota-cache.ts';
import { readRoutingProfile } from './routing-profiles.ts';
import { explainSettings, readSettings, updateSettings } from './settings-store.ts';

let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

const poolOf = (...accounts: readonly ReturnType<typeof makeAccount>[]): Pool =>
  accounts.reduce((pool, account) => addAccount(pool, account).pool, EMPTY_POOL);

describe('flagged accounts', () => {
  const FLAGGED = 'openai-codex-flagged-accounts.json';
  const flaggedRow = { ...fullRow(1), flaggedAt: NOW - 9, flaggedReason: 'token-invalid', lastError: '401' };
  const flag = (n: number): FlaggedAccount => ({
    account: makeAccount(n, { idToken: null }),
    flaggedAt: NOW,
    reason: 'token-invalid',
    lastError: null,
  });

  it('are read, kept with unknown members, and written back as documented', async () => {
    const rows = [{ ...flaggedRow, future: [1] }, { flaggedAt: 1 }];
    await home.write(FLAGGED, { version: 1, accounts: rows, more: true });
    expect(await readFlagged(home.scope)).toMatchObject({
      kind: 'ok',
      accounts: [{ account: { email: 'user1@corp.test' }, flaggedAt: NOW - 9, lastError: '401' }],
    });
    await updateFlagged(home.scope, (accounts) => ({ accounts: [...accounts, flag(2)], result: undefined }));
    const file = await home.json(FLAGGED);
    expect(file).toMatchObject({ version: 1, more: true });
    expect(file.accounts[0]).toEqual(rows[0]);
    expect(file.accounts[2]).toEqual({ flaggedAt: 1 });
    expect((await home.json(`${FLAGGED}.bak`)).accounts).toHaveLength(2);
    expect((await stat(join(home.root, FLAGGED))).mode & 0o777).toBe(0o600);
  });

  it('of the former file name and of a backup are found', async () => {
    await home.write('openai-codex-blocked-accounts.json', { version: 1, accounts: [flaggedRow] });
    expect(await readFlagged(home.scope)).toMatchObject({ accounts: [{ flaggedAt: NOW - 9 }] });
    await home.write(FLAGGED, '{');
    expect(await readFlagged(home.scope)).toMatchObject({
      kind: 'corrupt',
      message: expect.stringMatching(/line 1/),
    });
    await expect(updateFlagged(home.scope, () => ({ accounts: [], result: 0 }))).rejects.toMatchObject({
      code: 'ERR_ACCOUNTS_FILE',
    });
    await home.write(`${FLAGGED}.bak.1`, { version: 1, accounts: [flaggedRow] });
    expect(await readFlagged(home.scope)).toMatchObject({
      recoveredFrom: join(home.root, `${FLAGGED}.bak.1`),
    });
  });

  it('move to and from the pool in one change', async () => {
    await updatePool(home.scope, (pool) => ({ pool: addAccount(pool, makeAccount(1)).pool, result: 0 }));
    await updatePoolAndFlagged(home.scope, (pool, flagged) => ({
      pool: removeAccount(pool, 0),
      flagged: [...flagged, flag(1)],
      result: 0,
    }));
    expect((await requirePool(home.scope)).accounts).toEqual([]);
    expect(await readFlagged(home.scope)).toMatchObject({ accounts: [{ account: { accountId: 'acc-1' } }] });
    const count = await updatePoolAndFlagged(home.scope, (pool, flagged) => ({
      pool: flagged.reduce((next, { account }) => addAccount(next, account).pool, pool),
      flagged: [],
      result: flagged.length,
    }));
    expect(count).toBe(1);
    expect((await requirePool(home.scope)).accounts).toHaveLength(1);
    expect(await readFlagged(home.scope)).toMatchObject({ accounts: [] });
  });

  it('change nothing on disk when nothing changes', async () => {
    await updateFlagged(home.scope, (accounts) => ({ accounts: [...accounts], result: 0 }));
    expect(await readdir(home.root)).toEqual(['steward-accounts.lock.db']);
  });
});

describe('settings', () => {
  it('are the documented defaults where there is no file', async () => {
    const { settings, path, warnings } = await readSettings(home.scope);
    expect(settings).toMatchObject({
      codexRuntimeRotationProxy: true,
      schedulingStrategy: 'hybrid',
      perProjectAccounts: true,
      preemptiveQuotaMaxDeferralMs: 7_200_000,
    });
    expect({ path, warnings }).toEqual({ path: null, warnings: [] });
  });

  it.each(STRATEGIES)('the strategy %s can stand in the file and in the variable', async (strategy) => {
    await home.write('settings.json', { version: 1, pluginConfig: { schedulingStrategy: strategy } });
    const ofFile = await readSettings(home.scope);
    expect([ofFile.settings.schedulingStrategy, ofFile.warnings]).toEqual([strategy, []]);
    const ofVariable = await readSettings(home.at({ env: { CODEX_AUTH_SCHEDULING_STRATEGY: strategy } }));
    expect([ofVariable.settings.schedulingStrategy, ofVariable.warnings]).toEqual([strategy, []]);
  });

  it('come from the variable, then the file; what means nothing is said and passed over', async () => {
    await home.write('settings.json', {
      version: 1,
      pluginConfig: {
        preemptiveQuotaMaxDeferralMs: 5,
        preemptiveQuotaEnabled: false,
        preemptiveQuotaRemainingPercent5h: 1,
        preemptiveQuotaRemainingPercent7d: 20,
      },
    });
    const env = {
      CODEX_AUTH_PREEMPTIVE_QUOTA_ENABLED: 'Yes',
      CODEX_AUTH_SCHEDULING_STRATEGY: 'fastest',
      CODEX_AUTH_PREEMPTIVE_QUOTA_5H_REMAINING_PCT: '0',
      CODEX_AUTH_PER_PROJECT_ACCOUNTS: '101',
    };
    const { settings, sources, warnings } = await readSettings(home.at({ env }));
    expect(settings).toMatchObject({
      preemptiveQuotaMaxDeferralMs: 7_200_000,
      preemptiveQuotaEnabled: true,
      preemptiveQuotaRemainingPercent5h: 0,
      preemptiveQuotaRemainingPercent7d: 20,
      schedulingStrategy: 'hybrid',
    });
    expect(sources.get('preemptiveQuotaRemainingPercent5h')).toBe('env');
    expect(sources.get('preemptiveQuotaRemainingPercent7d')).toBe('file');
    expect(warnings.join()).toMatch(/preemptiveQuotaMaxDeferralMs/);
    expect(warnings.join()).toMatch(/STRATEGY=fastest/);
    expect(warnings.join()).toMatch(/PER_PROJECT_ACCOUNTS=101/);
    expect(warnings).toHaveLength(3);
  });

  it('are explained: value, default, source and variable; what only other tools honour is named', async () => {
    await home.write('settings.json', {
      version: 1,
      pluginConfig: { schedulingStrategy: 'sequential', sessionAffinity: false },
    });
    const { path, entries, others } = await explainSettings(
      home.at({ env: { CODEX_AUTH_PREEMPTIVE_QUOTA_ENABLED: '0' } }),
    );
    expect(path).toBe(join(home.root, 'settings.json'));
    expect(entries.filter(({ source }) => source !== 'default')).toEqual([
      {
        key: 'schedulingStrategy',
        value: 'sequential',
        defaultValue: 'hybrid',
        source: 'file',
        envNames: ['CODEX_AUTH_SCHEDULING_STRATEGY'],
      },
      {
        key: 'preemptiveQuotaEnabled',
        value: false,
        defaultValue: true,
        source: 'env',
        envNames: ['CODEX_AUTH_PREEMPTIVE_QUOTA_ENABLED'],
      },
    ]);
    expect(others).toEqual(['sessionAffinity']);
  });

  it('are stored without touching the others, and the former file is kept', async () => {
    const before = {
      dashboardDisplaySettings: { a: 1 },
      pluginConfig: { codexMode: false },
      version: 1,
      mine: 2,
    };
    await home.write('settings.json', before);
    await updateSettings(home.scope, { codexRuntimeRotationProxy: false });
    expect(await home.json('settings.json')).toEqual({
      ...before,
      pluginConfig: { codexMode: false, codexRuntimeRotationProxy: false },
    });
    expect(await home.json('settings.json.bak')).toEqual(before);
    await updateSettings(home.scope, { codexRuntimeRotationProxy: null });
    expect(await home.json('settings.json')).toEqual(before);
    const { mtimeMs } = await stat(join(home.root, 'settings.json'));
    await updateSettings(home.scope, { codexRuntimeRotationProxy: null });
    expect((await stat(join(home.root, 'settings.json'))).mtimeMs).toBe(mtimeMs);
  });

  it('of a broken file come from its last valid state; without one they are the defaults, and it stays', async () => {
    await home.write('settings.json', '{"pluginConfig"');
    const { settings, warnings } = await readSettings(home.scope);
    expect(settings.schedulingStrategy).toBe('hybrid');
    expect(warnings).toEqual([expect.stringMatching(/settings\.json, line 1/)]);
    await expect(updateSettings(home.scope, { preemptiveQuotaEnabled: false })).rejects.toMatchObject({
      code: 'ERR_ACCOUNTS_FILE',
    });
    await home.write('settings.json.bak', { version: 1, pluginConfig: { schedulingStrategy: 'sequential' } });
    expect((await readSettings(home.scope)).settings.schedulingStrategy).toBe('sequential');
    await updateSettings(home.scope, { preemptiveQuotaEnabled: false });
    expect((await home.json('settings.json')).pluginConfig).toEqual({
      schedulingStrategy: 'sequential',
      preemptiveQuotaEnabled: false,
    });
  });

  it('of older versions are read, and brought along by the first change', async () => {
    await home.write('config.json', { schedulingStrategy: 'sequential', unknown: 1 });
    expect((await readSettings(home.scope)).settings.schedulingStrategy).toBe('sequential');
    await updateSettings(home.scope, { preemptiveQuotaEnabled: false });
    expect((await home.json('settings.json')).pluginConfig).toEqual({
      schedulingStrategy: 'sequential',
      unknown: 1,
      preemptiveQuotaEnabled: false,
    });
  });

  it('in a file of the user’s naming stand on its first level', async () => {
    const named = join(home.folder, 'mine.json');
    const scope = home.at({ env: { CODEX_MULTI_AUTH_CONFIG_PATH: named } });
    await updateSettings(scope, { schedulingStrategy: 'sequential' });
    expect(await readSettings(scope)).toMatchObject({
      path: named,
      settings: { schedulingStrategy: 'sequential' },
    });
  });
});

describe('the quota cache', () => {
  const entry = (updatedAt: number, usedPercent: number): QuotaEntry => ({
    updatedAt,
    status: 200,
    model: 'gpt-5.6-sol',
    planType: 'plus',
    primary: { usedPercent, windowMinutes: 300, resetAtMs: NOW + 1 },
    secondary: { usedPercent: null, windowMinutes: null, resetAtMs: null },
    rest: { credits: { balance: 3 } },
  });

  it('takes what codex-multi-auth stored, by account id, or by e-mail where seats share the id', async () => {
    const seats = poolOf(makeAccount(1), makeAccount(2, { accountId: 'acc-1' }), makeAccount(3));
    const row = {
      updatedAt: NOW - 5_000,
      status: 200,
      model: 'm',
      primary: { usedPercent: 40 },
      secondary: {},
    };
    await home.write('quota-cache.json', {
      version: 1,
      byAccountId: { 'acc-1': { ...row, updatedAt: NOW }, 'acc-3': row },
      byEmail: { 'user2@corp.test': { ...row, primary: { usedPercent: 70 } } },
    });
    const cache = await readQuotaCache(home.scope, seats);
    const used = seats.accounts.map((account) => cache.entryOf(account)?.primary.usedPercent ?? null);
    expect(used).toEqual([null, 70, 40]);
    expect(cache.ageMs).toBe(0);
  });

  it('keeps our members, lets the newer entry win, and never files one account under another’s name', async () => {
    const pool = poolOf(makeAccount(1), makeAccount(2, { accountId: 'acc-1' }), makeAccount(3));
    const keys = pool.accounts.map(({ key }) => key);
    await writeQuota(home.scope, pool, new Map(keys.map((key, n) => [key, entry(NOW - n, n)])));
    await writeQuota(home.scope, pool, new Map([[keys[2] ?? '', entry(NOW - 99, 99)]]));
    const file = await home.json('quota-cache.json');
    expect(Object.keys(file.byAccountId)).toEqual(['acc-3']);
    expect(file.byAccountId['acc-3']).toEqual({
      updatedAt: NOW - 2,
      status: 200,
      model: 'gpt-5.6-sol',
      planType: 'plus',
      primary: { usedPercent: 2, windowMinutes: 300, resetAtMs: NOW + 1 },
      secondary: {},
      credits: { balance: 3 },
    });
    const cache = await readQuotaCache(home.scope, pool);
    expect(pool.accounts.map((account) => cache.entryOf(account)?.primary.usedPercent)).toEqual([0, 1, 2]);
  });

  it('keep the plan when a newer answer does not name it', async () => {
    const pool = poolOf(makeAccount(1));
    const [account = makeAccount(1)] = pool.accounts;
    await writeQuota(home.scope, pool, new Map([[account.key, entry(NOW - 1, 1)]]));
    await writeQuota(home.scope, pool, new Map([[account.key, { ...entry(NOW, 2), planType: null }]]));
    const cache = await readQuotaCache(home.scope, pool);
    expect(cache.entryOf(account)).toMatchObject({ planType: 'plus', updatedAt: NOW });
  });

  it('that is broken is empty, and starts anew', async () => {
    await home.write('quota-cache.json', '{"version":1,');
    const pool = poolOf(makeAccount(1));
    expect((await readQuotaCache(home.scope, pool)).ageMs).toBeNull();
    await writeQuota(home.scope, pool, new Map([[pool.accounts[0]?.key ?? '', entry(NOW, 1)]]));
    expect((await readQuotaCache(home.scope, pool)).ageMs).toBe(0);
  });
});

describe('policies', () => {
  it('are kept under the documented key, and seats of one team each get their own', async () => {
    const pool = poolOf(makeAccount(1), makeAccount(2), makeAccount(3, { accountId: 'acc-2' }));
    const [alone, seat, other] = pool.accounts;
    if (alone === undefined || seat === undefined || other === undefined) throw new Error('three accounts');
    await home.write('account-policies.json', {
      version: 1,
      accounts: {
        [policyKey(seat)]: { accountKey: policyKey(seat), tags: ['b', ' A ', 'b'], weight: 99, paused: true },
      },
    });
    const before = await readPolicies(home.scope, pool);
    for (const account of [seat, other]) {
      expect(before.policyOf(account)).toMatchObject({
        tags: ['a', 'b'],
        weight: 10,
        paused: true,
        drained: false,
      });
    }
    await updatePolicy(home.scope, pool, other, (policy) => ({ ...policy, paused: false }));
    await updatePolicy(home.scope, pool, alone, (policy) => ({ ...policy, note: ` ${'x'.repeat(600)} ` }));
    const after = await readPolicies(home.scope, pool);
    expect([after.policyOf(seat).paused, after.policyOf(other).paused]).toEqual([true, false]);
    expect(after.policyOf(alone)).toMatchObject({ note: 'x'.repeat(500), weight: 1, updatedAt: NOW });
    expect(Object.keys((await home.json('account-policies.json')).accounts)).toContain(policyKey(alone));
  });

  it('are not written over a broken file', async () => {
    await home.write('account-policies.json', '{');
    const pool = poolOf(makeAccount(1));
    const account = pool.accounts[0] ?? makeAccount(1);
    expect((await readPolicies(home.scope, pool)).warning).toMatch(/line 1/);
    await expect(
      updatePolicy(home.scope, pool, account, (p) => ({ ...p, paused: true })),
    ).rejects.toMatchObject({
      code: 'ERR_ACCOUNTS_FILE',
    });
  });
});

describe('budgets and routing profiles', () => {
  it('keep the limits that were there', async () => {
    await home.write('budget-guards.json', {
      version: 1,
      limits: {
        daily: { key: 'daily', window: 'day', maxRequests: 5, updatedAt: 1, x: 2 },
        odd: { window: 'never' },
      },
    });
    const limit = {
      window: 'week',
      maxRequests: null,
      maxTokens: 9,
      maxCostUsd: null,
      updatedAt: NOW,
    } as const;
    await putBudget(home.scope, { ...limit, key: 'My Team!' });
    await putBudget(home.scope, { ...limit, key: 'daily' });
    expect(await readBudgets(home.scope)).toEqual([
      { ...limit, key: 'daily' },
      { ...limit, key: 'my-team-' },
    ]);
    expect((await home.json('budget-guards.json')).limits).toMatchObject({
      odd: { window: 'never' },
      daily: { x: 2 },
    });
    await rm(join(home.root, 'budget-guards.json'));
    expect(await readBudgets(home.scope)).toEqual([]);
  });

  it('give the profile of the project that the command runs in', async () => {
    await home.write('../../project/package.json', '{}');
    const cwd = join(home.folder, 'home/project');
    const key = projectKey(cwd, 'linux');
    await home.write('routing-profiles.json', {
      version: 1,
      profiles: {
        [key]: { preferredTags: ['Fast', 'fast'], accountWeightByKey: { 'sha256:x': 20 }, budgetKey: 'b' },
      },
    });
    expect(await readRoutingProfile(home.at({ cwd }))).toMatchObject({
      projectKey: key,
      preferredTags: ['fast'],
      accountWeightByKey: { 'sha256:x': 10 },
      budgetKey: 'b',
    });
    expect(await readRoutingProfile(home.at({ cwd: '/' }))).toBeNull();
  });
});

it('reads a pool of a thousand accounts', async () => {
  const rows = Array.from({ length: 1000 }, (_, n) => ({ ...fullRow(n), accountId: 'one-team' }));
  await home.write('openai-codex-accounts.json', poolFile(rows));
  expect((await requirePool(home.scope)).accounts).toHaveLength(1000);
});
