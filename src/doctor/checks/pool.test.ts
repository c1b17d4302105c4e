import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePlainHome, type PlainHome } from '../../../test/support/plain-home.ts';
import { carryOut } from '../../../test/support/plan.ts';
import { poolCheck } from './pool.ts';
import { poolLoginsCheck } from './pool-logins.ts';

const POOL = 'multi-auth/openai-codex-accounts.json';
const HOUR = 3_600_000;

let home: PlainHome;

beforeEach(async () => {
  home = await makePlainHome();
});

afterEach(() => home.remove());

function row(n: number, members: object = {}) {
  return {
    refreshToken: `rt_invented-for-a-test-${n}`,
    accountId: `0b1c5d9e-0000-4000-8000-00000000000${n}`,
    email: `user${n}@mail.test`,
    addedAt: 1,
    lastUsed: 1,
    ...members,
  };
}

function poolText(accounts: readonly object[]): string {
  return JSON.stringify({ version: 3, accounts, activeIndex: 0 }, null, 2);
}

async function write(name: string, text: string) {
  await mkdir(join(home.path, 'multi-auth'), { recursive: true });
  await writeFile(join(home.path, name), text, { mode: 0o600 });
}

test('a home without a pool is passed over', async () => {
  expect(await home.run(poolCheck)).toMatchObject({ status: 'skipped', problems: [] });
  expect(await home.run(poolLoginsCheck)).toMatchObject({ status: 'skipped', problems: [] });
});

test('a sound pool is ok', async () => {
  await write(POOL, poolText([row(1), row(2, { enabled: false })]));
  expect(await home.run(poolCheck)).toMatchObject({ status: 'ok', summary: '1 of 2 accounts enabled' });
  expect(await home.run(poolLoginsCheck)).toMatchObject({ status: 'ok' });
});

test('a broken pool without a copy is a failure with its line, and no repair writes over it', async () => {
  await write(POOL, '{bad');
  const { status, problems } = await home.run(poolCheck);
  expect(status).toBe('problems');
  expect(problems).toMatchObject([
    { finding: { id: 'pool.store_corrupt', severity: 'fail', fix: { repairId: null } } },
  ]);
  expect(problems[0]?.finding.evidence[0]?.what).toContain('openai-codex-accounts.json, line 1: ');
  expect(await home.run(poolLoginsCheck)).toMatchObject({ status: 'skipped' });
});

test('a broken pool with a backup is a warning, and the repair puts the backup in its place', async () => {
  const good = poolText([row(1), row(2)]);
  await write(POOL, good.slice(0, 40));
  await write(`${POOL}.bak`, good);
  const { problems } = await home.run(poolCheck);
  expect(problems).toMatchObject([{ finding: { id: 'pool.store_corrupt', severity: 'warn' } }]);
  await carryOut(problems[0]);
  expect(await readFile(join(home.path, POOL), 'utf8')).toBe(good);
  expect(await home.run(poolCheck)).toMatchObject({ status: 'ok' });
});

test('a wait that the server has lifted is forgotten in that row alone', async () => {
  const now = Date.now();
  const waits = { rateLimitResetTimes: { 'gpt-5.2': now + HOUR }, lastUsed: now - HOUR };
  const text = poolText([row(1, waits), row(2, waits)]);
  await write(POOL, text);
  const window = { usedPercent: 12, windowMinutes: 300, resetAtMs: now + HOUR };
  const entry = { updatedAt: now - 1000, status: 200, model: 'any', primary: window, secondary: window };
  const cache = { version: 1, byAccountId: { [row(2).accountId]: entry }, byEmail: {} };
  await write('multi-auth/quota-cache.json', JSON.stringify(cache));
  const { problems } = await home.run(poolCheck);
  expect(problems.map(({ finding }) => finding.id)).toEqual(['pool.stale_cooldown']);
  expect(problems[0]?.finding.fix.automatic).toBe(true);
  await carryOut(problems[0]);
  const after = JSON.parse(await readFile(join(home.path, POOL), 'utf8'));
  expect(after.accounts[0]).toEqual(JSON.parse(text).accounts[0]);
  expect(after.accounts[1].rateLimitResetTimes).toEqual({});
});

test('a pool in which nobody can serve says until when; one that can serve says nothing', async () => {
  const now = Date.now();
  const limited = { rateLimitResetTimes: { 'gpt-5.2': now + HOUR } };
  await write(POOL, poolText([row(1, limited), row(2, { enabled: false })]));
  const { problems } = await home.run(poolCheck);
  expect(problems).toMatchObject([{ finding: { id: 'pool.exhausted', actor: 'wait' } }]);
  expect(problems[0]?.finding.cause).toContain(new Date(now + HOUR).toISOString());
  await write(POOL, poolText([row(1, limited), row(2)]));
  expect(await home.run(poolCheck)).toMatchObject({ status: 'ok' });
});

test('a login that the server has refused keeps its code, and its address is masked', async () => {
  const dead = { authInvalidatedAt: 5_000, authInvalidationErrorCode: 'refresh_token_reused' };
  await write(POOL, poolText([row(1, dead), row(2, { authInvalidatedAt: 5_000, enabled: false })]));
  const { problems } = await home.run(poolLoginsCheck);
  expect(problems.map(({ finding }) => [finding.id, finding.severity])).toEqual([
    ['auth.refresh_token_reused', 'warn'],
    ['auth.refresh_token_revoked', 'info'],
  ]);
  const text = JSON.stringify(problems);
  expect(text).toContain('us***@***.test');
  expect(text).not.toMatch(/user1@|rt_invented/);
});
