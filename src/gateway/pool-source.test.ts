import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LabWithHome, startLabWithHome } from '../../test/support/lab-accounts.ts';
import type { ChatgptAccount } from '../accounts/account.ts';
import { policyKey } from '../accounts/store/account-key.ts';
import { requirePool, updatePool } from '../accounts/store/pool-store.ts';
import { projectKey } from '../accounts/store/project.ts';
import { openDatabase } from '../storage/sqlite.ts';
import type { ChoiceRequest } from './account-source.ts';
import { createLedgerWriter } from './daemon/ledger-writer.ts';
import type { RequestEvent } from './events.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { openPoolSource, type PoolSource } from './pool-source.ts';
import { createThreadProjects } from './thread-projects.ts';

let world: LabWithHome;
let source: PoolSource;
let gateway: Gateway | null = null;
beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(async () => {
  await gateway?.stop(0);
  gateway = null;
  await source.close();
  await world.stop();
});

const request = (more: Partial<ChoiceRequest> = {}): ChoiceRequest => ({
  path: 'responses',
  threadId: null,
  previousResponseId: null,
  model: 'gpt-lab',
  excluded: new Set(),
  onlyAccount: null,
  ...more,
});
const chosen = (more: Partial<ChoiceRequest> = {}) => {
  const choice = source.choose(request(more));
  return choice.kind === 'account' ? choice.account.key : choice.kind;
};

async function twoAccounts(): Promise<[ChatgptAccount, ChatgptAccount]> {
  const accounts: [ChatgptAccount, ChatgptAccount] = [
    await world.addAccount('plus'),
    await world.addAccount('second'),
  ];
  source = await openPoolSource(world.scope());
  return accounts;
}

const TOKEN = 't'.repeat(43);
async function ask(): Promise<Response> {
  gateway ??= await startGateway({
    scope: world.scope(),
    accounts: source,
    bases: { chatgpt: `${world.lab.url}/backend-api/codex`, apiKey: `${world.lab.url}/v1` },
    clients: [{ id: 'test', token: TOKEN }],
  });
  return fetch(`${gateway.address.baseUrl(TOKEN)}/responses`, {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt-lab', input: [], stream: true }),
  });
}

let servedAtMs = Date.now();
const servedEvent = (threadId: string, account: string): RequestEvent => {
  servedAtMs = Math.max(servedAtMs + 1, Date.now());
  return {
    kind: 'request',
    client: 'session',
    transport: 'http',
    method: 'POST',
    path: 'responses',
    threadId,
    model: 'gpt-lab',
    account,
    status: 200,
    end: 'whole',
    usage: null,
    attempts: [],
    startedAtMs: servedAtMs,
    firstByteMs: 1,
    tookMs: 2,
  };
};

describe('choosing', () => {
  test('an empty pool lets the client’s own login through', async () => {
    source = await openPoolSource(world.scope());
    expect(source.choose(request())).toEqual({ kind: 'own' });
  });

  test('a limited account is passed over until its time, and told as the reason when nobody is left', async () => {
    const [first, second] = await twoAccounts();
    const untilMs = Date.now() + 3_600_000;
    const limited = {
      kind: 'limited',
      why: 'usage-limit',
      untilMs,
      model: 'gpt-lab',
      planType: 'plus',
    } as const;
    source.report({ key: first.key, ...limited });
    expect(chosen()).toBe(second.key);
    source.report({ key: second.key, ...limited, why: 'credits', untilMs: null });
    expect(source.choose(request())).toMatchObject({
      kind: 'none',
      hard: null,
      blocked: [
        { key: first.key, number: 1, reason: 'rate-limit', untilMs, planType: 'plus' },
        { key: second.key, number: 2, reason: 'credits' },
      ],
    });
  });

  test('a thread keeps its account, a response its owner, and a client its one account', async () => {
    const [first, second] = await twoAccounts();
    source.report({ key: second.key, kind: 'served', threadId: 't' });
    source.report({ key: second.key, kind: 'owns', responseId: 'resp_1' });
    expect(chosen({ threadId: 't' })).toBe(second.key);
    expect(chosen({ previousResponseId: 'resp_1' })).toBe(second.key);
    expect(chosen({ onlyAccount: first.key })).toBe(first.key);
    expect(source.choose(request({ onlyAccount: 'gone' }))).toMatchObject({ kind: 'none', hard: 'forced' });
    const moved = source.choose(request({ threadId: 't', excluded: new Set([second.key]) }));
    expect(moved).toMatchObject({ kind: 'account', isMove: true });
  });

  test('the last choice tells how each account stood', async () => {
    const [first, second] = await twoAccounts();
    const limited = { kind: 'limited', why: 'usage-limit', model: 'gpt-lab', planType: null } as const;
    source.report({ key: first.key, ...limited, untilMs: Date.now() + 3_600_000 });
    expect(chosen({ threadId: 't' })).toBe(second.key);
    const [last] = source.lastChoices();
    expect(last).toMatchObject({ threadId: 't', account: second.key, reason: 'only', excluded: [] });
    expect(last?.considered).toMatchObject([
      { key: second.key, number: 2, isChosen: true, isAvailable: true },
      { key: first.key, number: 1, isChosen: false, isAvailable: false, score: null },
    ]);
    expect(last?.considered[1]?.reasons[0]).toMatch(/limit/);
  });

  test('a model that the server refuses for an account goes to another one, other models do not', async () => {
    const [first, second] = await twoAccounts();
    source.report({ key: first.key, kind: 'model-unsupported', model: 'gpt-lab' });
    source.report({ key: second.key, kind: 'started', isWork: true });
    expect(chosen()).toBe(second.key);
    expect(chosen({ model: 'gpt-other' })).toBe(first.key);
  });

  test('a rejected login is marked on disk, and serves again once it has been renewed', async () => {
    const [first, second] = await twoAccounts();
    source.report({ key: first.key, kind: 'rejected', code: 'token_revoked' });
    expect(chosen()).toBe(second.key);
    await source.close();
    expect((await requirePool(world.scope())).accounts[0]).toMatchObject({
      invalidated: { code: 'token_revoked' },
    });
    await updatePool(world.scope(), (pool) => ({
      pool: {
        ...pool,
        accounts: pool.accounts.map((account) =>
          account.kind === 'chatgpt' && account.key === first.key
            ? { ...account, refreshToken: 'rt_new', invalidated: null }
            : account,
        ),
      },
      result: null,
    }));
    await source.reload();
    expect(chosen({ onlyAccount: first.key })).toBe(first.key);
  });
});

test('what went wrong can be forgotten, of one account or of all, but not that a login was refused', async () => {
  const [first, second] = await twoAccounts();
  const untilMs = Date.now() + 3_600_000;
  source.report({
    key: first.key,
    kind: 'limited',
    why: 'too-many-requests',
    untilMs,
    model: null,
    planType: null,
  });
  source.report({ key: second.key, kind: 'rejected', code: null });
  const available = () => source.accounts().map(({ isAvailable }) => isAvailable);
  expect(available()).toEqual([false, false]);
  await source.forget(second.key);
  expect(available()).toEqual([false, false]);
  await source.forget(null);
  expect(available()).toEqual([true, false]);
});

test('an account added or removed while it runs is seen', async () => {
  const first = await world.addAccount('plus');
  source = await openPoolSource(world.scope());
  const second = await world.addAccount('second');
  await source.reload();
  expect(chosen({ excluded: new Set([first.key]) })).toBe(second.key);
  await updatePool(world.scope(), (pool) => ({
    pool: { ...pool, accounts: pool.accounts.slice(1), activeIndex: 0 },
    result: null,
  }));
  await source.reload();
  expect(chosen()).toBe(second.key);
  expect(source.accounts()).toMatchObject([{ key: second.key, number: 1, isAvailable: true, inFlight: 0 }]);
});

test('limits are the mean of the pool, and full only when every account is', async () => {
  const [first, second] = await twoAccounts();
  const headers = (used: number) => ({
    'x-codex-primary-used-percent': String(used),
    'x-codex-primary-window-minutes': '300',
    'x-codex-primary-reset-at': String(Math.floor(Date.now() / 1000) + 600),
  });
  expect(source.limits()).toBeNull();
  source.report({ key: first.key, kind: 'headers', headers: headers(100) });
  source.report({ key: second.key, kind: 'headers', headers: headers(20) });
  expect(source.limits()?.windows).toMatchObject([{ name: 'primary', usedPercent: 60, windowMinutes: 300 }]);
  source.report({ key: second.key, kind: 'headers', headers: headers(100) });
  expect(source.limits()?.windows[0]?.usedPercent).toBe(100);
});

test('equals take turns at the work; lists of models do not count', async () => {
  const [first, second] = await twoAccounts();
  const ask = async (key: string, isWork: boolean) => {
    source.report({ key, kind: 'started', isWork });
    source.report({ key, kind: 'finished' });
    await sleep(2); // times are milliseconds
  };
  const turns: string[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const key = chosen();
    turns.push(key);
    await ask(key, true);
    await ask(first.key, false);
  }
  expect(turns).toEqual([first.key, second.key, first.key, second.key]);
});

test('the strategy of the settings file is followed while it runs', async () => {
  const [first, second] = await twoAccounts();
  const at = Math.floor(Date.now() / 1000);
  const limits = (used: number, resetsInS: number) => ({
    'x-codex-secondary-used-percent': String(used),
    'x-codex-secondary-window-minutes': '10080',
    'x-codex-secondary-reset-at': String(at + resetsInS),
  });
  source.report({ key: first.key, kind: 'headers', headers: limits(5, 5 * 86_400) });
  source.report({ key: second.key, kind: 'headers', headers: limits(80, 2 * 86_400) });
  expect(chosen({})).toBe(first.key); // it would lose more
  await writeFile(
    join(world.home, 'multi-auth', 'settings.json'),
    JSON.stringify({ version: 1, pluginConfig: { schedulingStrategy: 'reset-first' } }),
  );
  await source.reload();
  expect(chosen({})).toBe(second.key);
});

test('what the project of a thread prefers counts for its requests, and for no others', async () => {
  const [, second] = await twoAccounts();
  const project = join(world.home, 'project');
  await mkdir(join(project, '.git', 'sub'), { recursive: true });
  const write = (name: string, value: object) =>
    writeFile(join(world.home, 'multi-auth', name), JSON.stringify({ version: 1, ...value }));
  await write('routing-profiles.json', {
    profiles: { [projectKey(project, 'linux')]: { accountWeightByKey: { [policyKey(second)]: 10 } } },
  });
  const state = await openDatabase(join(world.home, 'state_5.sqlite'));
  state.exec('CREATE TABLE threads (id TEXT PRIMARY KEY, cwd TEXT NOT NULL)');
  const [inside, outside, later] = [1, 2, 3].map((n) => `01a1fd6d-9d0c-7722-8210-1254f95c676${n}`);
  state.run('INSERT INTO threads VALUES (?, ?), (?, ?)', [
    inside ?? '',
    join(project, 'src'),
    outside ?? '',
    '/',
  ]);
  await source.reload();
  const prepared = source.prepare(inside ?? '');
  const preparedLater = source.prepare(later ?? '');
  state.run('INSERT INTO threads VALUES (?, ?)', [later ?? '', project]);
  await Promise.all([prepared, preparedLater, source.prepare(outside ?? '')]);
  await state.close();
  const ofThread = (threadId: string | undefined) => chosen({ threadId: threadId ?? null });
  expect([ofThread(inside), ofThread(later)]).toEqual([second.key, second.key]);
  expect([ofThread(outside), chosen()]).not.toContain(second.key);
  expect(source.prepare(inside ?? '')).toBeNull(); // known
});

test('a thread goes on with its account when the gateway is started anew, unless the user has switched since', async () => {
  const [first, second] = await twoAccounts();
  await source.close(); // it has noted from when on threads count
  const ledger = createLedgerWriter({
    scope: world.scope(),
    projects: createThreadProjects(world.scope()),
    onTrouble: (message) => expect(message).toBe(''),
  });
  for (const [threadId, account] of [
    ['one', first.key],
    ['one', second.key],
    ['two', first.key],
  ] as const)
    ledger.add(servedEvent(threadId, account));
  await ledger.close();
  source = await openPoolSource(world.scope());
  expect(source.choose(request({ threadId: 'one' }))).toMatchObject({
    account: { key: second.key },
    reason: 'affinity',
  });
  expect(source.choose(request({ threadId: 'two' }))).toMatchObject({
    account: { key: first.key },
    reason: 'affinity',
  });
  await source.close();
  await updatePool(world.scope(), (pool) => ({
    pool: { ...pool, affinityGeneration: pool.affinityGeneration + 1 },
    result: null,
  }));
  for (let starts = 0; starts < 2; starts += 1) {
    source = await openPoolSource(world.scope());
    expect(source.choose(request({ threadId: 'one' }))).toMatchObject({ reason: 'best' });
    await source.close();
  }
});

describe('with the gateway and the lab', () => {
  test('an expired token is refreshed before it is sent, and one refused in between, once', async () => {
    await world.addAccount('plus', { expired: true });
    source = await openPoolSource(world.scope());
    expect((await (await ask()).text()).includes('response.completed')).toBe(true);
    expect(world.tokenCalls()).toBe(1);
    world.lab.world.sessions.revokeAll();
    const replies = await Promise.all([ask(), ask(), ask()]);
    expect(replies.map(({ status }) => status)).toEqual([400, 400, 400]);
    expect(world.tokenCalls()).toBe(2); // revoked: asked once for all three, and never again
  });

  test('a limit is kept on disk, and a limit that ended early is found out without a model call', async () => {
    const [first] = await twoAccounts();
    await world.lab.control({ do: 'scenario', name: 'usage-limit' });
    expect((await ask()).status).toBe(429);
    await source.close();
    const [stored] = (await requirePool(world.scope())).accounts;
    expect(Object.values(stored?.rateLimitResetTimes ?? {})[0]).toBeGreaterThan(Date.now());
    expect(stored?.key).toBe(first.key);
  });
});
