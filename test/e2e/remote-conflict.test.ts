/** 409: the same line for two faults, told apart and ended; and the repair that a start offers at a terminal. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clientEnrollment, type RemoteWorld, startRemoteWorld } from '../support/remote-world.ts';
import { plain, startAtTerminal } from '../support/terminal.ts';

let world: RemoteWorld | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

const repairsOf = (json: { readonly events?: readonly Readonly<Record<string, unknown>>[] }) =>
  (json.events ?? [])
    .filter(({ kind }) => kind === 'applied')
    .map(({ repairId, result }) => [repairId, result]);

describe('a conflict', () => {
  it('with a connection that nobody sees is ended by a fresh enrolment', async () => {
    world = await startRemoteWorld('codex-0.133', 'already-online');
    const first = await world.json('remote', 'start');
    expect(first.cause).toMatchObject({ kind: 'server-conflict' });
    const repaired = await world.json('remote', 'repair', '--yes');
    expect(repaired).toMatchObject({ exitCode: 0, status: 'connected' });
    expect(repairsOf(repaired)).toEqual([['remote.repair.drop-row', 'repaired']]);
    expect(repaired.environmentId).not.toBe(first.environmentId);
  });

  it('with a clone of another name is ended by an identity of its own, which the clone keeps', async () => {
    world = await startRemoteWorld('codex-0.133', 'identity-collision');
    const first = await world.json('remote', 'start');
    expect(first.cause).toMatchObject({ kind: 'identity-collision' });
    const before = await readFile(join(world.home, 'installation_id'), 'utf8');
    const repaired = await world.json('remote', 'repair', '--yes');
    expect(repaired).toMatchObject({ exitCode: 0, status: 'connected' });
    expect(await readFile(join(world.home, 'installation_id'), 'utf8')).not.toBe(before);
    const clone = world.lab.state().servers.find(({ ghost }) => ghost);
    expect(clone).toMatchObject({ installationId: before.trim(), name: 'other-machine' });
  });

  it('with a clone of the same name is first met with a fresh enrolment, then with a new identity', async () => {
    world = await startRemoteWorld('codex-0.133', 'identity-collision');
    await world.json('remote', 'start');
    for (const server of world.lab.world.remote.servers()) server.name = hostname();
    expect(await world.json('remote', 'status')).toMatchObject({ cause: { kind: 'server-conflict' } });
    const repaired = await world.json('remote', 'repair', '--yes');
    expect(repaired).toMatchObject({ exitCode: 0, status: 'connected' });
    expect(repairsOf(repaired)).toEqual([
      ['remote.repair.drop-row', 'repaired'],
      ['remote.identity_collision.rotate', 'repaired'],
    ]);
  });
});

describe('a start at a terminal', () => {
  it.each([
    ['y', 0],
    ['n', 1],
  ] as const)('names what it would remove, asks, and does as it is told: %s', async (answer, code) => {
    world = await startRemoteWorld('codex-0.133', 'ok');
    const account = world.lab.world.account('plus');
    const { clientId } = world.lab.world.remote.addClient(account, { status: 'revoked' });
    await world.writeGlobalState({
      'electron-remote-control-client-enrollments': clientEnrollment(world.lab, clientId, account.userId),
    });
    const terminal = startAtTerminal({ env: world.env, project: world.host.userHome }, ['remote', 'start']);
    try {
      await terminal.until(/Do this here\? A backup is kept/);
      expect(plain(terminal.written())).toContain(`Discard the remote-control client ${clientId}`);
      terminal.type(answer);
      expect(await terminal.ended).toMatchObject({ code });
    } finally {
      terminal.kill();
    }
    const state = await readFile(join(world.home, '.codex-global-state.json'), 'utf8');
    expect(state.includes(clientId)).toBe(answer === 'n');
  });
});
