import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../host.ts';
import { readDaemonFiles } from './daemon-files.ts';

let home: string;
let server: Server | undefined;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-daemon-'));
  await mkdir(join(home, 'app-server-daemon'));
  await mkdir(join(home, 'app-server-control'));
});
afterEach(async () => {
  await new Promise((resolve) => (server === undefined ? resolve(null) : server.close(resolve)));
  server = undefined;
  await rm(home, { recursive: true, force: true });
});

const read = () =>
  readDaemonFiles({
    host: createHost(),
    home: { path: home, source: 'env' },
    signal: new AbortController().signal,
  });
const write = (name: string, value: unknown) =>
  writeFile(join(home, 'app-server-daemon', name), typeof value === 'string' ? value : JSON.stringify(value));
const socketPath = () => join(home, 'app-server-control', 'app-server-control.sock');

async function ticksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** As `ps -o lstart` prints it, and Codex stores it. */
function lstart(at: number): string {
  const text = new Date(at).toString(); // "Sat Nov 21 2026 03:28:16 GMT+0000 (…)"
  const [day, month, date, year, time] = text.split(' ');
  return `${day} ${month} ${date} ${time} ${year}`;
}

async function startedAt(pid: number): Promise<number> {
  const btime = Number(/^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))?.[1]);
  return btime * 1000 + (await ticksOf(pid)) * 10;
}

describe.runIf(process.platform === 'linux')('pid records', () => {
  it('finds none in a home where the daemon was never set up', async () => {
    const files = await read();
    expect(files.records).toEqual([]);
    expect(files.settings.kind).toBe('missing');
    expect(files.socket.kind).toBe('absent');
  });

  it('recognises the recorded process of 0.169 by its ticks and boot', async () => {
    const identity = { bootId: await bootId(), startTicks: await ticksOf(process.pid) };
    await write('daemon.pid', {
      pid: process.pid,
      processStartTime: 'x',
      processIdentity: identity,
      other: [1],
    });
    expect((await read()).records).toMatchObject([
      { role: 'app-server', generation: '0.169', state: 'running' },
    ]);
  });

  it('recognises the recorded process of 0.133 by its start time, also from another time zone', async () => {
    const at = await startedAt(process.pid);
    await write('app-server.pid', { pid: process.pid, processStartTime: lstart(at) });
    await write('app-server-updater.pid', {
      pid: process.pid,
      processStartTime: lstart(at + 9.5 * 3600_000),
    });
    expect((await read()).records.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it('sees that a pid was given to another program', async () => {
    const ticks = await ticksOf(process.pid);
    await write('daemon.pid', {
      pid: process.pid,
      processIdentity: { bootId: await bootId(), startTicks: ticks - 1 },
    });
    await write('daemon-updater.pid', {
      pid: process.pid,
      processIdentity: { bootId: 'before-the-reboot', startTicks: ticks },
    });
    await write('app-server.pid', {
      pid: process.pid,
      processStartTime: lstart((await startedAt(process.pid)) - 61_000),
    });
    expect((await read()).records.map(({ state }) => state)).toEqual(['foreign', 'foreign', 'foreign']);
  });

  it('sees that the process has ended', async () => {
    const child = spawn(process.execPath, ['-e', '0']);
    await new Promise((resolve) => child.on('close', resolve));
    await write('daemon.pid', { pid: child.pid, processStartTime: lstart(Date.now()) });
    expect((await read()).records[0]?.state).toBe('gone');
  });

  it.each([
    ['half a record', '{"pid": 12', 'the JSON breaks off before its end'],
    ['an empty record', '', 'the file is empty'],
    ['a record without pid', '{"processStartTime":"x"}', 'pid'],
    ['a negative pid', '{"pid":-1}', 'pid'],
  ])('calls %s malformed', async (_, text, message) => {
    await write('daemon.pid', text);
    const [record] = (await read()).records;
    expect(record).toMatchObject({ state: null, record: { kind: 'malformed' } });
    expect(JSON.stringify(record?.record)).toContain(message);
  });
});

describe('settings', () => {
  it('says whether remote control was switched on', async () => {
    await write('settings.json', '{\n  "remoteControlEnabled": true\n}');
    expect((await read()).settings).toMatchObject({ kind: 'ok', value: { remoteControlEnabled: true } });
    await write('settings.json', '{"remoteControlEnabled":"yes"}');
    expect((await read()).settings.kind).toBe('malformed');
  });
});

describe.runIf(process.platform !== 'win32')('control socket', () => {
  it('tells a socket with a listener from one without', async () => {
    server = createServer((connection) => connection.end());
    await new Promise<void>((resolve) => server?.listen(socketPath(), resolve));
    expect((await read()).socket.kind).toBe('listening');

    const child = spawn(process.execPath, [
      '-e',
      `require('net').createServer().listen(${JSON.stringify(`${socketPath()}2`)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ]);
    await new Promise((resolve) => child.on('close', resolve));
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    await symlink(`${socketPath()}2`, socketPath());
    expect((await read()).socket.kind).toBe('deserted');
  });

  it('follows the link that 0.169 puts there, and sees when its target is gone', async () => {
    const real = join(home, 'short');
    server = createServer((connection) => connection.end());
    await new Promise<void>((resolve) => server?.listen(real, resolve));
    await symlink(real, socketPath());
    expect((await read()).socket.kind).toBe('listening');
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    expect((await read()).socket).toMatchObject({ kind: 'dangling', target: real });
  });

  it('sees that something else stands in its place', async () => {
    await writeFile(socketPath(), 'x');
    expect((await read()).socket.kind).toBe('not-a-socket');
  });
});
