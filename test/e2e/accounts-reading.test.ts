/** The account commands that only look, as a user runs them: built program, documented files, a lab that writes down what it is asked. */
import { spawnSync } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { insertUsage, openLedger } from '../../src/accounts/ledger/ledger.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { makePoolOf } from '../support/pool-of.ts';
import { type Place, STEWARD, type StewardRun, steward } from '../support/steward.ts';
import { treeBytes } from '../support/tree-bytes.ts';

const POOL = 'multi-auth/openai-codex-accounts.json';
const HOUR = 3_600_000;

let world: LabWithHome;
let place: Place;

beforeEach(async () => {
  world = await startLabWithHome();
  place = { env: { ...world.environment(), TZ: 'UTC' }, project: world.home };
});

afterEach(() => world.stop());

function auth(...args: readonly string[]): Promise<StewardRun> {
  return steward(place, ['auth', ...args]);
}

// biome-ignore lint/suspicious/noExplicitAny: tests compare whole values
async function authJson(...args: readonly string[]): Promise<{ code: number | null; json: any }> {
  const ran = await auth(...args, '--json');
  expect(ran.stderr).toBe('');
  return { code: ran.code, json: JSON.parse(ran.stdout) };
}

async function write(name: string, content: object | string): Promise<void> {
  await mkdir(join(world.home, 'multi-auth'), { recursive: true, mode: 0o700 });
  const text = typeof content === 'string' ? content : JSON.stringify(content, null, 2);
  await writeFile(join(world.home, name), text, { mode: 0o600 });
}

/** Three accounts as codex-multi-auth writes them: ready, at a limit, disabled; one reading in the quota cache. */
async function writePool(more: object = {}): Promise<number> {
  const now = Date.now();
  const row = (n: number, members: object = {}) => ({
    refreshToken: `rt-${n}-canary-canary-canary`,
    accessToken: `at-${n}-canary`,
    expiresAt: now + HOUR,
    accountId: `acc-00000${n}`,
    email: `user${n}@mail.test`,
    addedAt: now - 30 * 24 * HOUR,
    lastUsed: now - n * HOUR,
    ...members,
  });
  await write(POOL, {
    version: 3,
    accounts: [
      row(1),
      row(2, { rateLimitResetTimes: { 'gpt-5.2': now + 29.5 * 60_000 } }),
      row(3, { enabled: false }),
    ],
    activeIndex: 0,
    activeIndexByFamily: {},
    ...more,
  });
  await write('multi-auth/quota-cache.json', {
    version: 1,
    byAccountId: {
      'acc-000001': {
        updatedAt: now - 12 * 60_000,
        status: 200,
        model: 'gpt-5.5',
        planType: 'plus',
        primary: { usedPercent: 42, windowMinutes: 300, resetAtMs: now + 2 * HOUR },
        secondary: { usedPercent: 18, windowMinutes: 10_080, resetAtMs: now + 70 * HOUR },
      },
    },
    byEmail: {},
  });
  return now;
}

function requestPaths(): readonly string[] {
  return world.lab.requests().map(({ method, path }) => `${method} ${path}`);
}

describe('status', () => {
  test('tells accounts, limits, who is next and what Codex itself uses, without a request or a change', async () => {
    await writePool();
    const before = await treeBytes(world.home);
    const { code, stdout, stderr } = await auth('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Accounts (3)\n');
    expect(stdout).toContain('Storage health: healthy');
    expect(stdout).toContain('Selection reason: account 1: the only one that can serve');
    expect(stdout).toMatch(/Next: account 2 from .* \(in (29|30) min\)/);
    expect(stdout).toContain('1. Account 1 (us***@***.test, id:000001) [current] used 1 h ago');
    expect(stdout).toMatch(
      /plan plus; 5h limit 42 % used, resets .*; weekly limit 18 % used, resets .* \(as of 12 min ago\)/,
    );
    expect(stdout).toMatch(/2\. Account 2 .* \[rate-limited (29|30) min\]/);
    expect(stdout).toMatch(/3\. Account 3 .* \[disabled\] used 3 h ago\n {3}reason: account is disabled/);
    expect(stdout).not.toMatch(/user1@mail|canary/);
    expect(requestPaths()).toEqual([]);
    expect(await treeBytes(world.home)).toEqual(before);
  });

  test('list is the same, and --json has the documented members and more', async () => {
    const now = await writePool({ pinnedAccountIndex: 1 });
    const { code, json } = await authJson('list');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      schemaVersion: 1,
      command: 'status',
      storagePath: join(world.home, POOL),
      storageHealth: 'healthy',
      accountCount: 3,
      activeIndex: 0,
      activeNumber: 1,
      pinnedAccountIndex: 1,
      recommendedIndex: 0,
      recommendedNumber: 1,
      recommendationReason: expect.stringMatching(
        /^pinned account 2 cannot serve: rate limit \(gpt-5\.2\) resets .*; account 1 could$/,
      ),
      runtimeInUseIndex: null,
      codexLogin: { kind: 'none', isSplit: false },
    });
    expect(json.accounts[0]).toMatchObject({
      index: 0,
      number: 1,
      label: 'Account 1 (us***@***.test, id:000001)',
      enabled: true,
      current: true,
      markers: ['current'],
      lastUsed: now - HOUR,
      reason: null,
      availability: 'ready',
      planType: 'plus',
      quota: {
        windows: [
          {
            name: '5h',
            usedPercent: 42,
            remainingPercent: 58,
            windowMinutes: 300,
            resetsAtMs: now + 2 * HOUR,
          },
          { name: 'weekly', usedPercent: 18, remainingPercent: 82, windowMinutes: 10_080 },
        ],
      },
    });
    expect(json.accounts[1]).toMatchObject({ markers: ['pinned', 'rate-limited'], availability: 'delayed' });
    expect(json.accounts[2]).toMatchObject({ markers: ['disabled'], reason: 'account is disabled' });
  });

  test('says when Codex itself uses another account, or one that is not in the pool', async () => {
    await world.addAccount('plus');
    const second = await world.addAccount('second');
    await world.writeAuthOf(second);
    expect((await auth('status')).stdout).toMatch(
      /split: Codex itself is logged in with Account 2 .*`steward auth switch 1`/,
    );
    expect((await authJson('status')).json.codexLogin).toMatchObject({
      kind: 'pool',
      index: 1,
      isSplit: true,
    });
    await world.writeAuth(await world.login('team'), 'team');
    expect((await authJson('status')).json.codexLogin).toMatchObject({ kind: 'stranger', isSplit: true });
  });

  test('a corrupt pool ends with 1, names file and line, and stays as it is', async () => {
    await write(POOL, '{"version": 3,\n "accounts": [{bad');
    const { code, stdout } = await auth('status');
    expect(code).toBe(1);
    expect(stdout).toMatch(/cannot be read: .*openai-codex-accounts\.json.*line 2/s);
    const inJson = await authJson('status');
    expect(inJson.code).toBe(1);
    expect(inJson.json).toMatchObject({ storageHealth: 'corrupt', error: { code: 'ERR_ACCOUNTS_POOL' } });
    for (const command of ['forecast', 'report', 'why-selected', 'best']) {
      expect(await auth(command)).toMatchObject({ code: 3, stdout: '' });
    }
    expect(await readFile(join(world.home, POOL), 'utf8')).toContain('{bad');
  });
});

test.skipIf(process.platform !== 'linux')('an output that cannot be written is no crash', async () => {
  for (const args of ['auth status', 'auth forecast']) {
    const line = `"${process.execPath}" "${STEWARD}" ${args} > /dev/full`;
    const { status, stderr } = spawnSync('sh', ['-c', line], { env: place.env, encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      3,
      expect.stringMatching(/^✖ the output cannot be written: ENOSPC.*\n$/),
    ]);
  }
});

test.skipIf(process.platform !== 'linux')('whoever reads slowly gets all of it', async () => {
  const pool = await makePoolOf(100);
  try {
    for (const args of ['auth status --json', 'auth report --json']) {
      const line = `"${process.execPath}" "${STEWARD}" ${args} | { sleep 0.5; cat; }`;
      const env = { ...place.env, CODEX_HOME: pool.path };
      const { stdout } = spawnSync('sh', ['-c', line], { env, encoding: 'utf8', maxBuffer: 16 << 20 });
      expect(stdout.length).toBeGreaterThan(65_536); // more than a pipe takes
      expect(JSON.parse(stdout).accounts).toBeDefined();
    }
  } finally {
    await pool.remove();
  }
});

describe('an empty pool', () => {
  test('is told by each command, in JSON where JSON was asked for', async () => {
    expect((await auth('status')).stdout).toContain('Accounts (0)');
    expect(await authJson('status')).toMatchObject({ code: 0, json: { accountCount: 0, activeIndex: null } });
    expect(await authJson('forecast')).toMatchObject({
      code: 0,
      json: {
        command: 'forecast',
        summary: { total: 0 },
        recommendation: { recommendedIndex: null },
        accounts: [],
      },
    });
    expect(await authJson('report')).toMatchObject({
      code: 0,
      json: { activeIndex: null, accounts: { total: 0 } },
    });
    expect(await authJson('best')).toMatchObject({
      code: 1,
      json: { error: expect.stringContaining('no accounts') },
    });
    expect(await authJson('why-selected')).toMatchObject({
      code: 1,
      json: { ok: false, selected: null, candidates: [] },
    });
  });
});

describe('forecast', () => {
  test('selects, names the next, explains each account', async () => {
    await writePool();
    const { code, json } = await authJson('forecast', '--explain');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      command: 'forecast',
      liveProbe: false,
      runtimeOverlay: false,
      summary: { total: 3, ready: 1, delayed: 1, unavailable: 1, highRisk: 1 },
      recommendation: { recommendedIndex: 0, recommendedNumber: 1 },
      next: { index: 1, number: 2 },
      explanation: { recommendedIndex: 0, considered: [{ index: 0 }, { index: 1 }, { index: 2 }] },
      probeErrors: [],
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests compare whole values
    expect(json.accounts.map(({ index, selected }: any) => [index, selected])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
    const { stdout } = await auth('forecast');
    expect(stdout).toContain('● 1. Account 1 (us***@***.test, id:000001): ready, low risk (25)');
    expect(stdout).toMatch(
      /Limits as of 12 min ago, 1 not known yet: `steward auth forecast --live` asks the server/,
    );
  });

  test('--live asks the usage endpoint for each enabled account, never a model, and remembers the answer', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    await world.addAccount('pro');
    const pool = JSON.parse(await readFile(join(world.home, POOL), 'utf8'));
    pool.accounts[2].enabled = false;
    await write(POOL, pool);
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 30, secondaryUsedPercent: 60 } });
    const { code, json } = await authJson('forecast', '--live');
    expect(code).toBe(0);
    expect(json.liveProbe).toBe(true);
    expect(json.accounts[0]).toMatchObject({
      liveQuota: { status: 200, planType: 'plus', summary: expect.stringMatching(/^5h limit 30 % used/) },
      quota: { planType: 'plus', windows: [{ usedPercent: 30 }, { usedPercent: 60 }] },
    });
    expect(json.accounts[2]).not.toHaveProperty('liveQuota');
    expect(requestPaths()).toEqual(['GET /backend-api/wham/usage', 'GET /backend-api/wham/usage']);
    expect((await authJson('status')).json.accounts[1].quota.windows[1]).toMatchObject({
      name: 'weekly',
      usedPercent: 60,
    });
  });

  test('--live keeps the code of a refusal, masks the address, and does not call that account ready', async () => {
    const dead = await world.addAccount('plus', { expired: true });
    await world.addAccount('second');
    await world.redeem(dead.refreshToken);
    const { code, json } = await authJson('forecast', '--live');
    expect(code).toBe(0);
    expect(json.probeErrors).toEqual([
      expect.stringMatching(
        /^Account 1 \(pl\*\*\*@\*\*\*\.com, id:.{6}\): refresh_token_reused \(HTTP \d+\): /,
      ),
    ]);
    expect(json.accounts[0]).toMatchObject({
      availability: 'unavailable',
      selected: false,
      riskScore: 100,
      refreshFailure: { type: 'refused', code: 'refresh_token_reused', needsLogin: true },
    });
    expect(json.accounts[1]).toMatchObject({ availability: 'ready', selected: true });
    expect(JSON.stringify(json)).not.toContain('plus@example');
  });
});

describe('report', () => {
  test('--live --out writes the whole report for its owner only; --cached-only and the limits are honoured', async () => {
    await world.addAccount('plus');
    await world.addAccount('second', { expired: true });
    await world.addAccount('pro');
    const ran = await auth(
      'report',
      '--live',
      '--cached-only',
      '--max-accounts',
      '2',
      '--out',
      'report.json',
    );
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const path = join(world.home, 'report.json');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      schemaVersion: 1,
      command: 'report',
      storageHealth: { state: 'healthy', hasWal: false, hasResetMarker: false, schemaErrors: [] },
      liveProbeBudget: {
        cachedOnly: true,
        maxAccounts: 2,
        maxProbes: null,
        consideredAccounts: 2,
        executedProbes: 1,
      },
      accounts: { total: 3, enabled: 3, disabled: 0 },
      activeIndex: 1,
      forecast: { summary: { total: 3, ready: 3 }, accounts: [{ index: 0 }, { index: 1 }, { index: 2 }] },
    });
    expect(requestPaths()).toEqual(['GET /backend-api/wham/usage']);
  });
});

test('models: who can serve which of the models in the list that Codex keeps', async () => {
  expect(await auth('models')).toMatchObject({
    code: 0,
    stdout: 'Codex has no list of models in this home yet: it gets one when it starts.\n',
  });
  await writePool();
  await write('models_cache.json', {
    fetched_at: new Date().toISOString(),
    models: [
      { slug: 'gpt-a', visibility: 'list', context_window: 272_000, supports_search_tool: true },
      { slug: 'gpt-hidden', visibility: 'hide' },
    ],
  });
  const { json } = await authJson('models');
  expect(json.matrix.models).toMatchObject([
    { id: 'gpt-a', isListed: true, contextWindow: 272_000, hasToolSearch: true },
    { id: 'gpt-hidden', isListed: false, contextWindow: null },
  ]);
  expect(json.matrix.entries).toHaveLength(6);
  expect(json.matrix.entries.slice(0, 3)).toMatchObject([
    { accountIndex: 1, model: 'gpt-a', availability: 'ready', reason: null },
    { accountIndex: 2, model: 'gpt-a', availability: 'delayed' },
    { accountIndex: 3, model: 'gpt-a', availability: 'unavailable', reason: 'account is disabled' },
  ]);
  const seen = (await authJson('report', '--model', 'gpt-a')).json;
  expect(seen.modelSelection.capabilities).toEqual({ toolSearch: true });
});

test('the settings are explained, the runtime is reset, and commands of other tools lead to ours', async () => {
  await write('multi-auth/settings.json', {
    version: 1,
    pluginConfig: { fetchTimeoutMs: 5, schedulingStrategy: 'x' },
  });
  const { json } = await authJson('config', 'explain');
  expect(json).toMatchObject({ storageKind: 'file', otherKeys: ['fetchTimeoutMs'] });
  expect(json.entries.map(({ source }: { source: string }) => source)).not.toContain('file');
  expect(json.warnings).toEqual([expect.stringContaining('schedulingStrategy cannot have that value')]);
  expect((await auth('config', 'explain')).stdout).toContain('of no effect here: fetchTimeoutMs');
  expect((await authJson('rotation', 'reset-runtime')).json).toMatchObject({
    ok: true,
    resetVolatileRuntimeState: false,
    appBindRestarted: false,
    gateway: { state: 'absent' },
  });
  expect(await auth('monitor')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^✖ there is no `steward auth monitor`\n.*steward auth report/),
  });
});

describe('why-selected', () => {
  test('shows every account in the order in which it would serve, with its reasons', async () => {
    await writePool();
    const { code, json } = await authJson('why-selected');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      mode: 'now',
      ok: true,
      availableCount: 1,
      totalCount: 3,
      config: { strategy: 'hybrid' },
      selected: {
        index: 0,
        oneBasedIndex: 1,
        email: 'us***@***.test',
        available: true,
        health: expect.any(Number),
      },
    });
    // biome-ignore lint/suspicious/noExplicitAny: tests compare whole values
    expect(json.candidates.map(({ index, reason }: any) => [index, reason])).toEqual([
      [0, expect.stringMatching(/^5h limit 42 % used/)],
      [1, expect.stringMatching(/^rate limit \(gpt-5\.2\) resets/)],
      [2, 'account is disabled'],
    ]);
  });

  test('--last ends with 1 before any request, and names the account afterwards', async () => {
    const account = await world.addAccount('plus');
    expect(await authJson('why-selected', '--last')).toMatchObject({
      code: 1,
      json: { mode: 'last', ok: false },
    });
    await record(account.key, 1);
    expect(await authJson('why-selected', '--last')).toMatchObject({
      code: 0,
      json: { ok: true, selected: { index: 0 }, request: { model: 'gpt-5.5', outcome: 'success' } },
    });
  });
});

describe('best', () => {
  test('switches to the account with the most to lose, takes the pin away, and says so', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    const pool = JSON.parse(await readFile(join(world.home, POOL), 'utf8'));
    await write(POOL, { ...pool, activeIndex: 0, pinnedAccountIndex: 0 });
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 100 } });
    expect(await authJson('best', '--live')).toMatchObject({
      code: 1,
      json: { error: expect.stringMatching(/No account can serve now\. The first one is back in/) },
    });
    pool.accounts[0].enabled = false;
    await write(POOL, { ...pool, activeIndex: 0, pinnedAccountIndex: 0 });
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 10 } });
    const { code, json } = await authJson('best', '--live');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      accountIndex: 2,
      index: 1,
      pinCleared: true,
      synced: true,
      probeErrors: [],
    });
    expect((await world.readAuth()).tokens.account_id).toBe(world.lab.world.account('second').accountId);
    expect(requestPaths().filter((path) => path.includes('responses'))).toEqual([]);
  });
});

async function record(accountKey: string, count: number): Promise<void> {
  const ledger = await openLedger(world.scope());
  insertUsage(
    ledger,
    Array.from({ length: count }, (_, n) => ({
      id: `${accountKey}-${n}`,
      createdAt: Date.now() - n * 1000,
      source: 'gateway',
      operation: 'responses',
      outcome: 'success' as const,
      model: 'gpt-5.5',
      projectKey: null,
      accountKey,
      requestId: null,
      statusCode: 200,
      errorCode: null,
      durationMs: 900,
      tokens: { input: 100, cachedInput: 40, output: 20, reasoning: 5, total: 120 },
      costUsd: null,
    })),
  );
  await ledger.close();
}

describe('usage and budget', () => {
  test('count the gateway and the former tool, by account with its name; rotate puts the ledger aside once', async () => {
    const account = await world.addAccount('plus');
    await record(account.key, 3);
    await mkdir(join(world.home, 'multi-auth', 'usage'), { recursive: true });
    const foreign = {
      version: 1,
      id: 'f1',
      createdAt: Date.now() - HOUR,
      outcome: 'failure',
      model: 'gpt-5.4',
      tokens: {},
      costUsd: 0,
    };
    await write('multi-auth/usage/usage-ledger.jsonl', `${JSON.stringify(foreign)}\nnot a record\n`);
    const { code, json } = await authJson('usage', '--by', 'account');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      command: 'usage',
      summary: {
        by: 'account',
        totals: { requests: 4, successes: 3, failures: 1, inputTokens: 300, totalTokens: 360 },
        buckets: [
          { key: expect.stringMatching(/^Account 1 \(pl\*\*\*@/), requests: 3 },
          { key: 'none', requests: 1 },
        ],
      },
      sources: { codexMultiAuth: { records: 1, skippedLines: 1 } },
    });
    expect((await authJson('usage', '--since', '10m')).json.summary.totals.requests).toBe(3);
    expect((await auth('usage', '--csv')).stdout).toMatch(/^model,requests,successes,.*\ngpt-5\.5,3,3,0,/);
    expect(await auth('usage', '--since', 'soon')).toMatchObject({ code: 2 });

    expect((await auth('budget', 'limit', 'mine', '--requests', '4', '--window', 'day')).code).toBe(0);
    expect(await authJson('budget', 'check', 'mine')).toMatchObject({
      code: 1,
      json: { evaluation: { key: 'mine', allowed: false, reasons: ['4 of 4 requests in the last day'] } },
    });
    expect((await authJson('budget', 'check', 'none')).json).toMatchObject({
      error: { code: 'ERR_ACCOUNTS_BUDGET' },
    });
    expect((await authJson('budget', 'list')).json.limits).toMatchObject([
      { key: 'mine', window: 'day', maxRequests: 4 },
    ]);

    expect((await authJson('usage', 'rotate', '--if-larger-than-bytes', '1000000')).json).toMatchObject({
      rotated: false,
      records: 3,
    });
    const rotated = await authJson('usage', 'rotate');
    expect(rotated.json).toMatchObject({ rotated: true, records: 3 });
    expect((await readFile(rotated.json.archivePath, 'utf8')).trim().split('\n')).toHaveLength(3);
    expect((await stat(rotated.json.archivePath)).mode & 0o777).toBe(0o600);
    expect((await authJson('usage')).json.summary.totals.requests).toBe(1);
  });
});

describe('verify and rotation status', () => {
  test('verify --paths passes outside any project and fails for a pool that others may read', async () => {
    await writePool();
    expect(await authJson('verify', '--paths')).toMatchObject({
      code: 0,
      json: { mode: 'paths', ok: true, paths: { ok: true } },
    });
    const { chmod } = await import('node:fs/promises');
    await chmod(join(world.home, POOL), 0o644);
    const { code, stdout } = await auth('verify', '--paths');
    expect(code).toBe(1);
    expect(stdout).toMatch(/others may read it \(mode 0644\): chmod 600/);
  });

  test('rotation status names the setting, the variable over it, and who waits', async () => {
    await writePool();
    place = { ...place, env: { ...place.env, CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY: '0' } };
    const { code, stdout } = await auth('rotation', 'status');
    expect(code).toBe(0);
    expect(stdout).toContain('Rotation: disabled\n');
    expect(stdout).toContain('Env override: CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY=0\n');
    expect(stdout).toContain('Gateway: not running');
    expect(stdout).toMatch(/2\. Account 2 .* \[rate-limited (29|30) min\]/);
  });
});
