/** `steward uninstall` gives Codex and the shell back as they were, and says what it leaves. */
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../support/real-codex.ts';
import { startFakeApp } from '../support/remote-world.ts';
import { type ServicedWorld, startServicedWorld } from '../support/serviced-world.ts';

let world: ServicedWorld;
let env: Record<string, string>;
const steward = (...args: string[]) => world.steward(...args);

beforeEach(async () => {
  world = await startServicedWorld();
  env = world.env;
  await writeFile(join(world.home, '.bashrc'), 'alias ll="ls -l"\n');
});
afterEach(() => world.stop());

describe('steward uninstall', () => {
  it('takes binding, shim and gateway away, to the byte, and leaves the accounts', async () => {
    const files = ['config.toml', 'auth.json', '.bashrc', 'multi-auth/openai-codex-accounts.json'];
    const read = () => files.map((name) => readFileSync(join(world.home, name), 'utf8'));
    const before = read();
    expect((await steward('shim', 'install')).code).toBe(0);
    expect((await steward('auth', 'rotation', 'bind-app')).code).toBe(0);
    const { pid } = JSON.parse(await readFile(join(world.home, 'steward/gateway.json'), 'utf8'));

    const asked = await steward('uninstall');
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('nothing was removed');
    const planned = await steward('uninstall', '--dry-run', '--json');
    expect(planned.code).toBe(0);
    expect(JSON.parse(planned.stdout)).toMatchObject({
      command: 'uninstall',
      dryRun: true,
      parts: ['app', 'shim', 'gateway', 'traces'].map((id) => ({ id, result: 'planned' })),
    });
    expect(existsSync(`/proc/${pid}`)).toBe(true);

    const done = await steward('uninstall', '--yes');
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(done.stdout).toContain('npm uninstall -g codex-steward');
    expect(done.stdout).toContain(`rm -r ${'~'}/multi-auth`);
    expect(read()).toEqual(before);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(existsSync(join(world.home, '.local/share/codex-steward'))).toBe(false);
    expect(existsSync(join(world.home, 'steward/gateway.json'))).toBe(false);
    expect(existsSync(join(world.home, 'steward/journal'))).toBe(true);
    const plain = await runProgram(join(world.home, 'bin/codex'), ['--version'], { env });
    expect(plain.stdout).toBe('codex-cli 0.169.0\n');
    expect((await steward('uninstall', '--yes')).stdout).toContain('There is nothing of steward');
  });

  it('stops at what is refused, so that nothing is left on a dead port', async () => {
    expect((await steward('auth', 'rotation', 'bind-app')).code).toBe(0);
    const app = await startFakeApp({ env } as never, world.home);
    try {
      const ran = await steward('uninstall', '--yes', '--json');
      expect(ran.code).toBe(1);
      expect(JSON.parse(ran.stdout).parts).toMatchObject([
        { id: 'app', result: 'refused', reason: expect.stringContaining('close Codex first') },
        { id: 'gateway', result: 'not-tried' },
        { id: 'traces', result: 'not-tried' },
      ]);
      expect((await steward('gateway', 'status')).stdout).toContain('gateway runs');
    } finally {
      app.stop();
    }
  });
});
