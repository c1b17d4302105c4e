/** `steward lab` as a person uses it: the list, a server until Ctrl-C, and a rehearsal with the installed Codex. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';
import { type DoctorJson, startSteward, steward } from '../support/steward.ts';

const LAB_FOLDERS = /^codex-lab-/;

describe.each(CODEX_ALIASES)('lab run with %s on PATH', (alias) => {
  let world: FaultWorld;
  beforeAll(async () => {
    world = await makeWorld(alias, alias === 'codex-newest' ? 'npm' : 'standalone');
  });
  afterAll(() => world.remove());

  test('runs it against the scenario, tells what the server saw, and touches nothing of the user', async () => {
    const before = await treeOf(world.root);
    const folders = (await readdir('/var/tmp')).filter((name) => LAB_FOLDERS.test(name));
    const ran = await steward(world, [
      'lab',
      'run',
      'ok',
      '--',
      'codex',
      'exec',
      '--skip-git-repo-check',
      'hi',
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('Hello from the lab.');
    expect(ran.stderr).toMatch(
      /lab "ok": the server saw \d+ requests\n[\s\S]*\b(POST|WS)\b[\s\S]*\/responses/,
    );
    expect(await treeOf(world.root)).toEqual(before);
    // Other tests have labs of their own at the same time.
    const left = (await readdir('/var/tmp')).filter(
      (name) => LAB_FOLDERS.test(name) && !folders.includes(name),
    );
    expect(left.filter((name) => ran.stderr.includes(name))).toEqual([]);
  });

  test('passes exit codes through, and what stands behind -- as it is', async () => {
    const code = async (...command: string[]) =>
      (await steward(world, ['lab', 'run', 'ok', '--', ...command])).code;
    expect(await code('sh', '-c', 'exit 7')).toBe(7);
    expect(await code('codex', 'exec', '--no-such-option')).toBe(2); // the option is Codex's own to refuse
    const said = await steward(world, [
      'lab',
      'run',
      'ok',
      '--',
      'sh',
      '-c',
      'echo "$1"; exit 0',
      'sh',
      '--json',
    ]);
    expect(said).toMatchObject({ code: 0, stdout: '--json\n' });
    const missing = await steward(world, ['lab', 'run', 'ok', '--', 'no-such-program-here', '--json']);
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toMatch(/✖ "no-such-program-here" could not be started/);
  });

  test('shows a refused remote control, ends the daemon that was left behind, and fails as Codex does', async () => {
    const ran = await steward(
      world,
      [
        'lab',
        'run',
        'mfa-required',
        '--',
        'codex',
        'remote-control',
        ...(alias === 'codex-newest' ? ['start'] : []),
      ],
      { timeoutMs: 60_000 },
    );
    expect(ran.stderr).toMatch(/POST\s+403\s+\S*enroll/);
    expect(ran.stderr).toContain('Multi-factor authentication required');
  });

  test('run ends with its command at Ctrl-C, and leaves nothing', async () => {
    const run = startSteward(world, [
      'lab',
      'run',
      'ok',
      '--',
      'sh',
      '-c',
      'echo "$$ $CODEX_HOME"; exec sleep 60',
    ]);
    let said = '';
    run.child.stdout?.on('data', (text) => {
      said += text;
    });
    for (let waited = 0; !said.includes('\n') && waited < 10_000; waited += 20) await sleep(20);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(130);
    const [pid, home = ''] = said.trim().split(' ');
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
    await expect(readdir(home)).rejects.toThrow('ENOENT');
  });

  test('is no fault in the eyes of steward doctor', async () => {
    const ran = await steward(world, ['lab', 'run', 'ok', '--', 'steward', 'doctor', '--json']);
    expect(ran.code, ran.stdout).toBe(0);
    const { findings, codexVersion } = JSON.parse(ran.stdout) as DoctorJson;
    expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
    expect(codexVersion).toBe(alias === 'codex-newest' ? '0.169.0' : '0.133.0');
    const live = await steward(world, ['lab', 'run', 'ok', '--', 'steward', 'doctor', '--live', '--json']);
    const seen = (JSON.parse(live.stdout) as DoctorJson).findings.filter(
      ({ severity }) => severity === 'fail',
    );
    expect(seen.map(({ id, cause }) => `${id}: ${cause}`)).toEqual([]);
  });
});

describe('lab', () => {
  const place = { env: { PATH: process.env.PATH ?? '', HOME: '/var/tmp' }, project: '/var/tmp' };

  test('lists each scenario once, healthy ones first, as text and as JSON', async () => {
    const { stdout } = await steward(place, ['lab', 'list', '--json']);
    const { scenarios, schemaVersion, command } = JSON.parse(stdout);
    expect({ schemaVersion, command }).toEqual({ schemaVersion: 1, command: 'lab list' });
    expect(scenarios[0]).toEqual({
      name: 'ok',
      failureId: null,
      summary: 'Everything works.',
      shows: expect.stringContaining('codex exec'),
    });
    const names = scenarios.map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(names.length);
    const text = (await steward(place, ['lab', 'list'])).stdout;
    for (const name of names) expect(text).toMatch(new RegExp(`^${name} `, 'm'));
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'start serves on loopback alone until %s, then ends with 0',
    async (signal) => {
      const run = startSteward(place, ['lab', 'start', 'mfa-required', '--trace']);
      let said = '';
      run.child.stdout?.on('data', (text) => {
        said += text;
      });
      for (let waited = 0; !said.includes('Ctrl-C') && waited < 10_000; waited += 20) await sleep(20);
      const [, url = ''] = said.match(/listens on (http:\/\/127\.0\.0\.1:\d+) /) ?? [];
      expect(said).toMatch(/chatgpt_base_url = "http:\/\/127\.0\.0\.1:/);
      expect(said).toMatch(/export \w+=http/);
      expect(addressesOf(run.child.pid ?? 0)).toEqual(['127.0.0.1']);
      expect((await fetch(`${url}/no/such/path`)).status).toBe(404);
      run.child.kill(signal);
      const ended = await run.ended;
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
      expect(ended.stdout).toMatch(/GET\s+404\s+\/no\/such\/path[\s\S]*1 request served/);
    },
  );

  test('start says so when its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const ran = await steward(place, ['lab', 'start', '--port', port]);
    server.close();
    expect(ran).toMatchObject({ code: 3, stdout: '' });
    expect(ran.stderr).toContain(port);
    expect(ran.stderr).not.toMatch(/fault of steward itself/);
  });
});

/** The local addresses on which that process listens, from the system's own tables. */
function addressesOf(pid: number): readonly string[] {
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // closed since it was listed
      }
    }),
  );
  const LISTEN = '0A';
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && sockets.has(fields[9] ?? ''))
      .map((fields) => addressOf(fields[1]?.split(':')[0] ?? '')),
  );
}

/** `0100007F` is 127.0.0.1. */
function addressOf(hex: string): string {
  if (hex.length !== 8) return `[${hex}]`;
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}
