/** The account commands that change something, as a user runs them: built program, a lab, and the real Codex after a switch. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { CODEX_ALIASES, codexBinary, runProgram } from '../support/real-codex.ts';
import { type Place, type StewardRun, steward } from '../support/steward.ts';
import { CTRL_C, startAtTerminal } from '../support/terminal.ts';
import { treeBytes } from '../support/tree-bytes.ts';

const POOL = 'multi-auth/openai-codex-accounts.json';

let world: LabWithHome;
let place: Place;

beforeEach(async () => {
  world = await startLabWithHome();
  place = { env: world.environment(), project: world.home };
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

function poolJson() {
  return readFile(join(world.home, POOL), 'utf8').then((text) => JSON.parse(text));
}

describe.each(CODEX_ALIASES)('%s after a switch', (alias) => {
  test('C5: works with the account that was switched to', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    await world.lab.control({ do: 'settings', patch: { reply: 'I am {account}' } });
    await mkdir(join(world.home, 'work'));
    for (const name of ['second', 'plus']) {
      const switched = await auth('switch', `${name}@example.com`);
      expect(switched).toMatchObject({ code: 0, stderr: '' });
      const ran = await runProgram(codexBinary(alias), ['exec', '--skip-git-repo-check', 'hi'], {
        env: place.env as Record<string, string>,
        cwd: join(world.home, 'work'),
      });
      expect(ran.stdout).toContain(`I am ${name}`);
      const model = world.lab.requests().filter(({ path }) => path.endsWith('/responses'));
      expect(model.at(-1)?.account).toBe(name);
    }
    expect(world.tokenCalls()).toBe(0);
  });
});

describe('switch', () => {
  test('says what it did in one JSON object, and unpin takes the pin back', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    const { code, json } = await authJson('switch', '2');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      schemaVersion: 1,
      command: 'switch',
      ok: true,
      index: 1,
      accountIndex: 2,
      label: expect.stringMatching(/^Account 2 \(se\*\*\*@\*\*\*\.com, id:/),
      pinnedAccountIndex: 1,
      affinityGeneration: 1,
      credential: 'fresh',
      synced: true,
      staleSessions: [],
    });
    expect(await authJson('unpin')).toMatchObject({
      code: 0,
      json: { command: 'unpin', unpinned: true, previousPinnedAccountIndex: 1, affinityGeneration: 2 },
    });
    expect((await poolJson()).pinnedAccountIndex).toBeUndefined();
  });

  test('an unknown, ambiguous or missing name is a usage error that lists who there is', async () => {
    await world.addAccount('plus');
    expect(await auth('switch', '9')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no account is "9"; there are: Account 1 (pl***@***.com'),
    });
    expect(await auth('switch')).toMatchObject({ code: 2, stderr: expect.stringContaining('account') });
  });

  test('C4: a dead login keeps its code, with what to do, and exit code 1', async () => {
    const dead = await world.addAccount('plus', { expired: true });
    await world.redeem(dead.refreshToken);
    const { code, json } = await authJson('switch', '1');
    expect(code).toBe(1);
    expect(json.error).toMatchObject({
      code: 'ERR_ACCOUNTS_REFUSED',
      message: expect.stringContaining('refresh_token_reused'),
      hint: expect.stringMatching(/log .* in again/i),
      details: { serverCode: 'refresh_token_reused' },
    });
    const plain = await auth('switch', '1');
    expect(plain).toMatchObject({ code: 1, stderr: expect.stringContaining('refresh_token_reused') });
  });

  test('C5: names the sessions that still work with the former login', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    await auth('switch', '1');
    const { spawn } = await import('node:child_process');
    const session = spawn(codexBinary('codex-newest'), ['app-server'], { env: place.env, stdio: 'pipe' });
    try {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const { json } = await authJson('switch', '2');
      expect(json.staleSessions).toMatchObject([{ pid: session.pid, kind: 'app-server' }]);
      const again = await authJson('switch', '2');
      expect(again.json.staleSessions).toEqual([]); // nothing was changed
    } finally {
      session.kill('SIGKILL');
    }
  });
});

describe('check', () => {
  test('asks the usage endpoint, shows limits, leaves disabled accounts alone, and spends no quota', async () => {
    await world.addAccount('plus');
    await world.addAccount('second', { expired: true });
    await world.addAccount('pro');
    const pool = await poolJson();
    pool.accounts[2].enabled = false;
    await writeFile(join(world.home, POOL), JSON.stringify(pool));
    const { code, json } = await authJson('check');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      command: 'check',
      ok: true,
      summary: { total: 3, working: 2, limited: 0, needLogin: 0, unclear: 0, disabled: 1 },
      accounts: [
        { verdict: 'working' },
        { verdict: 'working', credential: 'refreshed' },
        { verdict: 'disabled' },
      ],
    });
    expect((await poolJson()).accounts[2].enabled).toBe(false);
    const asked = world.lab.requests();
    expect(asked.filter(({ path }) => path.endsWith('/responses'))).toEqual([]);
    expect(asked.filter(({ account }) => account === 'pro')).toEqual([]);
    const cache = JSON.parse(await readFile(join(world.home, 'multi-auth', 'quota-cache.json'), 'utf8'));
    expect(Object.keys(cache.byAccountId)).toHaveLength(2);
  });

  test('exit code 1 when no account works, and the code of each refusal', async () => {
    const dead = await world.addAccount('plus', { expired: true });
    await world.redeem(dead.refreshToken);
    await world.addAccount('second');
    await world.lab.control({ do: 'settings', patch: { primaryUsedPercent: 100 } });
    const { code, json } = await authJson('check');
    expect(code).toBe(1);
    expect(json.accounts).toMatchObject([
      { verdict: 'refused', code: 'refresh_token_reused', needsLogin: true },
      { verdict: 'limited' },
    ]);
  });

  test('exit code 3 when nobody can be reached', async () => {
    await world.addAccount('plus');
    await world.lab.stop();
    expect((await authJson('check')).code).toBe(3);
  });

  test('one that is named is asked about although it is disabled, and stays disabled', async () => {
    await world.addAccount('plus');
    const pool = await poolJson();
    pool.accounts[0].enabled = false;
    await writeFile(join(world.home, POOL), JSON.stringify(pool));
    expect(await authJson('check', '1')).toMatchObject({
      code: 0,
      json: { accounts: [{ verdict: 'working' }] },
    });
    expect((await poolJson()).accounts[0].enabled).toBe(false);
  });
});

describe('dry runs', () => {
  test('contact nobody and change no byte', async () => {
    const dead = await world.addAccount('plus', { expired: true });
    await world.redeem(dead.refreshToken);
    await world.addAccount('second', { expired: true });
    await auth('fix'); // flags the first, so that there is something to verify
    await world.addAccount('pro', { expired: true });
    const before = await treeBytes(world.home);
    const asked = world.lab.requests().length;
    for (const args of [
      ['fix', '--dry-run'],
      ['fix', '--dry-run', '--live'],
      ['verify-flagged', '--dry-run'],
      ['doctor'],
      ['doctor', '--fix', '--dry-run'],
      ['rotation', 'reset-rate-limits', '--dry-run'],
    ]) {
      const { json } = await authJson(...args);
      expect(json.schemaVersion, args.join(' ')).toBe(1);
      expect(await treeBytes(world.home), args.join(' ')).toEqual(before);
    }
    expect(world.lab.requests().slice(asked)).toEqual([]);
  });
});

describe('doctor', () => {
  test('a corrupt pool is an error with exit code 1, and stays as it is', async () => {
    await mkdir(join(world.home, 'multi-auth'));
    await writeFile(join(world.home, POOL), '{bad');
    const { code, json } = await authJson('doctor', '--fix');
    expect(code).toBe(1);
    expect(json.checks).toContainEqual(
      expect.objectContaining({ key: 'storage-readable', severity: 'error' }),
    );
    expect(await readFile(join(world.home, POOL), 'utf8')).toBe('{bad');
    expect((await auth('switch', '1')).code).toBe(3);
  });

  test('an unknown login is never called aligned, and --fix aligns it', async () => {
    await world.addAccount('plus', { expired: true });
    const before = await authJson('doctor');
    const sync = (report: { checks: { key: string }[] }) =>
      report.checks.find(({ key }) => key === 'active-selection-sync');
    expect(sync(before.json)).toMatchObject({ severity: 'warn' });
    const { code, json } = await authJson('doctor', '--fix');
    expect(code).toBe(0);
    expect(json.fix).toMatchObject({ enabled: true, dryRun: false, changed: true });
    const keys = json.fix.actions.map(({ key }: { key: string }) => key);
    expect(keys).toEqual(['doctor-refresh', 'codex-active-sync']);
    expect(sync(json)).toMatchObject({ severity: 'ok' });
    const again = await authJson('doctor', '--fix');
    expect(again.json.fix).toMatchObject({ changed: false, actions: [] });
  });

  test('--dry-run without --fix is a usage error', async () => {
    expect((await auth('doctor', '--dry-run')).code).toBe(2);
  });
});

describe('the rest', () => {
  test('remove asks first, and without a terminal wants --yes; the login is not revoked', async () => {
    const account = await world.addAccount('plus');
    expect(await auth('remove', '1')).toMatchObject({ code: 2, stderr: expect.stringContaining('--yes') });
    const { code, json } = await authJson('remove', '1', '--yes');
    expect(code).toBe(0);
    expect(json).toMatchObject({ removed: true, remaining: 0, revoked: false });
    expect((await poolJson()).accounts).toEqual([]);
    expect(world.lab.requests()).toEqual([]);
    expect((await world.redeem(account.refreshToken)).refresh_token).toMatch(/^rt_/);
  });

  test('remove asks at a terminal: no leaves the account, Ctrl-C as well, yes takes it out', async () => {
    await world.addAccount('plus');
    for (const [keys, code, left] of [
      ['n', 0, 1],
      [CTRL_C, 130, 1],
      ['y', 0, 0],
    ] as const) {
      const terminal = startAtTerminal(place, ['auth', 'remove', '1']);
      await terminal.until(/Take Account 1 .* out of the pool\?/);
      terminal.type(keys);
      expect((await terminal.ended).code).toBe(code);
      expect((await poolJson()).accounts).toHaveLength(left);
    }
  });

  test('policies are kept and listed, wrong ones are usage errors', async () => {
    await world.addAccount('plus');
    expect((await auth('account', 'tag', '1', 'Work,eu')).code).toBe(0);
    expect(await authJson('account', 'weight', '1', '2')).toMatchObject({
      code: 0,
      json: { command: 'account weight', index: 0, weight: 2, tags: ['eu', 'work'] },
    });
    expect((await auth('account', 'pause', '1')).code).toBe(0);
    expect((await auth('account', 'note', '1', 'the', 'good', 'one')).code).toBe(0);
    expect((await auth('account', 'weight', '1', 'heavy')).code).toBe(2);
    const { json } = await authJson('account', 'policy', 'list');
    expect(json.accounts).toMatchObject([
      {
        index: 1,
        accountKey: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        tags: ['eu', 'work'],
        weight: 2,
        paused: true,
        drained: false,
        note: 'the good one',
      },
    ]);
    expect((await auth('account', 'untag', '1', 'work')).stdout).toContain('tags eu');
  });

  test('C7: rotation is stored, and an override of the environment is named', async () => {
    expect(await authJson('rotation', 'disable')).toMatchObject({
      code: 0,
      json: { stored: false, effective: false },
    });
    const settings = await readFile(join(world.home, 'multi-auth', 'settings.json'), 'utf8');
    expect(JSON.parse(settings)).toMatchObject({ pluginConfig: { codexRuntimeRotationProxy: false } });
    const env = { CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY: '0' };
    const ran = await steward(place, ['auth', 'rotation', 'enable'], { env });
    expect(ran).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('still keeps it disabled: unset it'),
    });
  });

  test('remembered limits are forgotten for one account or for all', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    const pool = await poolJson();
    const later = Date.now() + 3_600_000;
    for (const row of pool.accounts) row.rateLimitResetTimes = { 'gpt-5.2': later, codex: 1 };
    await writeFile(join(world.home, POOL), JSON.stringify(pool));
    expect(await authJson('rotation', 'reset-rate-limits', '--account', '2')).toMatchObject({
      code: 0,
      json: {
        ok: true,
        dryRun: false,
        accountsScanned: 1,
        accountsChanged: 1,
        changes: [{ index: 1, clearedRateLimitKeys: ['gpt-5.2'], clearedCoolingDown: false }],
      },
    });
    const rows = (await poolJson()).accounts;
    expect(rows[0].rateLimitResetTimes['gpt-5.2']).toBe(later);
    expect(rows[1].rateLimitResetTimes?.['gpt-5.2']).toBeUndefined();
  });
});

describe('the main doctor', () => {
  test('C6: recovers a broken pool from its backup, with consent', async () => {
    await world.addAccount('plus');
    await world.addAccount('second');
    await auth('account', 'tag', '1', 'x');
    await auth('switch', '1'); // leaves a backup
    const good = await readFile(join(world.home, `${POOL}.bak`), 'utf8');
    await writeFile(join(world.home, POOL), '{"version":3,"accounts":[');
    const only = ['doctor', '--only', 'pool.store_corrupt', '--json'];
    const asked = JSON.parse((await steward(place, [...only, '--fix'])).stdout);
    expect(asked.findings).toMatchObject([{ id: 'pool.store_corrupt', severity: 'warn', fixClass: 'C' }]);
    const fixed = await steward(place, [...only, '--fix', '--yes']);
    expect(JSON.parse(fixed.stdout)).toMatchObject({ findings: [], repairs: [{ result: 'repaired' }] });
    expect(await readFile(join(world.home, POOL), 'utf8')).toBe(good);
    expect((await authJson('check')).json.summary).toMatchObject({ working: 2 });
  });

  test('forgets by itself a wait that the server has lifted', async () => {
    await world.addAccount('plus');
    const pool = await poolJson();
    pool.accounts[0].rateLimitResetTimes = { 'gpt-5.2': Date.now() + 3_600_000 };
    pool.accounts[0].lastUsed = Date.now() - 1000;
    await writeFile(join(world.home, POOL), JSON.stringify(pool));
    await auth('check'); // the server has room for it
    const ran = await steward(place, ['doctor', '--fix', '--only', 'pool.stale_cooldown', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({ findings: [], repairs: [{ result: 'repaired' }] });
    expect((await poolJson()).accounts[0].rateLimitResetTimes ?? {}).toEqual({});
  });
});

describe('a switch that does not reach auth.json', () => {
  test('is said with exit code 1 where logins are kept in the keyring; the pin holds for the gateway', async () => {
    await world.addAccount('plus');
    const config = join(world.home, 'config.toml');
    await writeFile(config, `cli_auth_credentials_store = "keyring"\n${await readFile(config, 'utf8')}`);
    const { code, json } = await authJson('switch', '1');
    expect(code).toBe(1);
    expect(json).toMatchObject({
      ok: false,
      synced: false,
      pinnedAccountIndex: 0,
      codexLogin: { kind: 'refused', reason: 'credential-store' },
    });
    const fixed = await authJson('doctor', '--fix');
    expect(fixed.json.fix.actions.map(({ key }: { key: string }) => key)).toEqual([
      'codex-auth-store',
      'codex-active-sync',
    ]);
    expect(await readFile(config, 'utf8')).toContain('cli_auth_credentials_store = "file"');
  });

  test('is the wish of the user with CODEX_MULTI_AUTH_SYNC_CODEX_CLI=0', async () => {
    await world.addAccount('plus');
    const env = { CODEX_MULTI_AUTH_SYNC_CODEX_CLI: '0', CODEX_AUTH_PER_PROJECT_ACCOUNTS: '0' };
    const ran = await steward(place, ['auth', 'switch', '1', '--json'], { env });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, codexLogin: { reason: 'sync-disabled' } });
    await expect(readFile(join(world.home, 'auth.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
