/** A home with two accounts of a lab, a `codex` on PATH and a service manager: what the gateway's life beside Codex needs. */
import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LabWithHome, startLabWithHome } from './lab-accounts.ts';
import { codexBinary, runProgram } from './real-codex.ts';
import { makeServiceManagers, type ServiceManagers } from './service-managers.ts';
import { STEWARD } from './steward.ts';

export interface ServicedWorld extends LabWithHome {
  readonly managers: ServiceManagers;
  /** Of whatever is run in it; a test may change it. */
  readonly env: Record<string, string>;
  steward(...args: readonly string[]): ReturnType<typeof runProgram>;
}

/** Starts it. `withCodex`: the newest official Codex is on PATH. `stop` ends the gateway, whoever started it. */
export async function startServicedWorld({ withCodex = true } = {}): Promise<ServicedWorld> {
  const world = await startLabWithHome();
  const managers = await makeServiceManagers(world.home);
  const bin = join(world.home, 'bin');
  await mkdir(bin);
  if (withCodex) await symlink(codexBinary('codex-newest'), join(bin, 'codex'));
  const env = {
    ...world.environment(),
    SHELL: '/bin/bash',
    PATH: `${managers.bin}:${bin}:${dirname(process.execPath)}:/usr/bin:/bin`,
  };
  await world.writeAuthOf(await world.addAccount('plus'));
  await world.addAccount('second');
  const steward = (...args: readonly string[]) =>
    runProgram(process.execPath, [STEWARD, ...args], { env, cwd: world.home });
  return {
    ...world,
    managers,
    env,
    steward,
    stop: async () => {
      await managers.stop();
      await sleep(100); // a service that was just asked to stop may still be starting its gateway
      await steward('gateway', 'stop');
      await world.stop();
    },
  };
}
