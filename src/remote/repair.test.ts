import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clientEnrollment } from '../../test/support/remote-world.ts';
import type { CodexScope } from '../codex/home.ts';
import { createHost } from '../host.ts';
import type { FaultInput } from '../lab/fault.ts';
import { type LabHome, makeLabHome } from '../lab/home.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { createJournal } from '../storage/journal.ts';
import { openDatabase } from '../storage/sqlite.ts';
import { lookAtRemote } from './look.ts';
import { type RepairRemoteOptions, repairRemote } from './repair.ts';
import { resetRemote } from './reset.ts';

const MAIN = '.codex-global-state.json';
const BAK = `${MAIN}.bak`;
const GONE = 'env_00000000000000000000000000000bad';
const TABLE = `CREATE TABLE remote_control_enrollments (
  websocket_url TEXT NOT NULL, account_id TEXT NOT NULL, app_server_client_name TEXT NOT NULL, server_id TEXT NOT NULL,
  environment_id TEXT NOT NULL, server_name TEXT NOT NULL, updated_at INTEGER NOT NULL, remote_control_enabled INTEGER,
  PRIMARY KEY (websocket_url, account_id, app_server_client_name))`;

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const back of undo.splice(0).reverse()) await back();
});

interface World {
  readonly lab: Lab;
  readonly home: LabHome;
  readonly scope: CodexScope;
  readonly options: RepairRemoteOptions;
  /** Bytes of both files. */
  files(): Promise<readonly string[]>;
  write(state: object): Promise<void>;
}

/** A home without any Codex: what is repaired here needs none. */
async function startWorld(options: { login?: 'chatgpt' | 'none'; scenario?: string } = {}): Promise<World> {
  const lab = await startLab({ scenario: options.scenario ?? 'ok' });
  undo.push(() => lab.stop());
  const wiring = { PATH: '/nowhere', ...lab.environment() };
  const host = createHost({ env: wiring, cwd: '/var/tmp' });
  const home = await makeLabHome(lab, {
    host,
    ...(options.login === undefined ? {} : { login: options.login }),
  });
  undo.push(() => home.remove());
  const scope: CodexScope = {
    host,
    home: { path: home.path, source: 'env' },
    signal: new AbortController().signal,
  };
  const journal = createJournal({
    codexHome: home.path,
    host,
    runningProcesses: async () => ({ app: [], all: [] }),
    readProcess: async () => undefined,
  });
  return {
    lab,
    home,
    scope,
    options: { journal, start: false, consent: async () => ({ local: true, server: true }) },
    files: () => Promise.all([MAIN, BAK].map((name) => readFile(join(home.path, name), 'utf8'))),
    write: async (state) => {
      for (const name of [MAIN, BAK]) await writeFile(join(home.path, name), JSON.stringify(state, null, 2));
    },
  };
}

async function withRevoked(world: World): Promise<string> {
  const account = world.lab.world.account('plus');
  const { clientId } = world.lab.world.remote.addClient(account, { status: 'revoked' });
  await world.write({
    'electron-remote-control-client-enrollments': clientEnrollment(world.lab, clientId, account.userId),
    'added-remote-control-env-ids': [GONE],
  });
  return clientId;
}

async function addRows(world: World, rows: readonly (readonly [string, string])[]): Promise<void> {
  const db = await openDatabase(join(world.home.path, 'state_5.sqlite'));
  db.exec(TABLE);
  const url = `${world.lab.url.replace('http', 'ws')}/backend-api/wham/remote/control/server`;
  for (const [accountId, environmentId] of rows) {
    const values = [url, accountId, '', `srv_${environmentId}`, environmentId, 'vm', 1_790_000_000];
    db.run('INSERT INTO remote_control_enrollments VALUES (?, ?, ?, ?, ?, ?, ?, NULL)', values);
  }
  await db.close();
}

async function environmentsStored(world: World): Promise<readonly unknown[]> {
  const db = await openDatabase(join(world.home.path, 'state_5.sqlite'));
  const rows = db
    .all('SELECT environment_id FROM remote_control_enrollments')
    .map((row) => row.environment_id);
  await db.close();
  return rows;
}

describe('repairRemote', () => {
  it('finds what the server has revoked and lost, with the server’s words as proof, and discards exactly that', async () => {
    const world = await startWorld();
    const clientId = await withRevoked(world);
    const { troubles } = await lookAtRemote(world.scope);
    expect(troubles.map(({ kind, finding }) => [kind, finding.subject])).toEqual([
      ['client-revoked', clientId],
      ['stale-environment', GONE],
    ]);
    expect(troubles[0]?.finding.evidence[0]).toMatchObject({
      source: 'http',
      what: 'HTTP 403 Forbidden: Remote-control client has been revoked',
    });
    const result = await repairRemote(world.scope, world.options);
    expect(result).toMatchObject({ kind: 'done', look: { troubles: [] } });
    expect(await world.files()).toEqual(['{}', '{}']);
  });

  it('has nothing to do where the server knows everything', async () => {
    const world = await startWorld();
    const account = world.lab.world.account('plus');
    const { clientId } = world.lab.world.remote.addClient(account, { status: 'enrolled' });
    await world.write({
      'electron-remote-control-client-enrollments': clientEnrollment(world.lab, clientId, account.userId),
    });
    const before = await world.files();
    expect(await repairRemote(world.scope, world.options)).toMatchObject({ kind: 'nothing' });
    expect(await world.files()).toEqual(before);
  });

  it('drops a row that the server has lost, and no other account’s', async () => {
    const world = await startWorld();
    const own = world.lab.world.account('plus').accountId;
    await addRows(world, [
      [own, GONE],
      ['account-of-somebody-else', 'env_other'],
    ]);
    expect(await repairRemote(world.scope, world.options)).toMatchObject({ kind: 'done' });
    expect(await environmentsStored(world)).toEqual(['env_other']);
  });

  it('never judges what another account, or another backend, has stored', async () => {
    const world = await startWorld();
    const { lab } = world;
    const other = lab.world.account('second');
    const own = lab.world.account('plus');
    const elsewhere = Object.entries(clientEnrollment(lab, 'cli_elsewhere', own.userId)).map(
      ([key, value]) => [key.replace(lab.url, 'https://chatgpt.com'), value],
    );
    await world.write({
      'electron-remote-control-client-enrollments': {
        ...clientEnrollment(lab, 'cli_of_the_other', other.userId),
        ...Object.fromEntries(elsewhere),
      },
      'selected-remote-host-id': `remote-control:${GONE}`, // whose it is, nobody can say
    });
    const before = await world.files();
    expect(await repairRemote(world.scope, world.options)).toMatchObject({ kind: 'nothing' });
    expect(lab.requests().filter(({ path }) => path.includes('cli_'))).toEqual([]);
    expect(await world.files()).toEqual(before);
  });

  it('removes unfinished clients from the server only with consent', async () => {
    const world = await startWorld();
    for (let n = 0; n < 3; n += 1) world.lab.world.remote.addClient(world.lab.world.account('plus'));
    const no = { ...world.options, consent: async () => ({ local: true, server: false }) };
    await repairRemote(world.scope, no);
    expect(world.lab.state().clients).toHaveLength(3);
    expect(await repairRemote(world.scope, world.options)).toMatchObject({ kind: 'done' });
    expect(world.lab.state().clients).toEqual([]);
  });

  it('asks nobody and changes nothing without a login', async () => {
    const world = await startWorld({ login: 'none' });
    await withRevoked(world);
    const before = await world.files();
    const look = await lookAtRemote(world.scope);
    expect(look.unavailable).toMatchObject({ reason: 'no-login' });
    expect(await repairRemote(world.scope, world.options)).toMatchObject({ kind: 'nothing' });
    await expect(resetRemote(world.scope, { ...world.options, allAccounts: false })).rejects.toMatchObject({
      code: 'ERR_REMOTE_LOGIN',
    });
    expect(await world.files()).toEqual(before);
    expect(world.lab.requests()).toEqual([]);
  });
});

it('resets everybody only where all accounts are meant', async () => {
  const world = await startWorld();
  const { lab } = world;
  const own = lab.world.account('plus');
  await addRows(world, [
    [own.accountId, 'env_own'],
    ['account-of-somebody-else', 'env_other'],
  ]);
  await world.write({
    'project-order': ['/srv/app'],
    'electron-remote-control-client-enrollments': {
      ...clientEnrollment(lab, 'cli_own', own.userId),
      ...clientEnrollment(lab, 'cli_other', lab.world.account('second').userId),
    },
    'codex-mobile-setup-completed': true,
    'electron-persisted-atom-state': { 'sidebar-width': 240, 'remote-control-banner': true },
  });
  // Neither start nor server: what is stored here is what counts.
  const options = { ...world.options, consent: async () => ({ local: true, server: false }) };
  const start = resetRemote(world.scope, { ...options, allAccounts: false });
  await expect(start).rejects.toMatchObject({ code: 'ERR_REMOTE_CODEX' }); // there is no Codex to start afterwards
  expect(await environmentsStored(world)).toEqual(['env_other']);
  expect((await world.files())[0]).toContain('cli_other');
  expect((await world.files())[0]).toContain('codex-mobile-setup-completed'); // whose it is, nobody can say
  await expect(resetRemote(world.scope, { ...options, allAccounts: true })).rejects.toMatchObject({
    code: 'ERR_REMOTE_CODEX',
  });
  expect(await environmentsStored(world)).toEqual([]);
  for (const text of await world.files()) {
    expect(JSON.parse(text)).toEqual({
      'project-order': ['/srv/app'],
      'electron-persisted-atom-state': { 'sidebar-width': 240 },
    });
  }
});

it('renews a login that has expired, once, and Codex gets the new pair', async () => {
  const world = await startWorld({ scenario: 'refresh-due' });
  const auth = () => readFile(join(world.home.path, 'auth.json'), 'utf8');
  const before = await auth();
  const still = await lookAtRemote(world.scope, { refresh: false });
  expect(still.server?.clients).toMatchObject({ kind: 'refused', httpStatus: 401 });
  expect(await auth()).toBe(before);
  const look = await lookAtRemote(world.scope);
  expect(look.server?.clients).toMatchObject({ kind: 'ok' });
  expect(world.lab.requests().filter(({ path }) => path === '/oauth/token')).toHaveLength(1);
  expect(await auth()).not.toBe(before);
});

const ANY = { path: '/backend-api/**' };
const answer = (text: string, status = 200): FaultInput => ({
  match: ANY,
  effect: { kind: 'answer', status, text },
});
const HOSTILE: readonly (readonly [string, FaultInput, RegExp])[] = [
  [
    'a web page',
    answer('<!DOCTYPE html><title>Sign in to the Wi-Fi</title>'),
    /web page came instead of JSON/,
  ],
  ['half a body', { match: ANY, effect: { kind: 'half-body' } }, /JSON of the answer is broken/],
  ['another shape', answer('{"items":[{"id":1}]}'), /has not the members/],
  ['ten megabytes', answer(`{"items":["${'x'.repeat(10 * 1024 * 1024)}"]}`), /longer than anything expected/],
  [
    'a drip that never ends',
    { match: ANY, effect: { kind: 'silent', afterBytes: 5 } },
    /no complete answer within/,
  ],
  ['a reset', { match: ANY, effect: { kind: 'reset' } }, /./],
  ['a list without an end', answer('{"items":[],"cursor":"1"}'), /does not come to an end/],
  ['404 of a proxy', answer('no such page', 404), /HTTP 404/],
];

describe('a server that answers oddly', () => {
  it.each(HOSTILE)(
    'with %s proves nothing: said clearly, and nothing is changed',
    async (_, fault, words) => {
      const world = await startWorld();
      await withRevoked(world);
      const before = await world.files();
      await world.lab.control({ do: 'fault', faults: [fault] });
      const look = await lookAtRemote(world.scope, { timeoutMs: 700 });
      const { server } = look;
      const said =
        server?.clients.kind === 'failed'
          ? server.clients.message
          : `HTTP ${server?.clients.kind === 'refused' ? server.clients.httpStatus : ''}`;
      expect(said).toMatch(words);
      expect(
        look.troubles.filter(({ kind }) => kind === 'client-revoked' || kind === 'stale-environment'),
      ).toEqual([]);
      expect((await repairRemote(world.scope, { ...world.options, look })).kind).toBe('nothing');
      expect(await world.files()).toEqual(before);
    },
  );

  it('that sends on to another host is not followed, and the login does not go there', async () => {
    const world = await startWorld();
    await withRevoked(world);
    const seen: IncomingHttpHeaders[] = [];
    const thief = createServer((request, response) => {
      seen.push(request.headers);
      response.end('{}');
    });
    await listen(thief);
    const location = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/backend-api/`;
    await world.lab.control({
      do: 'fault',
      faults: [{ match: ANY, effect: { kind: 'answer', status: 302, headers: { location } } }],
    });
    const { server } = await lookAtRemote(world.scope);
    expect(server?.clients).toMatchObject({ kind: 'failed', reason: 'redirect' });
    expect(seen).toEqual([]);
  });

  it('whose clock is a day away is told by the clock, not by the login', async () => {
    const world = await startWorld();
    await world.lab.control({ do: 'move-clock', ms: 24 * 3600_000 });
    const { troubles } = await lookAtRemote(world.scope);
    expect(troubles.map(({ finding }) => finding.cause).join()).toContain('clock is 24 hours behind');
  });

  it('is never sent the login where Codex itself would not send it', async () => {
    const world = await startWorld();
    const path = join(world.home.path, 'config.toml');
    const text = await readFile(path, 'utf8');
    await writeFile(
      path,
      text.replace(/chatgpt_base_url = ".*"/, 'chatgpt_base_url = "https://chatgpt.com.example.test/"'),
    );
    expect((await lookAtRemote(world.scope)).unavailable).toMatchObject({ reason: 'bad-base-url' });
  });
});

function listen(server: Server): Promise<void> {
  undo.push(() => new Promise((resolve) => server.close(resolve)));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
