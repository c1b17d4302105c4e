/**
 * What the real Codex leaves behind when remote control fails: the checks have to find the reason in it, for both versions.
 * Promises A1 and A3 as far as a doctor run can keep them.
 */
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import type { Check } from '../../src/doctor/check.ts';
import { remoteDaemonCheck } from '../../src/doctor/checks/remote-daemon.ts';
import { remoteErrorCheck } from '../../src/doctor/checks/remote-error.ts';
import { remoteIdentityCheck } from '../../src/doctor/checks/remote-identity.ts';
import { remotePairingCheck } from '../../src/doctor/checks/remote-pairing.ts';
import { createContext } from '../../src/doctor/context.ts';
import { createHost } from '../../src/host.ts';
import { chatgptAuthJson } from '../support/codex-home.ts';
import {
  CODEX_ALIASES,
  type CodexAlias,
  codexBinary,
  runProgram,
  temporaryFolder,
} from '../support/real-codex.ts';

interface Answer {
  readonly enroll?: readonly [number, string];
  readonly socket?: readonly [number, string];
}

const CHECKS: readonly Check[] = [
  remoteErrorCheck,
  remoteDaemonCheck,
  remoteIdentityCheck,
  remotePairingCheck,
];

/** The remote-control part of the backend, with one switch. */
async function startBackend() {
  let answer: Answer = {};
  const server = createServer((request, response) => {
    const reply = (status: number, body: string) => {
      response.writeHead(status, { 'content-type': body.startsWith('<') ? 'text/html' : 'application/json' });
      response.end(body);
    };
    if (/\/server\/(enroll|refresh)$/.test(request.url ?? '')) {
      const expires_at = new Date(Date.now() + 3_600_000).toISOString();
      const good = { server_id: 'srv_1', environment_id: 'env_1', remote_control_token: 'rct_1', expires_at };
      return reply(...(answer.enroll ?? ([200, JSON.stringify(good)] as const)));
    }
    reply(404, '{}');
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    if (answer.socket === undefined) return sockets.handleUpgrade(request, socket, head, () => {});
    const [status, body] = answer.socket;
    socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next: Answer) => {
      answer = next;
    },
    close: async () => {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function startWorld(alias: CodexAlias) {
  const backend = await startBackend();
  const folder = await temporaryFolder('steward-rc');
  const home = join(folder.path, '.codex');
  await mkdir(home);
  await writeFile(join(home, 'auth.json'), chatgptAuthJson(), { mode: 0o600 });
  await writeFile(
    join(home, 'config.toml'),
    `chatgpt_base_url = "${backend.url}/backend-api"\ncheck_for_update_on_startup = false\n[analytics]\nenabled = false\n`,
  );
  if (alias === 'codex-0.133') {
    // What the install script makes; 0.169 brings its own copy.
    await mkdir(join(home, 'packages/standalone/current'), { recursive: true });
    await symlink(codexBinary(alias), join(home, 'packages/standalone/current/codex'));
  }
  const env = {
    HOME: folder.path,
    CODEX_HOME: home,
    CODEX_REFRESH_TOKEN_URL_OVERRIDE: `${backend.url}/oauth/token`,
    RUST_LOG: 'codex_app_server_transport=warn',
    LOG_FORMAT: 'json',
  };
  const codex = (...args: string[]) => runProgram(codexBinary(alias), args, { env, cwd: folder.path });
  const recorded = async () => {
    const names = await readdir(join(home, 'app-server-daemon')).catch(() => []);
    const files = names.filter((name) => name.endsWith('.pid'));
    const texts = await Promise.all(
      files.map((name) => readFile(join(home, 'app-server-daemon', name), 'utf8')),
    );
    return new Map(
      files.map((name, index) => [name, Number(/"pid":\s*(\d+)/.exec(texts[index] ?? '')?.[1])]),
    );
  };
  return {
    backend,
    home,
    codex,
    recorded,
    daemonPid: async () =>
      (await recorded()).get(alias === 'codex-0.133' ? 'app-server.pid' : 'daemon.pid') ?? 0,
    /** All findings that are more than information, by check run anew. */
    findings: async () => {
      const host = createHost({ env, userHome: folder.path, cwd: folder.path });
      const signal = new AbortController().signal;
      const context = createContext({ host, home: { path: home, source: 'env' }, signal, live: false });
      const results = await Promise.all(CHECKS.map((check) => check.run(context)));
      return results.flatMap(({ problems }) => problems).filter(({ finding }) => finding.severity !== 'info');
    },
    stop: async () => {
      await codex('remote-control', 'stop');
      for (const pid of (await recorded()).values()) {
        const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
        if (command.includes(home)) process.kill(pid, 'SIGKILL'); // the updater, which `stop` leaves running
      }
      await backend.close();
      await folder.remove();
    },
  };
}

const MFA = '{"detail":"Multi-factor authentication required"}';
const ROWS: readonly (readonly [string, Answer, string])[] = [
  ['MFA', { enroll: [403, MFA] }, 'remote.mfa_required'],
  [
    'a challenge page',
    { enroll: [403, '<html><title>Just a moment...</title></html>'] },
    'network.edge_blocked',
  ],
  ['an outage', { enroll: [500, ''] }, 'server.error'],
  ['an answer it cannot read', { enroll: [200, '{"server_id":"srv_1"}'] }, 'remote.enrollment_errored'],
  [
    'a conflict on the websocket',
    { socket: [409, '{"detail":"Remote app server already online"}'] },
    'remote.server_conflict',
  ],
  ['a websocket refused without a word', { socket: [403, '{"detail":"x"}'] }, 'remote.enrollment_errored'],
];

describe.skipIf(process.platform !== 'linux').each(CODEX_ALIASES)('%s', (alias) => {
  let world: Awaited<ReturnType<typeof startWorld>>;
  beforeAll(async () => {
    world = await startWorld(alias);
  });
  afterAll(() => world.stop());

  /** Until the daemon has said something new; it writes within a second, and retries for ever. */
  async function idsWithin(wanted: string): Promise<readonly string[]> {
    let ids: readonly string[] = [];
    for (let tries = 0; tries < 40 && !ids.includes(wanted); tries += 1) {
      if (tries > 0) await sleep(250);
      ids = (await world.findings()).map(({ finding }) => finding.id);
    }
    return ids;
  }

  it('has no finding before remote control was ever used', async () => {
    expect(await world.findings()).toEqual([]);
  });

  // The newest waits five seconds and more between its tries; the rows left out for it differ in nothing but the body.
  const rows =
    alias === 'codex-0.133'
      ? ROWS
      : ROWS.filter(([name]) => name !== 'a challenge page' && name !== 'an answer it cannot read');
  it.each(rows)('that fails with %s is told by the true reason', async (_, answer, id) => {
    world.backend.set(answer);
    const started = await world.codex('remote-control', 'start');
    expect(started.stdout + started.stderr).not.toContain('Multi-factor'); // Codex itself does not say it
    expect(await idsWithin(id)).toEqual([id]);
    await world.codex('remote-control', 'stop');
  });

  it('A1: shows status and body of the refusal, and the time', async () => {
    world.backend.set({ enroll: [403, MFA] });
    // The enrolment of the rows above is kept; without it Codex enrols again.
    await rm(join(world.home, 'state_5.sqlite'));
    for (const end of ['-wal', '-shm']) await rm(join(world.home, `state_5.sqlite${end}`), { force: true });
    await world.codex('remote-control', 'start');
    expect(await idsWithin('remote.mfa_required')).toEqual(['remote.mfa_required']);
    const what = (await world.findings())[0]?.finding.evidence[0]?.what ?? '';
    expect(what).toContain('/backend-api/wham/remote/control/server/enroll');
    expect(what).toContain('HTTP 403 Forbidden');
    expect(what).toContain('Multi-factor authentication required');
    await world.codex('remote-control', 'stop');
  });

  it('has no finding once it is connected and healthy, and none after a clean stop', async () => {
    world.backend.set({});
    await world.codex('remote-control', 'start');
    let findings = await world.findings();
    // The connection is written to the log database up to 10 s late (0.169).
    for (let tries = 0; tries < 60 && findings.length > 0; tries += 1) {
      await sleep(250);
      findings = await world.findings();
    }
    expect(findings.map(({ finding }) => finding.cause)).toEqual([]);
    await world.codex('remote-control', 'stop');
    expect((await world.findings()).map(({ finding }) => finding.cause)).toEqual([]);
  });

  it('leaves a record and a socket behind when it is killed, and each is found', async () => {
    await world.codex('remote-control', 'start');
    process.kill(await world.daemonPid(), 'SIGKILL');
    await sleep(300);
    const found = (await world.findings()).map(({ finding }) => [
      finding.id,
      finding.subject.replace(world.home, ''),
    ]);
    const record = alias === 'codex-0.133' ? 'app-server.pid' : 'daemon.pid';
    expect(found).toEqual([
      ['remote.socket_or_daemon', `/app-server-daemon/${record}`],
      ['remote.socket_or_daemon', '/app-server-control/app-server-control.sock'],
    ]);

    // The repair, as the journal applies it; then the daemon starts again (0.133 takes a zombie for alive until it does).
    for (const { plan } of await world.findings()) {
      const repair = await plan?.();
      if (repair === undefined || 'refused' in repair) throw new Error('no plan');
      for (const step of repair.steps)
        if (step.kind === 'move-aside') await rename(step.path, `${step.path}.aside`);
    }
    expect((await world.codex('remote-control', 'start')).code).toBe(0);
    expect(await world.findings()).toEqual([]);
  });

  it('cannot be reached without its socket, and that process is the one to end', async () => {
    await rm(join(world.home, 'app-server-control/app-server-control.sock'));
    const pid = await world.daemonPid();
    const [problem, ...others] = await world.findings();
    expect(others).toEqual([]);
    expect(problem?.finding).toMatchObject({ id: 'remote.socket_or_daemon', subject: `pid ${pid}` });
    expect(await problem?.plan?.()).toMatchObject({
      requiresStopped: 'nothing',
      steps: [{ kind: 'stop-process', pid, command: expect.stringContaining('app-server') }],
    });
    process.kill(pid, 'SIGTERM');
  });
});
