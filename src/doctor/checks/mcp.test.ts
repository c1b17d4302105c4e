import { access, chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nodeFolder, writeProgram } from '../../../test/support/codex-installs.ts';
import { codexBinary, runProgram, temporaryFolder } from '../../../test/support/real-codex.ts';
import { createHost } from '../../host.ts';
import type { CheckResult } from '../check.ts';
import { createContext } from '../context.ts';
import { longerStartup, pathWith } from '../repairs/mcp.ts';
import { mcpCheck } from './mcp.ts';
import { patienceMs } from './mcp-live.ts';

let folder: { path: string; remove: () => Promise<void> };
let place: string;
let bin: string;
let count = 0;
const servers: Server[] = [];

/** Answers `initialize`, after a while if asked to; keeps a child of its own, as `npx` does. */
const GOOD = `const { spawn } = require('node:child_process');
const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
require('node:fs').writeFileSync(process.env.PIDS, process.pid + ' ' + child.pid + ' ' + JSON.stringify(process.env));
console.log(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: {} }));
process.stdin.once('data', (line) => setTimeout(() => {
  const { id, params } = JSON.parse(line);
  const { protocolVersion } = params;
  const result = { protocolVersion, capabilities: {}, serverInfo: { name: 'good', version: '1' } };
  console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
}, Number(process.env.DELAY ?? 0)));
`;

beforeAll(async () => {
  folder = await temporaryFolder('steward-mcp');
});
afterAll(() => folder.remove());
beforeEach(async () => {
  place = join(folder.path, String(count++));
  await mkdir(join(place, 'home', '.codex'), { recursive: true });
  bin = await nodeFolder(join(place, 'bin'));
  await writeFile(join(place, 'good.cjs'), GOOD);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

function run(
  config: string,
  options: { live?: boolean; env?: Record<string, string> } = {},
): Promise<CheckResult> {
  const userHome = join(place, 'home');
  const env = { PATH: bin, HOME: userHome, PIDS: join(place, 'pids'), ...options.env };
  const host = createHost({ env, userHome, cwd: place, root: join(place, 'root') });
  const home = { path: join(userHome, '.codex'), source: 'default' as const };
  const signal = new AbortController().signal;
  return writeFile(join(home.path, 'config.toml'), config).then(() =>
    mcpCheck.run(createContext({ host, home, signal, live: options.live ?? false })),
  );
}
async function listen(status: number, seen: string[] = []): Promise<string> {
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.headers.authorization ?? '-'}`);
    response.writeHead(status).end('{}');
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}
/** Killed orphans may stay as zombies until somebody reaps them; they run no more. */
async function isRunning(pid: string | undefined): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) Z /.test(stat);
}
const findings = (result: CheckResult) => result.problems.map(({ finding }) => finding);
/** The edits that a plan would make, as the journal gets them. */
async function edits(result: CheckResult) {
  const plan = await result.problems[0]?.plan?.();
  if (plan === undefined || 'refused' in plan) throw new Error(JSON.stringify(plan));
  const [step] = plan.steps;
  return step?.kind === 'toml-edit' ? step.edits : step;
}

describe('without --live', () => {
  it('starts nothing and is content with commands that are there', async () => {
    await writeProgram(join(bin, 'tool'), `#!/bin/sh\ntouch ${join(place, 'ran')}\n`);
    const result = await run(
      `[mcp_servers.a]\ncommand = "tool"\n[mcp_servers.b]\nurl = "https://mcp.example/x"\n`,
    );
    expect(result).toMatchObject({
      status: 'ok',
      problems: [],
      details: { a: `starts ${join(bin, 'tool')}` },
    });
    await expect(access(join(place, 'ran'))).rejects.toThrow();
  });

  it('skips servers that are switched off', async () => {
    const result = await run('[mcp_servers.a]\ncommand = "nosuch"\nenabled = false\n', { live: true });
    expect(result).toMatchObject({ status: 'ok', details: { a: 'switched off' } });
  });

  it('names the line of a command that does not exist, and offers to switch the server off', async () => {
    const result = await run('model = "x"\n\n[mcp_servers."my server"]\nargs = []\ncommand = "nosuch"\n');
    expect(findings(result)).toMatchObject([
      {
        id: 'mcp.command_not_found',
        subject: 'my server',
        severity: 'warn',
        evidence: [{ where: join(place, 'home/.codex/config.toml:5') }, { source: 'env', where: 'PATH' }],
      },
    ]);
    expect(await edits(result)).toEqual([
      { op: 'set', key: ['mcp_servers', 'my server', 'enabled'], value: false },
    ]);
  });

  it('agrees with Codex itself on which commands it cannot start', async () => {
    await writeProgram(join(bin, 'there'), '#!/bin/sh\n');
    await writeProgram(join(bin, 'plain'), '#!/bin/sh\n', 0o644);
    const config = ['there', 'nosuch', 'plain', join(bin, 'there'), '/nowhere/x', '~/x']
      .map((command, index) => `[mcp_servers.s${index}]\ncommand = "${command}"\n`)
      .join('');
    const result = await run(config);
    expect(findings(result).map(({ subject }) => subject)).toEqual(['s1', 's2', 's4', 's5']);
    const home = join(place, 'home', '.codex');
    const env = { CODEX_HOME: home, PATH: bin, HOME: join(place, 'home') };
    const { stdout } = await runProgram(codexBinary('codex-0.133'), ['doctor', '--json'], { env });
    const { details } = JSON.parse(stdout).checks['mcp.config'];
    expect(Object.keys(details).filter((key) => /^s\d$/.test(key))).toEqual(['s1', 's2', 's4', 's5']);
  });

  it('calls it a failure when Codex does not start without that server', async () => {
    expect(findings(await run('[mcp_servers.a]\ncommand = "nosuch"\nrequired = true\n'))[0]?.severity).toBe(
      'fail',
    );
  });

  it('finds the program off the PATH and puts its full path in, with the folder of its node', async () => {
    const nvm = join(place, 'home', '.nvm', 'versions', 'node', 'v22.3.0', 'bin');
    await nodeFolder(nvm);
    await writeProgram(join(nvm, 'npx'), '#!/usr/bin/env node\n');
    const empty = join(place, 'empty');
    const result = await run('[mcp_servers.a]\ncommand = "npx"\n', { env: { PATH: empty } });
    expect(findings(result)[0]?.cause).toContain(`lies at ${join(nvm, 'npx')}, which is not on the PATH`);
    expect(await edits(result)).toEqual([
      { op: 'set', key: ['mcp_servers', 'a', 'command'], value: join(nvm, 'npx') },
      { op: 'set', key: ['mcp_servers', 'a', 'env', 'PATH'], value: `${nvm}:${empty}` },
    ]);
  });

  it("looks in the server's own PATH and folder", async () => {
    const own = join(place, 'own');
    await writeProgram(join(own, 'tool'), '#!/bin/sh\n');
    const config = `[mcp_servers.a]\ncommand = "tool"\nenv = { PATH = "${own}" }\n[mcp_servers.b]\ncommand = "./tool"\ncwd = "${own}"\n[mcp_servers.c]\ncommand = "./tool"\n`;
    expect(findings(await run(config)).map(({ subject }) => subject)).toEqual(['c']);
  });

  it('tells a folder that is missing from a program that is missing', async () => {
    const [found] = findings(await run(`[mcp_servers.a]\ncommand = "node"\ncwd = "${place}/gone"\n`));
    expect(found?.cause).toContain(`should start in ${place}/gone, which does not exist`);
  });

  it('misses a token variable, unless the home has a .env with it', async () => {
    const config = '[mcp_servers.a]\nurl = "https://mcp.example/x"\nbearer_token_env_var = "MY_TOKEN"\n';
    expect(findings(await run(config))).toMatchObject([{ id: 'mcp.auth_required', subject: 'a' }]);
    expect(findings(await run(config, { env: { MY_TOKEN: 'x' } }))).toEqual([]);
    await writeFile(join(place, 'home', '.codex', '.env'), 'MY_TOKEN=x\n');
    expect(findings(await run(config))).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['another type', 'mcp_servers = 5\n'],
    ['broken entries', '[mcp_servers.a]\ncommand = 5\n[mcp_servers.b]\n[mcp_servers.c]\nargs = "x"\n'],
  ])('is not upset by %s', async (_what, config) => {
    expect(await run(config, { live: true })).toMatchObject({ status: 'ok', problems: [] });
  });

  it('says that it cannot look when the configuration does not parse', async () => {
    expect(await run('a = [')).toMatchObject({ status: 'skipped', problems: [] });
  });
});

describe('with --live', () => {
  const entry = (name: string, more = '') =>
    `[mcp_servers.${name}]\ncommand = "node"\nargs = ["${join(place, 'good.cjs')}"]\nenv_vars = ["PIDS", "DELAY"]\n${more}`;

  it('shakes hands with a real server and ends it with its children', async () => {
    const result = await run(entry('good'), { live: true, env: { SECRET_OF_MINE: 'x', LANG: 'C' } });
    expect(result).toMatchObject({
      status: 'ok',
      details: { good: expect.stringMatching(/^answered after/) },
    });
    const [pid, child, ...env] = (await readFile(join(place, 'pids'), 'utf8')).split(' ');
    // Codex hands over a fixed list of variables and those that are named: nothing else of the person's environment.
    expect(JSON.parse(env.join(' '))).toEqual({
      PATH: bin,
      HOME: join(place, 'home'),
      LANG: 'C',
      PIDS: join(place, 'pids'),
    });
    for (const each of [pid, child]) expect(await isRunning(each)).toBe(false);
  });

  it('measures a server that answers too late, and plans the time that it needs', async () => {
    const result = await run(entry('late', 'startup_timeout_ms = 50\n'), {
      live: true,
      env: { DELAY: '300' },
    });
    expect(findings(result)).toMatchObject([
      {
        id: 'mcp.startup_timeout',
        subject: 'late',
        cause: expect.stringMatching(/answered after 0\.\d s; Codex gives up after 0.05 s/),
        fix: { repairId: 'mcp.startup_timeout.longer' },
      },
    ]);
    expect(await edits(result)).toEqual([
      { op: 'set', key: ['mcp_servers', 'late', 'startup_timeout_sec'], value: 60 },
      { op: 'delete', key: ['mcp_servers', 'late', 'startup_timeout_ms'] },
    ]);
  });

  it('shows what a server said that ended at once, without the secrets that it was given', async () => {
    const script = "console.error('bad key ' + process.env.API_KEY); process.exit(3)";
    const config = `[mcp_servers.dies]\ncommand = "node"\nargs = ["-e", "${script}"]\nenv_vars = ["NOT_THERE"]\n[mcp_servers.dies.env]\nAPI_KEY = "hush-hush-hush"\n`;
    const result = await run(config, { live: true });
    const [found] = findings(result);
    expect(found).toMatchObject({
      id: 'mcp.handshake_failed',
      cause: expect.stringMatching(/ended with exit code 3/),
    });
    expect(found?.evidence.map(({ what }) => what).join('\n')).toMatch(/bad key[\s\S]*not set, but named/);
    expect(JSON.stringify(result)).not.toContain('hush');
    expect(await edits(result)).toEqual([
      { op: 'set', key: ['mcp_servers', 'dies', 'enabled'], value: false },
    ]);
  });

  it('tells a refusal, and a program that starts but is no program of this system', async () => {
    const refusal =
      "process.stdin.once('data', () => console.log(JSON.stringify({jsonrpc:'2.0',id:0,error:{code:1,message:'no'}})))";
    await writeFile(join(place, 'refuses.cjs'), refusal);
    await writeFile(join(place, 'empty'), '\u0001\u0002');
    await chmod(join(place, 'empty'), 0o755);
    const config = `[mcp_servers.refuses]\ncommand = "node"\nargs = ["${place}/refuses.cjs"]\n[mcp_servers.empty]\ncommand = "${place}/empty"\n`;
    expect(findings(await run(config, { live: true }))).toMatchObject([
      { id: 'mcp.handshake_failed', cause: expect.stringContaining('refused initialize ("no")') },
      { id: 'mcp.handshake_failed', cause: expect.stringContaining('ended with exit code 127') },
    ]);
  });

  it('asks a server behind a URL, with its token and without any other', async () => {
    const seen: string[] = [];
    const url = await listen(200, seen);
    const config = `[mcp_servers.web]\nurl = "${url}"\nbearer_token_env_var = "MY_TOKEN"\n`;
    expect(await run(config, { live: true, env: { MY_TOKEN: 'abc' } })).toMatchObject({ status: 'ok' });
    expect(seen).toEqual(['POST Bearer abc']);
  });

  it('tells a refused token, a missing login, a wrong address and nobody there apart', async () => {
    const [refuses, wrong] = [await listen(401), await listen(404)];
    const config = `[mcp_servers.token]\nurl = "${refuses}"\nbearer_token_env_var = "MY_TOKEN"
[mcp_servers.login]\nurl = "${refuses}"\n[mcp_servers.wrong]\nurl = "${wrong}?key=hush-hush-hush"
[mcp_servers.nobody]\nurl = "http://127.0.0.1:9/mcp"\n`;
    const result = await run(config, { live: true, env: { MY_TOKEN: 'abc-secret' } });
    expect(findings(result).map(({ id, subject }) => `${id} ${subject}`)).toEqual([
      'mcp.auth_required token',
      'mcp.auth_required login',
      'mcp.handshake_failed wrong',
      'mcp.handshake_failed nobody',
    ]);
    expect(findings(result)[1]?.fix.command).toBe('codex mcp login login');
    expect(JSON.stringify(result)).not.toMatch(/hush|abc-secret/);
  });

  it('gives up on a server that never answers, and offers to switch it off', async () => {
    const config =
      '[mcp_servers.mute]\ncommand = "node"\nargs = ["-e", "setInterval(() => {}, 1e3)"]\nstartup_timeout_ms = 10\n';
    const result = await run(config, { live: true });
    expect(findings(result)).toMatchObject([
      {
        id: 'mcp.startup_timeout',
        cause: expect.stringMatching(/did not answer within \d\.\d s; Codex gives up after 0.01 s/),
        fix: { repairId: 'mcp.startup_timeout.disable' },
      },
    ]);
  });

  it('waits longer than Codex does, and never much longer than half a minute', () => {
    expect([1_000, 10_000, 30_000, 600_000].map(patienceMs)).toEqual([4_000, 30_000, 35_000, 35_000]);
  });

  it('ends with the run when it is cancelled', async () => {
    const stop = new AbortController();
    const host = createHost({ env: { PATH: bin }, userHome: join(place, 'home'), cwd: place });
    const home = { path: join(place, 'home', '.codex'), source: 'default' as const };
    await writeFile(
      join(home.path, 'config.toml'),
      '[mcp_servers.a]\ncommand = "node"\nargs = ["-e", "setInterval(() => {}, 1e3)"]\n',
    );
    setTimeout(() => stop.abort(), 100);
    const result = await mcpCheck.run(createContext({ host, home, signal: stop.signal, live: true }));
    // It had no chance to answer: neither fine nor too slow, and nothing to repair.
    expect(findings(result)).toMatchObject([
      { id: 'mcp.startup_timeout', severity: 'info', fix: { repairId: null, command: null } },
    ]);
    expect(findings(result)[0]?.cause).toMatch(/did not answer within 0\.\d s; Codex would wait 30 s/);
    expect(await readdir(home.path)).toEqual(['config.toml']);
  });
});

it('gives a slow server twice its time, and a minute at least', () => {
  expect([longerStartup(100), longerStartup(45_000)]).toEqual([60, 90]);
  expect(pathWith('/n/bin/npx', undefined)).toBe('/n/bin');
});
