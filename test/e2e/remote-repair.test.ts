/**
 * Remote control that heals, with the real Codex and the lab: the two public write-ups replayed end to end (promises B1 to B9), and
 * what must not happen on the way.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { WITH_MFA } from '../../src/lab/issuer/sessions.ts';
import { openDatabase } from '../../src/storage/sqlite.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';
import {
  clientEnrollment,
  type RemoteWorld,
  startFakeApp,
  startRemoteWorld,
} from '../support/remote-world.ts';

const FILES = ['.codex-global-state.json', '.codex-global-state.json.bak'];
const ENROLLMENTS = 'electron-remote-control-client-enrollments';

let world: RemoteWorld | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

async function readState(home: string, name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(home, name), 'utf8')) as Record<string, unknown>;
}

/** The account's phone, as it asks the server: the call that fails with "revoked". */
async function askAsPhone(
  { lab }: RemoteWorld,
  path: string,
  body: object,
): Promise<{ status: number; detail: unknown }> {
  const account = lab.world.account('plus');
  const tokens = await lab.world.sessions.issue(lab.world.sessions.open(account, WITH_MFA));
  const headers = { authorization: `Bearer ${tokens.access_token}`, 'chatgpt-account-id': account.accountId };
  const answer = await fetch(`${lab.url}/backend-api/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const json = (await answer.json()) as { detail?: unknown };
  return { status: answer.status, detail: json.detail };
}

interface PairingState {
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly atoms?: Readonly<Record<string, unknown>>;
}

/** Everything else that a desktop app remembers of remote control and of the phone. */
const PAIRING_STATE: PairingState = {
  keys: {
    'electron-local-remote-control-environment-id': 'env_00000000000000000000000000000bad',
    'electron-local-remote-control-installation-id': '2b1e8f1a-0000-4000-8000-000000000001',
    'codex-mobile-setup-completed': true,
    'codex-mobile-has-connected-device': true,
    'selected-remote-host-id': 'remote-control:env_00000000000000000000000000000bad',
    'remote-connection-auto-connect-by-host-id': {
      'remote-control:env_00000000000000000000000000000bad': true,
    },
    'added-remote-control-env-ids': ['env_00000000000000000000000000000bad'],
  },
  atoms: { 'Remote-Control-tab': 1, remote_control_seen: true, 'codex-mobile-banner': 2 },
};

/** State of a desktop app whose client the server has revoked, with other settings around it. */
async function storeRevoked(one: RemoteWorld, more: PairingState = {}): Promise<string> {
  const { lab } = one;
  const account = lab.world.account('plus');
  const client = lab.world.remote.addClient(account, { status: 'revoked' });
  const other = lab.world.account('second');
  await one.writeGlobalState({
    'project-order': ['/srv/app', '/srv/other'],
    [ENROLLMENTS]: {
      ...clientEnrollment(lab, client.clientId, account.userId),
      ...clientEnrollment(lab, 'cli_000000000000000000000042', other.userId),
    },
    'electron-persisted-atom-state': { 'sidebar-width': 240, ...more.atoms },
    ...more.keys,
  });
  return client.clientId;
}

describe.each(CODEX_ALIASES)('%s, a revoked client in both global-state files', (alias) => {
  it('B1, B4, B9: is not cured by retries and an emptied table, is cured by repair, pairs, and undo puts it back', async () => {
    world = await startRemoteWorld(alias, 'ok');
    const clientId = await storeRevoked(world);
    const before = await Promise.all(FILES.map((name) => readFile(join(world?.home ?? '', name), 'utf8')));

    // What people try: again, and again with the table cleared.
    const refused = { status: 403, detail: 'Remote-control client has been revoked' };
    expect(
      await askAsPhone(world, 'codex/remote/control/client/refresh/start', { client_id: clientId }),
    ).toEqual(refused);
    const started = await world.json('remote', 'start');
    expect(started).toMatchObject({ exitCode: 1, status: 'connected', cause: { kind: 'client-revoked' } });
    await world.steward('remote', 'stop');
    const db = await openDatabase(join(world.home, 'state_5.sqlite'));
    db.exec('DELETE FROM remote_control_enrollments');
    await db.close();
    expect((await world.json('remote', 'start')).cause).toMatchObject({ kind: 'client-revoked' });

    // Named first, and nothing changed by that.
    const preview = await world.json('remote', 'repair', '--dry-run');
    expect(preview).toMatchObject({ exitCode: 0, result: 'planned' });
    expect(JSON.stringify(preview.actions)).toContain(clientId);
    expect(await Promise.all(FILES.map((name) => readFile(join(world?.home ?? '', name), 'utf8')))).toEqual(
      before,
    );

    const repaired = await world.json('remote', 'repair', '--yes');
    expect(repaired).toMatchObject({ exitCode: 0, result: 'done', status: 'connected', cause: null });
    for (const name of FILES) {
      const state = await readState(world.home, name);
      expect(JSON.stringify(state)).not.toContain(clientId);
      expect(JSON.stringify(state[ENROLLMENTS])).toContain('cli_000000000000000000000042'); // another account's
      expect(state['project-order']).toEqual(['/srv/app', '/srv/other']);
      expect(state['electron-persisted-atom-state']).toEqual({ 'sidebar-width': 240 });
    }

    // A phone that enrols anew claims the code that this machine shows.
    const code = await world.json('remote', 'pair');
    expect(code).toMatchObject({
      exitCode: 0,
      result: 'code',
      link: expect.stringContaining('pairing_code='),
    });
    const phone = world.lab.world.remote.addClient(world.lab.world.account('plus'), {
      status: 'enrolled',
      displayName: 'New phone',
    });
    const claim = { client_id: phone.clientId, manual_pairing_code: code.manualPairingCode };
    expect(await askAsPhone(world, 'wham/remote/control/client/pair', claim)).toMatchObject({ status: 200 });
    expect((await world.steward('remote', 'clients', '--environment', 'this')).stdout).toContain('New phone');

    const journalId = repaired.events?.find(({ kind }) => kind === 'applied')?.journalId;
    expect(await world.steward('undo', String(journalId))).toMatchObject({ code: 0 });
    expect(await Promise.all(FILES.map((name) => readFile(join(world?.home ?? '', name), 'utf8')))).toEqual(
      before,
    );
  });
});

describe.each(CODEX_ALIASES)('%s, a stale environment and pending clients', (alias) => {
  it('B1, B2, B3, B6, B9: has its server cleaned, its local ids dropped, and a fresh code claimed while pair waits', async () => {
    world = await startRemoteWorld(alias, 'ok');
    const { lab } = world;
    const account = lab.world.account('plus');
    for (let n = 0; n < 4; n += 1) lab.world.remote.addClient(account);
    const live = lab.world.remote.enroll({
      ...{
        account,
        installationId: 'another-machine',
        name: 'other-host',
        os: 'linux',
        arch: 'x86_64',
        version: '1',
      },
    });
    await world.writeGlobalState({
      'selected-remote-host-id': 'remote-control:env_00000000000000000000000000000bad',
      'remote-connection-auto-connect-by-host-id': {
        'remote-control:env_00000000000000000000000000000bad': true,
        [`remote-control:${live.environmentId}`]: true,
      },
      'added-remote-control-env-ids': ['env_00000000000000000000000000000bad', live.environmentId],
      'codex-mobile-setup-completed': true,
    });
    expect(await world.json('remote', 'start')).toMatchObject({
      exitCode: 1,
      cause: { kind: 'stale-environment' },
    });

    const repaired = await world.json('remote', 'repair', '--yes');
    expect(repaired).toMatchObject({ exitCode: 0, result: 'done', cause: null });
    expect(lab.state().clients.filter(({ status }) => status === 'pending_enrollment')).toEqual([]);
    expect(lab.state().servers.map(({ environmentId }) => environmentId)).toContain(live.environmentId);
    for (const name of FILES) {
      expect(await readState(world.home, name)).toEqual({
        'remote-connection-auto-connect-by-host-id': { [`remote-control:${live.environmentId}`]: true },
        'added-remote-control-env-ids': [live.environmentId],
        'codex-mobile-setup-completed': true,
      });
    }
    await lab.control({ do: 'settings', patch: { pairingClaimed: true } });
    const paired = await world.steward('remote', 'pair');
    expect(paired.stdout).toContain('Paired with Example phone');
    expect(paired.code).toBe(0);
  });
});

describe('what a repair must not do', () => {
  it('B5: refuses while the app runs, with its pid and the reason, and changes neither side', async () => {
    world = await startRemoteWorld('codex-0.133', 'ok');
    await storeRevoked(world);
    world.lab.world.remote.addClient(world.lab.world.account('plus'));
    const before = await readFile(join(world.home, FILES[0] ?? ''), 'utf8');
    const app = await startFakeApp(world, world.host.userHome);
    try {
      const refused = await world.json('remote', 'repair', '--yes');
      expect(refused).toMatchObject({ exitCode: 1, result: 'refused' });
      expect(refused.reason).toContain(`pid ${app.pid}`);
      expect(refused.reason).toContain('writes its memory back');
    } finally {
      app.stop();
    }
    expect(await readFile(join(world.home, FILES[0] ?? ''), 'utf8')).toBe(before);
    expect(world.lab.state().clients.filter(({ status }) => status === 'pending_enrollment')).toHaveLength(1);
    expect(world.lab.requests().filter(({ method }) => method === 'DELETE')).toEqual([]);
  });

  it('B5: notices an app that it cannot see and that writes the old state back', async () => {
    world = await startRemoteWorld('codex-0.133', 'ok');
    const clientId = await storeRevoked(world);
    const path = join(world.home, FILES[0] ?? '');
    const memory = await readFile(path, 'utf8');
    const writer = setInterval(() => {
      readFile(path, 'utf8')
        .then((now) => (now.includes(clientId) ? undefined : writeFile(path, memory)))
        .catch(() => {}); // between two renames there is no file
    }, 20);
    try {
      const refused = await world.json('remote', 'repair', '--yes');
      expect(refused).toMatchObject({ exitCode: 1, result: 'refused' });
      expect(refused.reason).toContain('has written its memory back');
    } finally {
      clearInterval(writer);
    }
    expect(await readFile(path, 'utf8')).toBe(memory);
  });

  it('heals at a start that is told to, and asks nobody without a terminal', async () => {
    world = await startRemoteWorld('codex-0.133', 'ok');
    await storeRevoked(world);
    expect(await world.json('remote', 'start')).toMatchObject({ exitCode: 1, repairs: [] });
    const healed = await world.json('remote', 'start', '--heal');
    expect(healed).toMatchObject({ exitCode: 0, status: 'connected', cause: null });
    expect(healed.repairs).toMatchObject([{ kind: 'applied', result: 'repaired' }]);
  });

  it('leaves a connected machine that is listed as offline its enrolment: it is only registered anew', async () => {
    world = await startRemoteWorld('codex-0.133', 'presence-stale');
    const stale = await world.json('remote', 'start');
    expect(stale.cause).toMatchObject({ kind: 'presence-stale' });
    const preview = await world.json('remote', 'repair', '--dry-run');
    expect(preview.actions).toMatchObject({ local: [], removeClients: [], removeEnvironments: [] });
    const repaired = world.json('remote', 'repair', '--yes');
    await expect.poll(() => world?.lab.state().servers[0]?.online, { timeout: 20_000 }).toBe(false);
    await world.lab.control({ do: 'settings', patch: { presence: 'live' } });
    expect(await repaired).toMatchObject({ exitCode: 0, environmentId: stale.environmentId, cause: null });
  });

  it('B2, B4, B6: resets one account from end to end, and leaves the other one its client', async () => {
    world = await startRemoteWorld('codex-0.133', 'ok');
    const clientId = await storeRevoked(world, PAIRING_STATE);
    for (let n = 0; n < 3; n += 1) world.lab.world.remote.addClient(world.lab.world.account('plus'));
    const first = await world.json('remote', 'start');
    const reset = await world.json('remote', 'reset', '--yes');
    expect(reset).toMatchObject({ exitCode: 0, result: 'done', status: 'connected' });
    expect(reset.environmentId).not.toBe(first.environmentId);
    for (const name of FILES) {
      const state = await readState(world.home, name);
      expect(JSON.stringify(state)).not.toContain(clientId);
      expect(Object.keys(state[ENROLLMENTS] as object)).toHaveLength(1);
      expect(state).toMatchObject(PAIRING_STATE.keys ?? {}); // whose it is nobody knows
    }
    expect(world.lab.state().clients.map(({ status }) => status)).not.toContain('pending_enrollment');
    expect(world.lab.state().servers.map(({ environmentId }) => environmentId)).toEqual([
      reset.environmentId,
    ]);
    const all = await world.json('remote', 'reset', '--all-accounts', '--yes');
    expect(all).toMatchObject({ exitCode: 0, result: 'done', status: 'connected' });
    for (const name of FILES) {
      expect(await readState(world.home, name)).toEqual({
        'project-order': ['/srv/app', '/srv/other'],
        'electron-persisted-atom-state': { 'sidebar-width': 240 },
      });
    }
  });
});
