import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../../test/support/lab-accounts.ts';
import { takeLock } from '../../storage/lock.ts';
import type { ChatgptAccount } from '../account.ts';
import { adoptCodexLogin } from '../codex-login/adopt.ts';
import { writeCodexLogin } from '../codex-login/write-codex-login.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { requirePool } from '../store/pool-store.ts';
import { writeAnswerRecord } from './answer-record.ts';
import { ensureFreshTokens } from './refresh-account.ts';
import { storePair } from './store-pair.ts';

let world: LabWithHome;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(() => world.stop());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

async function onlyAccount(): Promise<ChatgptAccount> {
  const [account] = (await requirePool(world.scope())).accounts;
  if (account?.kind !== 'chatgpt') throw new Error('no account in the pool');
  return account;
}

test('an account whose access token is good is given back without any request or lock', async () => {
  const account = await world.addAccount('plus');
  const outcome = await ensureFreshTokens(world.scope(), account);
  expect(outcome).toMatchObject({ kind: 'fresh', account: { refreshToken: account.refreshToken } });
  expect(world.lab.requests()).toHaveLength(0);
  await expect(readdir(join(world.home, 'multi-auth', 'steward', 'leases'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
});

test('an expired one is refreshed once, and pool and rival lease have the new pair', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const outcome = await ensureFreshTokens(world.scope(), account);
  expect(outcome).toMatchObject({ kind: 'refreshed', warning: null });
  expect(world.tokenCalls()).toBe(1);
  const stored = await onlyAccount();
  expect(stored.refreshToken).not.toBe(account.refreshToken);
  expect(stored).toMatchObject({ invalidated: null, refreshToken: outcome.account.refreshToken });
  expect(stored.idToken).not.toBe(account.idToken);

  const leases = join(world.home, 'multi-auth', 'refresh-leases');
  const hash = sha256(account.refreshToken);
  expect(await readdir(leases)).toEqual([`${hash}.result.json`]);
  expect(JSON.parse(await readFile(join(leases, `${hash}.result.json`), 'utf8'))).toMatchObject({
    tokenHash: hash,
    result: { type: 'success', access: stored.accessToken, refresh: stored.refreshToken },
  });
  expect(await readdir(join(world.home, 'multi-auth', 'steward', 'answers'))).toEqual([]);
});

test('twenty calls at once in one process make one request', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const scope = world.scope();
  const outcomes = await Promise.all(
    Array.from({ length: 20 }, (_, at) => ensureFreshTokens(at % 2 === 0 ? scope : world.scope(), account)),
  );
  expect(world.tokenCalls()).toBe(1);
  expect(new Set(outcomes.map((outcome) => outcome.account.accessToken)).size).toBe(1);
});

test('twenty calls in four processes make one request', async () => {
  await world.addAccount('plus', { expired: true });
  const runs = await Promise.all([1, 2, 3, 4].map(() => world.runChild(5)));
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
  expect(world.tokenCalls()).toBe(1);
  const kinds = runs.flatMap(({ outcomes }) => outcomes);
  expect(kinds).toHaveLength(20);
  expect(kinds.filter(({ kind }) => kind === 'refreshed').length).toBeGreaterThan(0);
  expect(new Set(kinds.map(({ token }) => token)).size).toBe(1);
}, 30_000);

test('a newer pair in auth.json is adopted, and nothing is spent', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const newer = await world.login('plus');
  await world.writeAuth(newer);
  const outcome = await ensureFreshTokens(world.scope(), account);
  expect(outcome).toMatchObject({ kind: 'adopted', account: { refreshToken: newer.refresh_token } });
  expect(world.tokenCalls()).toBe(0);
  expect((await onlyAccount()).refreshToken).toBe(newer.refresh_token);
});

test('a pair of another account in auth.json is left alone', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const other = await world.login('second');
  await world.writeAuth(other, 'second');
  expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({ kind: 'refreshed' });
  expect((await world.readAuth()).tokens.refresh_token).toBe(other.refresh_token);
});

test('when Codex has the same login, it gets the new pair too, and keeps its other members', async () => {
  const account = await world.addAccount('plus', { expired: true });
  await world.writeAuthOf(account, { future_member: { a: 1 } });
  expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({ kind: 'refreshed', warning: null });
  const auth = await world.readAuth();
  const stored = await onlyAccount();
  expect(auth.tokens).toMatchObject({
    refresh_token: stored.refreshToken,
    access_token: stored.accessToken,
    id_token: stored.idToken,
    login_owner_id: 'opaque',
  });
  expect(auth).toMatchObject({ future_member: { a: 1 } });
  expect(Date.parse(String(auth.last_refresh))).toBeLessThanOrEqual(Date.now());
});

test('an answer that a killed process left is taken up without a request', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const next = await world.redeem(account.refreshToken);
  await writeAnswerRecord(world.scope(), account.refreshToken, {
    refreshToken: next.refresh_token,
    accessToken: next.access_token,
    idToken: next.id_token,
    expiresAt: Date.now() + 3_600_000,
  });
  const outcome = await ensureFreshTokens(world.scope(), account);
  expect(outcome).toMatchObject({ kind: 'adopted', account: { refreshToken: next.refresh_token } });
  expect((await onlyAccount()).refreshToken).toBe(next.refresh_token);
  expect(world.tokenCalls()).toBe(0);
  expect(await readdir(join(world.home, 'multi-auth', 'steward', 'answers'))).toEqual([]);
});

test('force gets another token although the one in hand has not expired', async () => {
  const account = await world.addAccount('plus');
  const outcome = await ensureFreshTokens(world.scope(), account, { force: true });
  expect(outcome.kind).toBe('refreshed');
  expect(outcome.account.refreshToken).not.toBe(account.refreshToken);
  // Whoever still holds the refused token gets the new one, for nothing.
  const late = await ensureFreshTokens(world.scope(), account, { force: true });
  expect(late).toMatchObject({ kind: 'adopted', account: { accessToken: outcome.account.accessToken } });
  expect(world.tokenCalls()).toBe(1);
});

test('Ctrl-C does not cut off a request under way: its answer is stored', async () => {
  const account = await world.addAccount('plus', { expired: true });
  const stop = new AbortController();
  await world.fault('/oauth/token', { kind: 'delay', ms: 300 });
  const flight = ensureFreshTokens(world.scope(stop.signal), account);
  // Taken right before the request is sent.
  const answers = join(world.home, 'multi-auth', 'steward', 'answers');
  const reserve = join(answers, `${sha256(account.refreshToken)}.reserve`);
  await vi.waitUntil(() => existsSync(reserve), { timeout: 10_000, interval: 5 });
  stop.abort();
  expect(await flight).toMatchObject({ kind: 'refreshed' });
  expect((await onlyAccount()).refreshToken).not.toBe(account.refreshToken);
});

describe('refusals', () => {
  const cases = [
    ['reused', 'refresh_token_reused', 'auth.refresh_token_reused'],
    ['revoked', 'refresh_token_invalidated', 'auth.refresh_token_revoked'],
    ['expired', 'refresh_token_expired', 'auth.token_expired'],
    ['invalid', 'token_expired', 'auth.token_expired'],
  ] as const;
  test.each(cases)('%s keeps its code, and the account is marked', async (refresh, code, catalogueId) => {
    const account = await world.addAccount('plus', { expired: true });
    await world.lab.control({ do: 'settings', patch: { refresh } });
    const outcome = await ensureFreshTokens(world.scope(), account);
    expect(outcome).toMatchObject({ kind: 'refused', status: 401, code, catalogueId, isPermanent: true });
    expect(outcome.kind === 'refused' && outcome.message).toContain(code);
    expect(outcome.kind === 'refused' && outcome.action).toContain('steward auth login');
    const stored = await onlyAccount();
    expect(stored.invalidated).toMatchObject({ code });
    expect(stored.refreshToken).toBe(account.refreshToken);
    expect(world.tokenCalls()).toBe(1);
  });

  test('refresh_token_reused leads to one try with the other pair that Codex has', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.redeem(account.refreshToken);
    const other = await world.login('plus', -7200); // an older access token, but a refresh token that is good
    await world.writeAuth(other);
    const outcome = await ensureFreshTokens(world.scope(), account);
    expect(outcome).toMatchObject({ kind: 'refreshed' });
    expect(world.tokenCalls()).toBe(2);
    const stored = await onlyAccount();
    expect(stored).toMatchObject({ refreshToken: outcome.account.refreshToken, invalidated: null });
    expect((await world.readAuth()).tokens.refresh_token).toBe(stored.refreshToken);
  });

  test('a reused token never overwrites the good pair in auth.json', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const good = await world.login('second');
    await world.writeAuth(good, 'second');
    await world.redeem(account.refreshToken);
    expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({
      kind: 'refused',
      code: 'refresh_token_reused',
    });
    expect((await world.readAuth()).tokens.refresh_token).toBe(good.refresh_token);
  });

  test('a page with 403 is no verdict on the login', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'challenge' });
    const outcome = await ensureFreshTokens(world.scope(), account);
    expect(outcome).toMatchObject({ kind: 'refused', status: 403, isPermanent: false });
    expect((await onlyAccount()).invalidated).toBeNull();
  });

  test('a server in trouble is said, and the token can be spent later', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'answer', status: 503, json: {} }, 1);
    const first = await ensureFreshTokens(world.scope(), account);
    expect(first).toMatchObject({ kind: 'failed', reason: 'server', status: 503, maybeSpent: false });
    expect((await onlyAccount()).invalidated).toBeNull();
    expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({ kind: 'refreshed' });
  });

  test('a connection lost after the request says that the token may be used up, and marks nothing', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'reset' });
    const outcome = await ensureFreshTokens(world.scope(), account);
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'network', maybeSpent: true });
    expect(outcome.kind === 'failed' && outcome.message).toContain('may be used up');
    expect((await onlyAccount()).invalidated).toBeNull();
  });
});

describe("the rival's lease", () => {
  test('its result is adopted without a request', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const next = await world.redeem(account.refreshToken);
    const folder = join(world.home, 'multi-auth', 'refresh-leases');
    await mkdir(folder, { recursive: true });
    const hash = sha256(account.refreshToken);
    const lock = {
      tokenHash: hash,
      pid: 1,
      acquiredAt: Date.now(),
      expiresAt: Date.now() + 30_000,
      nonce: 'n',
    };
    await writeFile(join(folder, `${hash}.lock`), JSON.stringify(lock));
    const flight = ensureFreshTokens(world.scope(), account);
    const { access_token: access, refresh_token: refresh } = next;
    const result = { type: 'success', access, refresh, expires: Date.now() + 3_600_000 };
    setTimeout(() => {
      void writeFile(
        join(folder, `${hash}.result.json`),
        JSON.stringify({ tokenHash: hash, createdAt: Date.now(), result }),
      );
    }, 300);
    expect(await flight).toMatchObject({ kind: 'adopted', account: { refreshToken: refresh } });
    expect(world.tokenCalls()).toBe(0);
    expect((await onlyAccount()).refreshToken).toBe(refresh);
    expect(await readdir(folder)).toContain(`${hash}.lock`); // theirs to remove
  });

  test('one that has expired, or was left broken, holds nobody up', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const folder = join(world.home, 'multi-auth', 'refresh-leases');
    await mkdir(folder, { recursive: true });
    const hash = sha256(account.refreshToken);
    const lock = { tokenHash: hash, pid: 1, acquiredAt: 0, expiresAt: Date.now() - 1, nonce: 'n' };
    await writeFile(join(folder, `${hash}.lock`), JSON.stringify(lock));
    await writeFile(join(folder, `${hash}.result.json`), '{bad');
    expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({ kind: 'refreshed' });
    expect(world.tokenCalls()).toBe(1);
  });
});

describe('killed with SIGKILL', () => {
  test('after the answer came and before the pool has it, nothing is lost and nothing is asked again', async () => {
    const account = await world.addAccount('plus', { expired: true });
    const { lockFile, root } = await resolveAccountPaths(world.scope());
    const held = await takeLock(lockFile, Date.now());
    if (held.kind !== 'taken') throw new Error('the lock is held');
    const child = await world.startChild(1);
    const record = join(root, 'steward', 'answers', `${sha256(account.refreshToken)}.json`);
    await vi.waitUntil(() => existsSync(record), { timeout: 20_000, interval: 10 });
    process.kill(child.pid, 'SIGKILL');
    expect((await child.ended).code).toBeNull();
    await held.lock.release();
    expect((await onlyAccount()).refreshToken).toBe(account.refreshToken);

    const outcome = await ensureFreshTokens(world.scope(), account);
    expect(outcome.kind).toBe('adopted');
    expect(world.tokenCalls()).toBe(1);
    const stored = await onlyAccount();
    expect(world.lab.world.sessions.ownerOf(stored.refreshToken)?.name).toBe('plus');
    expect(stored.refreshToken).not.toBe(account.refreshToken);
    expect(await ensureFreshTokens(world.scope(), stored, { force: true })).toMatchObject({
      kind: 'refreshed',
    });
  }, 40_000);

  test('while the request is under way, the next one goes ahead at once', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.fault('/oauth/token', { kind: 'hang' });
    const child = await world.startChild(1);
    const lease = join(world.home, 'multi-auth', 'refresh-leases', `${sha256(account.refreshToken)}.lock`);
    await vi.waitUntil(() => existsSync(lease), { timeout: 20_000, interval: 10 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(child.pid, 'SIGKILL');
    await child.ended;
    await world.lab.control({ do: 'clear-faults' });
    expect(await ensureFreshTokens(world.scope(), account)).toMatchObject({ kind: 'refreshed' });
    expect((await onlyAccount()).refreshToken).not.toBe(account.refreshToken);
  }, 30_000);

  test('after the pool has the pair and before Codex has it, the next command hands it over', async () => {
    const account = await world.addAccount('plus', { expired: true });
    await world.writeAuthOf(account);
    const next = await world.redeem(account.refreshToken);
    const pair = {
      refreshToken: next.refresh_token,
      accessToken: next.access_token,
      idToken: next.id_token,
      expiresAt: Date.now() + 3_600_000,
    };
    await writeAnswerRecord(world.scope(), account.refreshToken, pair);
    await storePair(world.scope(), account, pair);
    await adoptCodexLogin(world.scope());
    expect((await world.readAuth()).tokens).toMatchObject({ refresh_token: next.refresh_token });
    expect(await readdir(join(world.home, 'multi-auth', 'steward', 'answers'))).toEqual([]);
  });

  test('an answer that is older than the access token in hand is brought home by the next command too', async () => {
    const account = await world.addAccount('plus');
    const next = await world.redeem(account.refreshToken);
    await writeAnswerRecord(world.scope(), account.refreshToken, {
      refreshToken: next.refresh_token,
      accessToken: next.access_token,
      idToken: next.id_token,
      expiresAt: Date.now() + 3_600_000,
    });
    expect(await writeCodexLogin(world.scope(), account)).toMatchObject({ kind: 'written' });
    expect((await onlyAccount()).refreshToken).toBe(next.refresh_token);
    expect((await world.readAuth()).tokens).toMatchObject({ refresh_token: next.refresh_token });
    expect(world.tokenCalls()).toBe(0);
  });
});
