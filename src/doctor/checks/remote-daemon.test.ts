import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeRemoteHome, type RemoteHome } from '../../../test/support/remote-home.ts';
import { remoteDaemonCheck } from './remote-daemon.ts';

let home: RemoteHome;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  home = await makeRemoteHome();
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await home.remove();
});

const findings = async () => (await home.run(remoteDaemonCheck)).problems.map(({ finding }) => finding);

async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid ?? 0;
}

describe('a healthy home', () => {
  it('that never used remote control has no finding', async () => {
    expect(await home.run(remoteDaemonCheck)).toMatchObject({ status: 'ok', problems: [] });
  });

  it('has no finding after a clean stop, which leaves locks, settings and an updater', async () => {
    await home.write('app-server-daemon/settings.json', { remoteControlEnabled: true });
    for (const name of ['daemon.lock', 'daemon.pid.lock', 'daemon-updater.pid.lock', 'daemon.stderr.log']) {
      await home.write(`app-server-daemon/${name}`, '');
    }
    await home.write('app-server-control/app-server-startup.lock', '');
    expect(await home.run(remoteDaemonCheck)).toMatchObject({ status: 'ok', problems: [] });
  });

  it.runIf(process.platform !== 'win32')('has no finding while somebody listens on the socket', async () => {
    await mkdir(join(home.path, 'app-server-control'));
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) =>
      server.listen(join(home.path, 'app-server-control/app-server-control.sock'), resolve),
    );
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    expect(await home.run(remoteDaemonCheck)).toMatchObject({ status: 'ok', problems: [] });
  });
});

describe('leftovers', () => {
  it('of a daemon that died are found, and each is moved aside by itself', async () => {
    await home.write('app-server-daemon/settings.json', { remoteControlEnabled: true });
    await home.write('app-server-daemon/app-server.pid', {
      pid: await endedPid(),
      processStartTime: 'Sat Nov 21 03:28:16 2026',
    });
    const { problems } = await home.run(remoteDaemonCheck);
    expect(problems.map(({ finding }) => [finding.id, finding.severity, finding.subject])).toEqual([
      ['remote.socket_or_daemon', 'warn', join(home.path, 'app-server-daemon/app-server.pid')],
    ]);
    expect(await problems[0]?.plan?.()).toMatchObject({
      requiresStopped: 'nothing',
      steps: [
        { kind: 'move-aside', path: join(home.path, 'app-server-daemon/app-server.pid'), sidecars: [] },
      ],
    });
  });

  it.runIf(process.platform === 'linux')(
    'include a record whose number now belongs to another program',
    async () => {
      await home.write('app-server-daemon/settings.json', { remoteControlEnabled: true });
      await home.write('app-server-daemon/daemon.pid', {
        pid: process.pid,
        processIdentity: { startTicks: 1 },
      });
      const [finding] = await findings();
      expect(finding?.cause).toContain('another program');
    },
  );

  it('that Codex cannot read are a failure: every daemon command stops on them', async () => {
    await home.write('app-server-daemon/daemon.pid', '{oops');
    expect(await findings()).toMatchObject([
      { severity: 'fail', fix: { repairId: 'remote.socket_or_daemon.clear' } },
    ]);
  });

  it('are no news where remote control is off, or where only the updater ended', async () => {
    await home.write('app-server-daemon/daemon-updater.pid', { pid: await endedPid() });
    expect(await findings()).toMatchObject([{ severity: 'info' }]);
  });

  it('in the place of the socket are found', async () => {
    await home.write('app-server-control/app-server-control.sock', 'x');
    const { problems } = await home.run(remoteDaemonCheck);
    expect(problems[0]?.finding).toMatchObject({
      severity: 'fail',
      cause: expect.stringContaining('is not a socket'),
    });
    const path = join(home.path, 'app-server-control/app-server-control.sock');
    expect(await problems[0]?.plan?.()).toMatchObject({ steps: [{ kind: 'move-aside', path }] });
    await writeFile(path, 'y'); // still no socket: still planned, against the new content
    expect(await problems[0]?.plan?.()).toMatchObject({ steps: [{ expect: { kind: 'content', size: 1 } }] });
  });

  it('are left alone when they are in use again by the time of the repair', async () => {
    await home.write('app-server-daemon/daemon.pid', '{oops');
    const [problem] = (await home.run(remoteDaemonCheck)).problems;
    await home.write('app-server-daemon/daemon.pid', { pid: process.pid });
    expect(await problem?.plan?.()).toMatchObject({ refused: expect.stringContaining('in use again') });
  });
});

describe('settings and login', () => {
  it('an API-key login with remote control switched on is told before anybody waits', async () => {
    await home.write('app-server-daemon/settings.json', { remoteControlEnabled: true });
    await home.write('auth.json', { auth_mode: 'apikey', OPENAI_API_KEY: 'sk-invented-for-a-test' });
    expect(await findings()).toMatchObject([
      { id: 'remote.requires_chatgpt_login', fix: { repairId: null } },
    ]);
    expect(JSON.stringify(await findings())).not.toContain('sk-invented');
    await home.write('app-server-daemon/settings.json', { remoteControlEnabled: false });
    expect(await findings()).toEqual([]);
  });

  it('damaged settings are named', async () => {
    await home.write('app-server-daemon/settings.json', '{"remoteControlEnabled":');
    expect(await findings()).toMatchObject([{ id: 'remote.socket_or_daemon', severity: 'warn' }]);
  });
});
