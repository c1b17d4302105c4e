import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CodexTestHome, makeCodexHome } from '../../test/support/codex-home.ts';
import {
  CODEX_ALIASES,
  type CodexAlias,
  codexBinary,
  temporaryFolder,
} from '../../test/support/real-codex.ts';
import { createHost, type Host, type RunResult } from '../host.ts';
import type { CodexBinary } from './binaries.ts';
import { parseOfficialReport, runOfficialDoctor } from './official-doctor.ts';

function binaryOf(alias: CodexAlias): CodexBinary {
  const path = codexBinary(alias);
  return {
    path,
    realPath: path,
    pathIndex: 0,
    method: 'unknown',
    version: null,
    packageRoot: null,
    native: path,
    problem: null,
  };
}

/** Everything about a folder that a write would change. */
async function snapshot(folder: string): Promise<string[]> {
  const { lstat } = await import('node:fs/promises');
  const names = await readdir(folder, { recursive: true });
  const lines = names.map(async (name) => {
    const stat = await lstat(join(folder, name));
    return `${name} ${stat.mode} ${stat.size} ${stat.mtimeMs} ${stat.ino}`;
  });
  return (await Promise.all(lines)).sort();
}

describe.each(CODEX_ALIASES)('%s', (alias) => {
  let home: CodexTestHome;
  let server: Server;
  let requests: string[];
  beforeAll(async () => {
    home = await makeCodexHome(alias, { login: 'chatgpt', threads: 1 });
    requests = [];
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterEach(() => home.reset());
  afterAll(async () => {
    await home.remove();
    await new Promise((resolve) => server.close(resolve));
  });
  function run(host: Host = createHost(home.host()), live = false) {
    const signal = new AbortController().signal;
    return runOfficialDoctor(
      { host, home: { path: home.path, source: 'env' }, signal },
      binaryOf(alias),
      live,
    );
  }

  it('carries over the checks that need neither network nor the home itself', async () => {
    const result = await run();
    if (result.kind !== 'report') throw new Error(result.reason);
    expect(result.codexVersion).toBe(alias === 'codex-0.133' ? '0.133.0' : '0.169.0');
    const status = Object.fromEntries(result.checks.map((check) => [check.id, check.status]));
    expect(status).toMatchObject({ 'config.load': 'ok', 'mcp.config': 'ok', 'sandbox.helpers': 'ok' });
    expect(result.dropped.map(({ check }) => check.id)).toEqual(
      expect.arrayContaining(['network.websocket_reachability', 'state.paths', 'auth.credentials']),
    );
    const config = result.checks.find((check) => check.id === 'config.load');
    expect(config?.details['config.toml']).toBe(join(home.path, 'config.toml'));
  });

  it('writes nothing into the home, asks nobody, and leaves nothing behind', async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const temporary = await temporaryFolder('steward-tmp');
    const databases = join(home.userHome, 'databases');
    await mkdir(databases, { recursive: true });
    await writeFile(
      join(home.path, 'config.toml'),
      `model_provider = "corp"
chatgpt_base_url = "${endpoint}"
sqlite_home = "${databases}"
[model_providers.corp]
name = "Corp"
base_url = "${endpoint}/v1"
requires_openai_auth = true
supports_websockets = true
[mcp_servers.web]
url = "${endpoint}/mcp"
[otel]
exporter = { otlp-http = { endpoint = "${endpoint}/v1/logs", protocol = "binary" } }
`,
    );
    await writeFile(join(home.path, '.env'), `HTTPS_PROXY=${endpoint}\nHTTP_PROXY=${endpoint}\n`);
    await symlink('nowhere', join(home.path, 'dangling'));
    const before = await snapshot(home.userHome);
    const env = { ...home.host().env, CODEX_SQLITE_HOME: databases, TMPDIR: temporary.path };
    const host = createHost({ ...home.host(), env });
    const result = await run(host);
    if (result.kind !== 'report') throw new Error(result.reason);
    expect(result.checks.find((check) => check.id === 'config.load')?.status).not.toBe('fail');
    expect(result.checks.map((check) => check.id)).not.toContain('mcp.config');
    expect(await snapshot(home.userHome)).toEqual(before);
    expect(requests).toEqual([]);
    expect(await readdir(temporary.path)).toEqual([]);
    await temporary.remove();
  });

  it('says what Codex itself says of a configuration that it cannot load', async () => {
    await writeFile(join(home.path, 'config.toml'), 'sandbox_mode = "nonsense"\n');
    const result = await run();
    if (result.kind !== 'report') throw new Error(result.reason);
    expect(result.checks.find((check) => check.id === 'config.load')).toMatchObject({ status: 'fail' });
  });

  it('runs on the real home when the network is allowed', async () => {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await writeFile(
      join(home.path, 'config.toml'),
      `openai_base_url = "${endpoint}/v1"\nchatgpt_base_url = "${endpoint}"\n`,
    );
    const result = await run(createHost(home.host()), true);
    if (result.kind !== 'report') throw new Error(result.reason);
    expect(result.dropped).toEqual([]);
    expect(result.checks.map((check) => check.id)).toEqual(
      expect.arrayContaining(['network.provider_reachability', 'state.paths', 'auth.credentials']),
    );
    expect(requests.length).toBeGreaterThan(0);
    requests.length = 0;
  });
});

describe('a doctor that cannot be asked', () => {
  let folder: { path: string; remove: () => Promise<void> };
  beforeAll(async () => {
    folder = await temporaryFolder('steward-official');
  });
  afterAll(() => folder.remove());
  it.each<[string, RunResult, RegExp]>([
    [
      'does not start',
      { kind: 'unstartable', code: 'ENOENT', message: 'spawn ENOENT' },
      /does not start: spawn/,
    ],
    ['hangs', { kind: 'timeout', stdout: '', stderr: '' }, /in time/],
    ['crashes', { kind: 'signalled', signal: 'SIGSEGV', stdout: '', stderr: '' }, /SIGSEGV/],
    [
      'knows no such command',
      { kind: 'exited', code: 2, stdout: '', stderr: 'a\nerror: x' },
      /code 2: error: x/,
    ],
    ['prints no JSON', { kind: 'exited', code: 0, stdout: 'hello', stderr: '' }, /not JSON/],
    [
      'prints other JSON',
      { kind: 'exited', code: 0, stdout: '{"schemaVersion":2}', stderr: '' },
      /unknown shape/,
    ],
  ])('is reported as such when it %s', async (_what, ran, reason) => {
    const host = createHost({ run: async () => ran });
    const home = { path: folder.path, source: 'env' as const };
    const scope = { host, home, signal: new AbortController().signal };
    const result = await runOfficialDoctor(scope, binaryOf('codex-newest'), false);
    expect(result).toMatchObject({ kind: 'unavailable', reason: expect.stringMatching(reason) });
  });

  it('is reported as such without a home', async () => {
    await rm(join(folder.path, 'none'), { recursive: true, force: true });
    const home = { path: join(folder.path, 'none'), source: 'env' as const };
    const scope = { host: createHost(), home, signal: new AbortController().signal };
    const result = await runOfficialDoctor(scope, binaryOf('codex-newest'), false);
    expect(result).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('ENOENT') });
  });
});

it('keeps the checks of a report whose other parts it does not understand', () => {
  const report = {
    schemaVersion: 1,
    more: [],
    checks: {
      'a.b': { status: 'ok', summary: 'fine', details: { list: ['x'], odd: 5 }, durationMs: 'soon' },
      'c.d': { id: 'c.d', status: 'splendid', summary: 'unknown status' },
      'e.f': null,
    },
  };
  expect(parseOfficialReport(JSON.stringify(report))).toEqual({
    kind: 'report',
    codexVersion: null,
    dropped: [],
    checks: [
      {
        id: 'a.b',
        category: 'other',
        status: 'ok',
        summary: 'fine',
        details: {},
        remediation: null,
        durationMs: 0,
      },
    ],
  });
});
