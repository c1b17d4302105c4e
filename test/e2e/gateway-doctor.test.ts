/** What the doctor says and does when the gateway that something points at is gone, or the shim is not what starts. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codexBinary } from '../support/real-codex.ts';
import type { ServiceManagers } from '../support/service-managers.ts';
import { type ServicedWorld, startServicedWorld } from '../support/serviced-world.ts';
import type { DoctorJson } from '../support/steward.ts';

let world: ServicedWorld;
let managers: ServiceManagers;
let env: Record<string, string>;
const steward = (...args: string[]) => world.steward(...args);
const doctor = async (...args: string[]): Promise<DoctorJson> =>
  JSON.parse(
    (await steward('doctor', '--json', '--only', 'steward.gateway', 'steward.provider-endpoint', ...args))
      .stdout,
  );
const gateway = async () =>
  JSON.parse(await readFile(join(world.home, 'steward/gateway.json'), 'utf8')) as {
    pid?: number;
    baseUrl: string;
  };
const config = () => readFile(join(world.home, 'config.toml'), 'utf8');

beforeEach(async () => {
  world = await startServicedWorld();
  ({ managers, env } = world);
});
afterEach(() => world.stop());

/** Kills the gateway together with the shell that would start it again. */
async function loseGateway(): Promise<void> {
  const { pid } = await gateway();
  const parent = /^PPid:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  process.kill(-Number(parent), 'SIGKILL');
}

/** Bound, and then the service is gone as after a login without it. */
async function bindAndLoseService(): Promise<number> {
  expect((await steward('auth', 'rotation', 'bind-app')).code).toBe(0);
  expect((await doctor()).findings).toEqual([]);
  const { pid } = await gateway();
  await managers.stop();
  while (existsSync(`/proc/${pid}`)) await sleep(20);
  return pid as number;
}

describe('a config that is bound to a gateway which is gone', () => {
  it('is found once, and the gateway is started again at the same address', async () => {
    await bindAndLoseService();
    const { baseUrl } = await gateway();
    const found = await doctor();
    expect(found.findings).toMatchObject([
      {
        id: 'provider.local_endpoint_down',
        subject: 'gateway',
        severity: 'fail',
        fix: { repairId: 'provider.local_endpoint_down.start-gateway' },
      },
    ]);
    expect(JSON.stringify(found)).not.toContain(baseUrl);
    const fixed = await doctor('--fix', '--yes');
    expect(fixed.repairs).toMatchObject([{ result: 'repaired' }]);
    expect(await gateway()).toMatchObject({ baseUrl, pid: expect.any(Number) });
    expect((await doctor()).findings).toEqual([]);
  });

  it('is freed where steward itself has gone from where it was', async () => {
    const before = await config();
    await bindAndLoseService();
    const path = join(world.home, 'steward/app-bind.json');
    const record = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...record, program: { ...record.program, steward: '/gone' } }));
    const fixed = await doctor('--fix', '--yes');
    expect(fixed.repairs).toMatchObject([{ result: 'repaired' }]);
    expect(await config()).toBe(before);
    expect(existsSync(path)).toBe(false);
    expect((await doctor()).findings).toEqual([]);
  });
});

describe('a gateway that died', () => {
  it('is no finding while nothing points at it', async () => {
    await steward('gateway', 'start');
    await loseGateway();
    const found = await doctor();
    expect(found.findings).toEqual([]);
    expect(JSON.stringify(found.checks['steward.gateway'])).toContain('ended without notice');
  });

  it('is one while a session was started with its address', async () => {
    await steward('gateway', 'start');
    const { baseUrl } = await gateway();
    const session = spawn(codexBinary('codex-newest'), ['-c', `openai_base_url="${baseUrl}"`, 'app-server'], {
      env,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    try {
      await new Promise((resolve) => session.once('spawn', resolve));
      await loseGateway();
      const found = await doctor();
      expect(found.findings).toMatchObject([
        { id: 'provider.local_endpoint_down', actor: 'you', fix: { command: 'steward gateway start' } },
      ]);
      expect(JSON.stringify(found)).not.toContain(baseUrl);
      expect((await steward('gateway', 'start')).code).toBe(0);
      expect((await gateway()).baseUrl).toBe(baseUrl);
      expect((await doctor()).findings).toEqual([]);
    } finally {
      session.kill('SIGKILL');
    }
  });
});

describe('the shim', () => {
  it('is told when another codex comes first, when Codex has moved, and when steward has gone', async () => {
    await steward('shim', 'install');
    const shim = join(world.home, '.local/share/codex-steward/bin');
    expect((await doctor()).findings).toMatchObject([
      {
        id: 'install.path_shadow',
        severity: 'warn',
        cause: expect.stringContaining('comes before the shim'),
      },
    ]);
    env.PATH = `${shim}:${env.PATH}`;
    expect((await doctor()).findings).toEqual([]);

    const other = join(world.home, 'other');
    await mkdir(other);
    await copyFile(codexBinary('codex-0.133'), join(other, 'codex'));
    await chmod(join(other, 'codex'), 0o755);
    env.PATH = env.PATH.replace(join(world.home, 'bin'), other);
    expect((await doctor()).findings).toMatchObject([
      { cause: expect.stringContaining('updates do not show') },
    ]);
    expect((await steward('shim', 'install')).code).toBe(0);
    expect((await doctor()).findings).toEqual([]);

    await rm(join(other, 'codex'));
    expect((await doctor()).findings).toMatchObject([{ cause: expect.stringContaining('are gone') }]);
  });
});
