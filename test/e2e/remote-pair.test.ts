/** `steward remote pair` with the real Codex, 0.133 included, which cannot pair by itself. */
import { afterEach, describe, expect, it } from 'vitest';
import { CODEX_ALIASES } from '../support/real-codex.ts';
import { type RemoteWorld, startRemoteWorld } from '../support/remote-world.ts';
import { startSteward } from '../support/steward.ts';

let world: RemoteWorld | undefined;
afterEach(async () => {
  await world?.stop();
  world = undefined;
});

describe.each(CODEX_ALIASES)('%s', (alias) => {
  it('B9: shows a code, renews it when it expires, and ends with the name of the phone that took the new one', async () => {
    world = await startRemoteWorld(alias, 'ok');
    await world.json('remote', 'start');
    await world.lab.control({ do: 'settings', patch: { pairingSeconds: 4 } });
    const pairing = startSteward({ env: world.env, project: world.host.userHome }, ['remote', 'pair']);
    let shown = '';
    pairing.child.stdout?.on('data', (text) => {
      shown += text;
    });
    await expect.poll(() => shown, { timeout: 20_000 }).toMatch(/type this code there: {2}[A-Z]{4}-\d{4}/);
    await world.lab.control({ do: 'settings', patch: { pairingClaimed: true, pairingSeconds: 600 } });
    const ended = await pairing.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).toContain('That code has expired; here is a new one.');
    expect(ended.stdout).toContain('Paired with Example phone (phone)');
    expect(ended.stdout.match(/[A-Z]{4}-\d{4}/g)).toHaveLength(2);
    expect(world.lab.state().clients).toMatchObject([{ status: 'enrolled' }]);
  });

  it('says so when the server makes only dead codes, or none', async () => {
    world = await startRemoteWorld(alias, 'pairing-expired');
    const dead = await world.steward('remote', 'pair');
    expect(dead.code).toBe(1);
    expect(dead.stderr).toContain('codes that have expired already');
    await world.lab.control({ do: 'scenario', name: 'pairing-refused' });
    const none = await world.steward('remote', 'pair', '--no-qr');
    expect(none.code).toBe(1);
    expect(none.stdout).toContain('HTTP 500 Internal Server Error');
  });
});

it('does not make a code for a machine that nobody can reach: the reason comes first', async () => {
  world = await startRemoteWorld('codex-0.133', 'mfa-required');
  expect(await world.json('remote', 'pair')).toMatchObject({
    exitCode: 1,
    result: 'failed',
    lastError: { detail: 'Multi-factor authentication required' },
    cause: { kind: 'mfa' },
  });
});

it('B3: lists and revokes: unfinished clients, one right, a dead environment; what is online stays', async () => {
  world = await startRemoteWorld('codex-0.133', 'ok');
  const { lab } = world;
  const account = lab.world.account('plus');
  await world.json('remote', 'start');
  const phone = lab.world.remote.addClient(account, { status: 'enrolled', displayName: 'Old phone' });
  for (let n = 0; n < 2; n += 1) lab.world.remote.addClient(account);
  expect(await world.steward('remote', 'revoke', 'pending')).toMatchObject({ code: 1 }); // nobody to ask
  expect(lab.state().clients).toHaveLength(3);
  expect(await world.steward('remote', 'revoke', 'pending', '--yes')).toMatchObject({ code: 0 });
  expect(lab.state().clients.map(({ clientId }) => clientId)).toEqual([phone.clientId]);
  const environmentId = lab.state().servers[0]?.environmentId ?? '';
  expect((await world.steward('remote', 'environments')).stdout).toContain(environmentId);
  expect((await world.steward('remote', 'status')).stdout).toMatch(
    /^ {2}MFA +not required, on for the account$/m,
  );
  lab.world.remote.client(phone.clientId)?.environments.add(environmentId);
  expect(
    await world.steward('remote', 'revoke', phone.clientId, '--environment', 'this', '--yes'),
  ).toMatchObject({ code: 0 });
  expect(lab.state().clients).toMatchObject([{ clientId: phone.clientId, environments: [] }]);
  const online = await world.steward('remote', 'environments', '--remove', environmentId, '--yes');
  expect(online.code).toBe(1);
  expect(online.stderr).toContain('is online');
  const unknown = await world.steward('remote', 'revoke', 'cli_nobody', '--yes');
  expect(unknown.code).toBe(2);
});
