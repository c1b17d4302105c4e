/** The gateway's process in this process: its files, its control API, when it goes and when it stays. */
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askGateway, findGateway } from '../../gateway-client/control-client.ts';
import { type GatewayFile, readGatewayFile, writeGatewayFile } from '../../gateway-client/gateway-file.ts';
import { createHost } from '../../host.ts';
import { openPoolSource } from '../pool-source.ts';
import { OFFICIAL_BASES } from '../upstream-route.ts';
import { type DaemonEnd, type DaemonOptions, runDaemon } from './daemon.ts';
import { gatewayLogPath, openLogFile } from './log-file.ts';
import { createProgramWatch } from './program-watch.ts';

interface Running {
  readonly file: GatewayFile;
  readonly ended: Promise<DaemonEnd>;
  stop(): Promise<DaemonEnd>;
}

const homes: string[] = [];
const running: Running[] = [];

async function newHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'steward-daemon-'));
  homes.push(home);
  await mkdir(join(home, 'no-root/proc'), { recursive: true }); // a machine on which no codex runs
  return home;
}

function scopeOf(home: string, signal: AbortSignal, now: () => number = Date.now) {
  const host = createHost({ env: {}, userHome: home, root: join(home, 'no-root'), now });
  return { host, home: { path: home, source: 'env' } as const, signal };
}

async function start(
  home: string,
  options: Partial<DaemonOptions> & { now?: () => number } = {},
): Promise<Running> {
  const abort = new AbortController();
  const scope = scopeOf(home, abort.signal, options.now);
  let ended: Promise<DaemonEnd> = Promise.resolve({ kind: 'held', pid: 0 });
  const file = await new Promise<GatewayFile>((resolve, reject) => {
    ended = runDaemon({
      scope,
      stewardVersion: '1.0.0',
      idleMs: null,
      waits: false,
      readBases: async () => OFFICIAL_BASES,
      openSource: () => openPoolSource(scope),
      onReady: resolve,
      ...options,
    });
    ended.then((end) => reject(new Error(JSON.stringify(end))), reject);
  });
  const stop = () => {
    abort.abort();
    return ended;
  };
  const one: Running = { file, ended, stop };
  running.push(one);
  return one;
}

let home: string;
beforeEach(async () => {
  home = await newHome();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  for (const path of homes.splice(0)) await rm(path, { recursive: true });
});

/** One raw request to the control API; its status. */
function knock(
  { controlUrl, controlToken }: GatewayFile,
  options: {
    readonly path?: string;
    readonly method?: string;
    readonly headers?: object;
    readonly body?: string;
  },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(
      controlUrl,
      {
        path: options.path ?? '/status', // as it is: a URL would be tidied up
        method: options.method ?? 'GET',
        headers: { authorization: `Bearer ${controlToken}`, ...options.headers },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on('error', reject);
    asked.end(options.body);
  });
}

describe('the control API', () => {
  it('lets in who has the token of the file, under its own name, without a browser', async () => {
    const { file } = await start(home);
    expect(await knock(file, {})).toBe(200);
    for (const authorization of [
      '',
      'Bearer ',
      `Bearer ${file.controlToken}x`,
      `bearer ${file.controlToken}`,
      file.controlToken,
      `Bearer ${file.sessionToken}`,
    ])
      expect(await knock(file, { headers: { authorization } }), authorization).toBe(403);
    const { port } = new URL(file.controlUrl);
    for (const host of ['evil.example', `localhost:${port}`, `127.0.0.1.nip.io:${port}`, '127.0.0.1'])
      expect(await knock(file, { headers: { host } }), host).toBe(403);
    for (const headers of [
      { origin: 'null' },
      { origin: file.controlUrl },
      { 'sec-fetch-site': 'same-origin' },
    ])
      expect(await knock(file, { headers })).toBe(403);
  });

  it('takes only what it knows, and no more of it than it needs', async () => {
    const { file } = await start(home);
    expect(await knock(file, { path: '/status/../metrics' })).toBe(404);
    expect(await knock(file, { path: '//status' })).toBe(404);
    expect(await knock(file, { path: '/status', method: 'POST' })).toBe(404);
    expect(await knock(file, { path: '/constructor' })).toBe(404);
    expect(await knock(file, { path: '/clients', method: 'POST', body: '{}' })).toBe(404);
    expect(await knock(file, { path: '/stop', method: 'POST', body: '{' })).toBe(400);
    expect(await knock(file, { path: '/stop', method: 'POST', body: `"${'x'.repeat(70_000)}"` })).toBe(400);
    expect(await knock(file, {})).toBe(200);
  });

  it('never tells a token', async () => {
    const { file } = await start(home);
    for (const path of ['/status', '/events', '/why-selected', '/metrics']) {
      const answer = JSON.stringify(await askGateway(file, 'GET', path));
      expect(answer).not.toContain(file.sessionToken);
      expect(answer).not.toContain(file.controlToken);
    }
  });
});

describe('the package under it', () => {
  it('is looked at: a new one is told when it has settled, once, and one that is gone never', async () => {
    const file = join(home, 'steward.cjs');
    await writeFile(file, 'old');
    const wasReplaced = createProgramWatch(file);
    const steps = [
      async () => {},
      async () => await writeFile(file, 'half'),
      async () => await writeFile(file, 'whole now'),
      async () => {},
      async () => {},
      async () => await rm(file),
      async () => {},
    ];
    const told: boolean[] = [await wasReplaced()];
    for (const step of steps) {
      await step();
      told.push(await wasReplaced());
    }
    expect(told).toEqual([false, false, false, false, true, false, false, false]);
  });

  it('is followed: the new one is started', async () => {
    const file = join(home, 'steward.cjs');
    await writeFile(file, 'old');
    let isStarted = false;
    const startNew = () => {
      isStarted = true;
    };
    await start(home, { lookEveryMs: 10, program: { file, startNew } });
    await writeFile(file, 'newer');
    await expect.poll(() => isStarted).toBe(true);
  });
});

describe('its files', () => {
  it('are for this user alone', async () => {
    await start(home);
    for (const name of ['gateway.json', 'gateway.log', 'gateway.lock'])
      expect((await stat(join(home, 'steward', name))).mode & 0o777, name).toBe(0o600);
    expect((await stat(join(home, 'steward'))).mode & 0o777).toBe(0o700);
  });

  it('come back when somebody clears the folder', async () => {
    const { file } = await start(home, { lookEveryMs: 20 });
    await rm(join(home, 'steward/gateway.json'));
    await waitFor(async () => (await readGatewayFile(home)).kind === 'ok');
    expect((await readGatewayFile(home)) as object).toMatchObject({ value: { baseUrl: file.baseUrl } });
  });

  it('keep the log below two files of one size', async () => {
    const path = gatewayLogPath(home);
    const log = await openLogFile(home);
    const line = { kind: 'x', text: 'y'.repeat(60_000) };
    for (let batch = 0; batch < 6; batch += 1) {
      for (let index = 0; index < 40; index += 1) log.write(line);
      await sleep(300);
    }
    await log.close();
    const sizes = await Promise.all([path, `${path}.1`].map(async (name) => (await stat(name)).size));
    expect(Math.max(...sizes)).toBeLessThan(8 * 1024 * 1024);
    expect((await stat(`${path}.1`)).mode & 0o777).toBe(0o600);
  });

  it('that another program has broken are no obstacle', async () => {
    await start(home).then((one) => one.stop());
    await writeFile(join(home, 'steward/gateway.json'), '{"version":1,"port":"evil"}');
    const { file } = await start(home);
    expect(file.port).toBeGreaterThan(0);
    expect((await findGateway(scopeOf(home, new AbortController().signal))).kind).toBe('running');
  });
});

describe('its life', () => {
  it('ends when idle, but not while the app is bound to it', async () => {
    const idle = await start(home, { idleMs: 60, lookEveryMs: 20 });
    expect(await idle.ended).toEqual({ kind: 'stopped', why: 'idle' });
    expect(JSON.parse(await readFile(join(home, 'steward/gateway.json'), 'utf8'))).not.toHaveProperty('pid');

    await writeFile(
      join(home, 'steward/app-bind.json'),
      JSON.stringify({
        version: 1,
        boundAt: 1,
        existed: false,
        before: '',
        mode: 0o600,
        boundSha256: '',
        formerBaseUrl: null,
        baseUrl: idle.file.baseUrl,
        service: 'systemd',
        serviceFile: '/nowhere',
        program: { node: '/node', steward: '/steward' },
      }),
    );
    const bound = await start(home, { idleMs: 60, lookEveryMs: 20 });
    expect(bound.file.baseUrl).toBe(idle.file.baseUrl);
    await sleep(300);
    expect((await findGateway(scopeOf(home, new AbortController().signal))).kind).toBe('running');
  });

  it('is not ended by a clock that jumps, as after a laptop’s sleep', async () => {
    let jump = 0;
    await start(home, { idleMs: 60_000, lookEveryMs: 20, now: () => Date.now() + jump });
    jump = 9 * 24 * 3_600_000;
    await sleep(150);
    jump = -9 * 24 * 3_600_000;
    await sleep(150);
    expect((await findGateway(scopeOf(home, new AbortController().signal))).kind).toBe('running');
  });

  it('is one for each home', async () => {
    const other = await newHome();
    const [one, two] = [await start(home), await start(other)];
    expect(one.file.port).not.toBe(two.file.port);
    expect(one.file.sessionToken).not.toBe(two.file.sessionToken);
    const answer = await fetch(
      `${two.file.baseUrl.replace(two.file.sessionToken, one.file.sessionToken)}/models`,
    );
    expect(answer.status).toBe(401);
    await expect(start(home)).rejects.toThrow(/held/);
  });

  it('does not take a process that got its number by chance for it', async () => {
    const { file } = await start(home);
    await running.pop()?.stop();
    await writeGatewayFile(home, { ...file, pid: process.pid });
    const found = await findGateway(scopeOf(home, new AbortController().signal));
    expect(found).toEqual({ kind: 'absent', died: true });
  });

  it.runIf(process.getuid?.() !== 0)('says what is wrong with a home that cannot be written', async () => {
    await chmod(home, 0o500);
    await expect(start(home)).rejects.toMatchObject({ kind: 'environment' });
    await chmod(home, 0o700);
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error('it did not come to that within two seconds');
}
