import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CODEX_ALIASES, codexBinary, codexLauncher, temporaryFolder } from '../../test/support/real-codex.ts';
import { createHost, type Host } from '../host.ts';
import { processesOfHome, readCodexProcesses } from './processes.ts';
import { commandText } from './processes-kind.ts';
import { parseEnvironment } from './processes-portable.ts';
import { PROBE_VARIABLE } from './processes-system.ts';

let folder: { path: string; remove: () => Promise<void> };
const children: ChildProcess[] = [];

beforeAll(async () => {
  folder = await temporaryFolder('steward-processes');
});
afterAll(() => folder.remove());
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
});

function read(host: Host = createHost()) {
  return readCodexProcesses({
    host,
    home: { path: folder.path, source: 'env' },
    signal: new AbortController().signal,
  });
}

/** Starts a program that stays and waits until the kernel shows its arguments. */
async function start(file: string, args: string[], env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, HOME: folder.path, TERM: 'xterm', ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  children.push(child);
  await once(child, 'spawn');
  return child;
}

/** The listed processes of that home, as soon as there are some. */
async function untilListed(home: string) {
  for (;;) {
    const listed = processesOfHome(await read(), home);
    if (listed.length > 0) return listed;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each(CODEX_ALIASES)('real processes of %s', (alias) => {
  it('lists an app-server with the home it was started for', async () => {
    const home = join(folder.path, `${alias}-server`);
    await mkdir(home);
    const child = await start(codexBinary(alias), ['app-server'], { CODEX_HOME: home });
    const [listed, ...others] = await untilListed(home);
    expect(others).toEqual([]);
    expect(listed).toMatchObject({ pid: child.pid, ppid: process.pid, kind: 'app-server', home });
    expect(listed?.executable).toBe(codexBinary(alias));
    expect(listed?.startTime).toMatch(/^\d+$/);
    expect(processesOfHome(await read(), join(folder.path, 'another'))).toEqual([]);
  });

  it('names the default home of a process without CODEX_HOME after its own HOME', async () => {
    const userHome = join(folder.path, `${alias}-user`);
    await mkdir(join(userHome, '.codex'), { recursive: true });
    await start(codexBinary(alias), ['-c', 'model="x"', 'app-server'], { HOME: userHome });
    expect(await untilListed(join(userHome, '.codex'))).toMatchObject([
      { kind: 'app-server', home: join(userHome, '.codex') },
    ]);
  });

  it('calls an app-server that listens on the control socket the daemon, and finds it through a link', async () => {
    const home = join(folder.path, `${alias}-daemon`);
    await mkdir(home);
    await symlink(home, `${home}-link`);
    await start(codexBinary(alias), ['app-server', '--listen', 'unix://'], { CODEX_HOME: `${home}-link` });
    expect(await untilListed(home)).toMatchObject([{ kind: 'daemon', home: `${home}-link` }]);
  });

  it('counts the npm launcher and the native program it starts once', async () => {
    const home = join(folder.path, `${alias}-npm`);
    await mkdir(home);
    await symlink(codexLauncher(alias), join(home, 'codex'));
    const launcher = await start(process.execPath, [join(home, 'codex'), 'app-server'], { CODEX_HOME: home });
    let listed = await untilListed(home);
    while (listed.some((entry) => entry.pid === launcher.pid && entry.executable === process.execPath)) {
      listed = await untilListed(home);
    }
    expect(listed).toMatchObject([{ kind: 'app-server', executable: codexBinary(alias) }]);
    for (const entry of listed) process.kill(entry.pid, 'SIGKILL');
  });

  it('leaves out what steward itself started', async () => {
    const home = join(folder.path, `${alias}-probe`);
    await mkdir(home);
    await start(codexBinary(alias), ['app-server'], { CODEX_HOME: home, [PROBE_VARIABLE]: '1' });
    expect(processesOfHome(await read(), home)).toEqual([]);
  });
});

it('lists the MCP server that 0.133 can be', async () => {
  const home = join(folder.path, 'mcp');
  await mkdir(home);
  await start(codexBinary('codex-0.133'), ['mcp-server'], { CODEX_HOME: home });
  expect(await untilListed(home)).toMatchObject([{ kind: 'mcp-server' }]);
});

it('does not take programs that only speak of codex for Codex', async () => {
  const home = join(folder.path, 'strangers');
  await mkdir(home);
  await writeFile(join(home, 'codex'), 'setInterval(() => {}, 1000)\n');
  await writeFile(join(home, 'codex-steward.js'), 'setInterval(() => {}, 1000)\n');
  await start('tail', ['-f', join(home, 'codex')], { CODEX_HOME: home });
  await start('grep', ['codex'], { CODEX_HOME: home });
  await start(process.execPath, [join(home, 'codex')], { CODEX_HOME: home });
  await start(process.execPath, [join(home, 'codex-steward.js'), 'doctor'], { CODEX_HOME: home });
  await start('sh', ['-c', 'read line', 'codex', 'app-server'], { CODEX_HOME: home });
  expect(processesOfHome(await read(), home)).toEqual([]);
});

describe('a /proc of another machine', () => {
  let count = 0;
  interface Fake {
    readonly argv: readonly string[];
    readonly exe?: string;
    readonly environ?: string;
    readonly uid?: number;
    readonly ppid?: number;
    readonly cwd?: string;
    readonly stat?: string;
  }
  async function hostWith(
    fakes: Readonly<Record<string, Fake>>,
    overrides: Partial<Host> = {},
  ): Promise<Host> {
    const root = join(folder.path, `root-${count++}`);
    await mkdir(join(root, 'proc', 'sys'), { recursive: true });
    for (const [pid, fake] of Object.entries(fakes)) {
      const proc = join(root, 'proc', pid);
      await mkdir(proc);
      await writeFile(join(proc, 'cmdline'), `${fake.argv.join('\0')}\0`);
      if (fake.exe !== undefined) await symlink(fake.exe, join(proc, 'exe'));
      if (fake.cwd !== undefined) await symlink(fake.cwd, join(proc, 'cwd'));
      if (fake.environ !== undefined) await writeFile(join(proc, 'environ'), fake.environ);
      await writeFile(join(proc, 'status'), `Name:\tx\nUid:\t${fake.uid ?? 1000}\t1000\t1000\t1000\n`);
      const fields = fake.stat ?? `S ${fake.ppid ?? 1} ${'0 '.repeat(17)}4711 0`;
      await writeFile(join(proc, 'stat'), `${pid} (a) odd (name) ${fields}`);
    }
    return createHost({ root, uid: 1000, userHome: '/home/me', ...overrides });
  }

  it('tells the kinds apart', async () => {
    const exe = '/opt/codex/bin/codex';
    const host = await hostWith({
      10: { exe, argv: ['codex'], environ: 'HOME=/home/me\0' },
      11: { exe, argv: ['codex', 'exec', 'app-server'], environ: 'HOME=/home/me\0' },
      12: { exe, argv: ['codex', '--profile', 'app-server', 'app-server'], environ: 'HOME=/home/me\0' },
      13: { exe, argv: [exe, 'app-server', '--remote-control', '--listen', 'unix://'], environ: '' },
      14: { exe, argv: [exe, 'app-server', 'daemon', 'pid-update-loop'], environ: '' },
      15: { exe, argv: ['codex-linux-sandbox', '--', 'ls'], environ: '' },
      16: { exe: '/opt/Codex/Codex', argv: ['/opt/Codex/Codex'], environ: '' },
      17: { exe: '/opt/Codex/Codex', argv: ['/opt/Codex/Codex', '--type=renderer'], environ: '', ppid: 16 },
      18: { exe: `${exe} (deleted)`, argv: ['codex', 'app-server', 'proxy'], environ: '' },
      19: { exe: '/usr/bin/vim', argv: ['vim', 'codex'], environ: '' },
    });
    const kinds = Object.fromEntries((await read(host)).map((entry) => [entry.pid, entry.kind]));
    expect(kinds).toEqual({
      10: 'cli',
      11: 'cli',
      12: 'app-server',
      13: 'daemon',
      14: 'updater',
      15: 'sandbox',
      16: 'desktop',
      18: 'cli',
    });
  });

  it('says that the home of a process is unknown where its environment is hidden, and counts it for every home', async () => {
    const host = await hostWith({ 10: { exe: '/usr/bin/codex', argv: ['codex'] } });
    const listed = await read(host);
    expect(listed).toMatchObject([{ pid: 10, home: null, startTime: '4711' }]);
    expect(processesOfHome(listed, '/anything')).toHaveLength(1);
  });

  it('leaves out other users, except for root', async () => {
    const fakes = { 10: { exe: '/usr/bin/codex', argv: ['codex'], uid: 1001, environ: 'HOME=/home/you\0' } };
    expect(await read(await hostWith(fakes))).toEqual([]);
    expect(await read(await hostWith(fakes, { uid: 0 }))).toMatchObject([{ home: '/home/you/.codex' }]);
  });

  it('resolves a relative CODEX_HOME against the folder of that process', async () => {
    const environ = 'HOME=/home/me\0CODEX_HOME=state\0';
    const host = await hostWith({
      10: { exe: '/usr/bin/codex', argv: ['codex'], environ, cwd: '/srv/work' },
    });
    expect(await read(host)).toMatchObject([{ home: '/srv/work/state' }]);
  });

  it('survives processes that end while it looks, zombies and broken entries', async () => {
    const host = await hostWith({
      10: { exe: '/usr/bin/codex', argv: ['codex'], stat: 'Z 1 0' },
      11: { exe: '/usr/bin/codex', argv: ['codex'], stat: '' },
    });
    await mkdir(join(host.root, 'proc', '13'));
    await rm(join(host.root, 'proc', '11', 'status'));
    expect(await read(host)).toEqual([]);
  });

  it('says so when there is no /proc instead of saying that nothing runs', async () => {
    const host = createHost({ root: join(folder.path, 'nowhere'), uid: 1000 });
    await expect(read(host)).rejects.toMatchObject({ code: 'ERR_CODEX_PROCESSES', kind: 'environment' });
  });
});

it('prints no secret of a command line', () => {
  const argv = [
    'codex',
    '--api-key',
    'abc',
    '-c',
    'x.bearer_token="q"',
    'sk-proj-123456789',
    'me@example.com',
  ];
  const text = commandText([...argv, '--remote', 'https://user:pass@host/x', 'line\nbreak']);
  expect(text).toBe(
    'codex --api-key <redacted> -c x.bearer_token="<redacted>" <redacted> m…@e… --remote https://<redacted>@host/x line break',
  );
});

it('reads the variables that macOS shows behind a command line', () => {
  const line = '/opt/codex app-server USER=me CODEX_HOME=/Users/me/My Codex HOME=/Users/me LANG=C';
  expect(parseEnvironment(line)).toEqual({ CODEX_HOME: '/Users/me/My Codex', HOME: '/Users/me' });
});

it('lists the same real process through the portable way', async () => {
  const home = join(folder.path, 'portable');
  await mkdir(home);
  const child = await start(codexBinary('codex-newest'), ['app-server'], { CODEX_HOME: home });
  const listed = await read(
    createHost({ platform: 'darwin', run: async () => ({ kind: 'timeout', stdout: '', stderr: '' }) }),
  );
  const found = listed.find((entry) => entry.pid === child.pid);
  expect(found).toMatchObject({ kind: 'app-server', ppid: process.pid, home: null });
  expect(Date.parse(found?.startTime ?? '')).not.toBeNaN();
});
