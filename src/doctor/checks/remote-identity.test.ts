import { mkdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_ACCOUNT } from '../../../test/support/codex-home.ts';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { hostName } from '../../codex/installation-id.ts';
import { createHost } from '../../host.ts';
import { remoteIdentityCheck } from './remote-identity.ts';

const ID = '2b1e8f1a-0000-4000-8000-000000000001';
const OTHER = '2b1e8f1a-0000-4000-8000-000000000002';
const ME = await hostName(createHost());
const account = { accountId: TEST_ACCOUNT.accountId };
const later = () => Math.floor(Date.now() / 1000) + 3600;

let home: RemoteHome;
beforeEach(async () => {
  home = await makeRemoteHome();
  await home.write('installation_id', ID);
  await home.login();
});
afterEach(() => home.remove());

const findings = async () => (await home.run(remoteIdentityCheck)).problems.map(({ finding }) => finding);

describe('a healthy home', () => {
  it.each([
    ['never enrolled', async () => {}],
    ['enrolled under its own name', () => home.enroll({ ...account, serverName: ME })],
    [
      'enrolled by daemon and app',
      () =>
        home.enroll(
          { ...account, serverName: ME },
          { ...account, serverName: ME, clientName: 'Codex Desktop' },
        ),
    ],
    [
      'with an app that remembers the same id',
      () => home.write('.codex-global-state.json', { 'electron-local-remote-control-installation-id': ID }),
    ],
    [
      'once renamed, enrolled again since',
      () =>
        home.enroll({ ...account, serverName: 'former' }, { ...account, serverName: ME, clientName: 'x' }),
    ],
  ])('%s has no finding', async (_, arrange) => {
    await arrange();
    expect(await home.run(remoteIdentityCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('a cloned home', () => {
  it('is told by a foreign name in rows that are older than the id file on this disk', async () => {
    await home.enroll({ ...account, serverName: 'adas-mac', updatedAt: 1_700_000_000 });
    // As `cp -a` and a restore leave it: old times, a young inode.
    await utimes(join(home.path, 'installation_id'), 1_600_000_000, 1_600_000_000);
    const [problem] = (await home.run(remoteIdentityCheck)).problems;
    expect(problem?.finding).toMatchObject({ id: 'remote.identity_collision', severity: 'fail' });
    expect(problem?.finding.cause).toContain('adas-mac');

    const plan = await problem?.plan?.();
    if (plan === undefined || 'refused' in plan) throw new Error('no plan');
    expect(plan).toMatchObject({
      requiresStopped: 'all',
      steps: [
        { kind: 'write-file', path: join(home.path, 'installation_id') },
        { kind: 'sqlite', statements: [{}] },
      ],
    });
    const [write] = plan.steps;
    expect(write?.kind === 'write-file' && write.content).toMatch(/^[0-9a-f-]{36}$/);
    expect(write?.kind === 'write-file' && write.content).not.toBe(ID);
  });

  it('is only suspected where a rename explains it as well', async () => {
    await home.enroll({ ...account, serverName: 'adas-mac', updatedAt: later() });
    expect(await findings()).toMatchObject([{ id: 'remote.identity_collision', severity: 'info' }]);
  });
});

describe('Windows and WSL', () => {
  const windows = async (id: string) => {
    const root = join(home.path, 'root');
    await mkdir(join(root, 'mnt/c/Users/ada/.codex'), { recursive: true });
    await home.write('root/mnt/c/Users/ada/.codex/installation_id', id);
    await home.write('root/proc/sys/kernel/hostname', ME);
    const { problems } = await home.run(remoteIdentityCheck, {
      host: { isWsl: true, root, platform: 'linux' },
    });
    return problems.map(({ finding }) => [finding.id, finding.severity]);
  };

  it('may not share an installation id; it is graver once this side is enrolled', async () => {
    expect(await windows(OTHER)).toEqual([]);
    expect(await windows(ID)).toEqual([['remote.identity_collision', 'warn']]);
    await home.enroll({ ...account, serverName: ME });
    expect(await windows(ID)).toEqual([['remote.identity_collision', 'fail']]);
  });
});

it('an app that remembers another id is told to forget it, in both files', async () => {
  const state = { 'electron-local-remote-control-installation-id': OTHER, theme: 1 };
  await home.write('.codex-global-state.json', state);
  await home.write('.codex-global-state.json.bak', state);
  const [problem] = (await home.run(remoteIdentityCheck)).problems;
  expect(problem?.finding).toMatchObject({ id: 'remote.identity_collision', severity: 'warn' });
  expect(await problem?.plan?.()).toMatchObject({
    requiresStopped: 'app',
    steps: [{ kind: 'json-edit' }, { kind: 'json-edit' }],
  });
});

it('rows of another account are mentioned, and dropped only they', async () => {
  await home.enroll({ ...account, serverName: ME }, { accountId: 'former-account-1234', serverName: ME });
  const [problem] = (await home.run(remoteIdentityCheck)).problems;
  expect(problem?.finding).toMatchObject({ id: 'remote.stale_environment', severity: 'info' });
  expect(JSON.stringify(problem?.finding)).not.toContain('former-account-1234');
  expect(await problem?.plan?.()).toMatchObject({
    steps: [{ statements: [{ params: [expect.any(String), 'former-account-1234', ''] }] }],
  });
});

it('a file without an id is replaced, and weighs more where enrolments hang on the lost one', async () => {
  await home.write('installation_id', 'not a uuid');
  expect(await findings()).toMatchObject([{ id: 'remote.identity_collision', severity: 'info' }]);
  await home.enroll({ ...account, serverName: ME });
  const [problem] = (await home.run(remoteIdentityCheck)).problems;
  expect(problem?.finding.severity).toBe('warn');
  expect(await problem?.plan?.()).toMatchObject({ steps: [{ kind: 'write-file' }, { kind: 'sqlite' }] });
});

it('a database that cannot be read is no proof of anything, and is said so', async () => {
  await home.write('state_5.sqlite', 'x'.repeat(4096));
  expect(await home.run(remoteIdentityCheck)).toMatchObject({ status: 'skipped', problems: [] });
});
