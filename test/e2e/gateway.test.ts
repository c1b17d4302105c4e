/** Sessions of the real Codex through the gateway against the lab: what a person at the terminal gets. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectKey } from '../../src/accounts/store/project.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import { type LabWithHome, startLabWithHome } from '../support/lab-accounts.ts';
import { type CodexAlias, codexBinary, runProgram } from '../support/real-codex.ts';

const STEWARD = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));
let world: LabWithHome;
let env: Record<string, string>;

const steward = (...args: string[]) =>
  runProgram(process.execPath, [STEWARD, ...args], { env, cwd: world.home });

async function useCodex(alias: CodexAlias): Promise<void> {
  const bin = join(world.home, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(codexBinary(alias), join(bin, 'codex'));
  env = { ...world.environment(), PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` };
}

/** One turn of `codex exec` through `steward run`, with that option in front. */
async function turn(...options: string[]) {
  const ran = await steward('run', ...options, '--', 'exec', '--skip-git-repo-check', '--json', 'hi');
  const events = ran.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { type: string });
  return { ...ran, completed: events.some(({ type }) => type === 'turn.completed') };
}

/** Accounts whose model requests the lab answered with success, in order, without repetitions. */
function servedBy(): readonly (string | null)[] {
  const served = world.lab
    .requests()
    .filter(({ path, method, status }) => path.includes('/responses') && method !== 'WS' && status === 200)
    .map(({ account }) => account);
  return served.filter((name, index) => name !== served[index - 1]);
}

async function gatewayFile(): Promise<{ pid?: number; port: number; baseUrl: string }> {
  return JSON.parse(await readFile(join(world.home, 'steward/gateway.json'), 'utf8'));
}

beforeEach(async () => {
  world = await startLabWithHome();
});
afterEach(async () => {
  await steward('gateway', 'stop');
  await world.stop();
});

async function accounts(...names: LabAccountName[]): Promise<void> {
  for (const name of names) {
    const account = await world.addAccount(name);
    if (name === names[0]) await world.writeAuthOf(account);
  }
}

describe('a session', () => {
  beforeEach(() => useCodex('codex-newest'));

  it('C7: says the first time, and only then, that another account may answer', async () => {
    await accounts('plus', 'second');
    await world.lab.control({ do: 'scenario', name: 'usage-limit-one' });
    const first = await turn();
    expect(first).toMatchObject({ code: 0, completed: true });
    expect(servedBy()).toEqual(['second']);
    expect(first.stderr).toContain('unofficial');
    const again = await turn();
    expect(again).toMatchObject({ code: 0, completed: true });
    expect(again.stderr).not.toContain('unofficial');
  });

  it('counts for the project of its folder', async () => {
    await accounts('plus', 'second');
    await mkdir(join(world.home, '.git'));
    expect(await turn()).toMatchObject({ code: 0, completed: true });
    await steward('gateway', 'stop'); // what is left is written
    const project = projectKey(world.home, 'linux');
    const usage = JSON.parse((await steward('auth', 'usage', '--by', 'project', '--json')).stdout);
    expect(JSON.stringify(usage)).toContain(`"key":"${project}"`);
    await steward('auth', 'budget', 'limit', project, '--tokens', '1');
    expect((await steward('auth', 'budget', 'check', project)).code).toBe(1);
  });

  it('uses one account alone when it is named', async () => {
    await accounts('plus', 'second');
    expect(await turn('--account', '2')).toMatchObject({ code: 0, completed: true });
    expect(servedBy()).toEqual(['second']);
  });
});

describe('steward gateway', () => {
  beforeEach(() => useCodex('codex-newest'));

  it('starts one process however many ask, and leaves none behind', async () => {
    await accounts('plus', 'second');
    const started = await Promise.all([1, 2, 3, 4].map(() => steward('gateway', 'start', '--json')));
    expect(started.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const pids = new Set(started.map(({ stdout }) => (JSON.parse(stdout) as { pid: number }).pid));
    expect(pids.size).toBe(1);
    const file = join(world.home, 'steward/gateway.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const status = JSON.parse((await steward('gateway', 'status', '--json')).stdout);
    expect(status).toMatchObject({
      state: 'running',
      status: { pid: [...pids][0], accounts: [{ isAvailable: true }, { isAvailable: true }] },
    });
    expect((await steward('gateway', 'stop')).stdout).toContain('gateway stopped');
    expect(existsSync(`/proc/${[...pids][0]}`)).toBe(false);
    expect((await gatewayFile()).pid).toBeUndefined();
  });

  it('C7: stays out of the way of one account, and of those who switched it off; a variable outweighs that', async () => {
    await accounts('plus');
    expect(await turn()).toMatchObject({ code: 0, completed: true });
    expect(existsSync(join(world.home, 'steward/gateway.json'))).toBe(false);
    await world.addAccount('second');
    await steward('auth', 'rotation', 'disable');
    expect(await turn()).toMatchObject({ code: 0, completed: true });
    expect(existsSync(join(world.home, 'steward/gateway.json'))).toBe(false);
    expect(servedBy()).toEqual(['plus']);
    env.CODEX_MULTI_AUTH_RUNTIME_ROTATION_PROXY = '1';
    expect(await turn()).toMatchObject({ code: 0, completed: true });
    const { port, baseUrl } = await gatewayFile();
    expect(baseUrl).toContain(`http://127.0.0.1:${port}/`);
    const listening = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
    const sockets = (await readFile('/proc/net/tcp', 'utf8')).split('\n');
    expect(sockets.filter((line) => line.includes(listening))).toEqual([
      expect.stringContaining(` 0100007F${listening}`),
    ]);
  });

  it('C7: is passed by for one run by a variable, and new sessions leave a running one alone once it is off', async () => {
    await accounts('plus', 'second');
    env.CODEX_MULTI_AUTH_BYPASS = '1';
    expect(await turn()).toMatchObject({
      code: 0,
      completed: true,
      stderr: expect.not.stringContaining('steward'),
    });
    expect(existsSync(join(world.home, 'steward/gateway.json'))).toBe(false);
    delete env.CODEX_MULTI_AUTH_BYPASS;
    await steward('gateway', 'start');
    const off = await steward('auth', 'rotation', 'disable');
    expect(off.stdout).toContain('new ones do not');
    expect(await turn()).toMatchObject({
      code: 0,
      completed: true,
      stderr: expect.not.stringContaining('steward'),
    });
    const { status } = JSON.parse((await steward('gateway', 'status', '--json')).stdout);
    expect(status.counters.requests).toBe(0);
  });

  it('costs one line and not the session when our folder cannot be used', async () => {
    await accounts('plus', 'second');
    await rm(join(world.home, 'steward'), { recursive: true, force: true });
    await writeFile(join(world.home, 'steward'), 'in the way');
    const ran = await turn();
    expect(ran).toMatchObject({ code: 0, completed: true });
    expect(ran.stderr.match(/steward: going on without the gateway: .*/g)).toHaveLength(1);
    await rm(join(world.home, 'steward'));
  });

  it('passes the exit code of the official program through', async () => {
    await accounts('plus', 'second');
    expect((await steward('run', '--', 'no-such-command', '--no-such-option')).code).toBe(2);
    expect((await steward('run', '--', '--version')).stdout).toBe('codex-cli 0.169.0\n');
  });

  it('keeps its control API to those who can read its file', async () => {
    await accounts('plus', 'second');
    await steward('gateway', 'start');
    const { controlUrl, controlToken } = (await gatewayFile()) as unknown as Record<string, string>;
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${controlUrl}/status`, { headers })).status;
    expect(await ask({})).toBe(403);
    expect(await ask({ authorization: `Bearer ${controlToken}x` })).toBe(403);
    expect(await ask({ authorization: `Bearer ${controlToken}`, origin: 'http://evil.example' })).toBe(403);
    expect(await ask({ authorization: `Bearer ${controlToken}` })).toBe(200);
    const metrics = await fetch(`${controlUrl}/metrics`, {
      headers: { authorization: `Bearer ${controlToken}` },
    });
    expect(await metrics.text()).toContain('steward_account_available{account="1"} 1');
  });
});
