/** The packaged app bound to the gateway and freed again: through the built program, and a service manager on PATH. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJournal } from '../../src/codex/home-journal.ts';
import { bindApp } from '../../src/gateway/bind/bind-app.ts';
import { unbindApp } from '../../src/gateway/bind/unbind-app.ts';
import { createHost } from '../../src/host.ts';
import { codexBinary, runProgram } from '../support/real-codex.ts';
import { startFakeApp } from '../support/remote-world.ts';
import type { ServiceManagers } from '../support/service-managers.ts';
import { type ServicedWorld, startServicedWorld } from '../support/serviced-world.ts';
import { STEWARD } from '../support/steward.ts';

let world: ServicedWorld;
let managers: ServiceManagers;
let env: Record<string, string>;
let config: string;

const steward = (...args: string[]) => world.steward(...args);
const bind = (...args: string[]) => steward('auth', 'rotation', 'bind-app', ...args);
const unbind = (...args: string[]) => steward('auth', 'rotation', 'unbind-app', ...args);
const gateway = async () =>
  JSON.parse(await readFile(join(world.home, 'steward/gateway.json'), 'utf8')) as {
    pid?: number;
    port: number;
    baseUrl: string;
  };
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const unitPath = () => join(world.home, '.config/systemd/user', unitName());
/** The Codex home of the test is not the default one of its user. */
const unitName = () => /codex-steward-gateway-[0-9a-f]{8}\.service/.exec(lastCalls)?.[0] ?? '';
let lastCalls = '';

async function waitFor(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error('it did not come to that within ten seconds');
}

async function serves(): Promise<boolean> {
  const { status } = JSON.parse((await steward('gateway', 'status', '--json')).stdout) as { status: unknown };
  return status !== null;
}

beforeEach(async () => {
  world = await startServicedWorld({ withCodex: false });
  ({ managers, env } = world);
  config = join(world.home, 'config.toml');
});
afterEach(() => world.stop());

describe('bind-app', () => {
  it('C9: sends the official program through the gateway without any argument, and keeps the gateway there', async () => {
    const before = await readFile(config);
    const bound = await bind('--json');
    expect(bound.code, bound.stdout + bound.stderr).toBe(0);
    expect(JSON.parse(bound.stdout)).toMatchObject({
      command: 'rotation bind-app',
      outcome: 'bound',
      service: 'systemd',
    });
    expect(bound.stdout).not.toContain((await gateway()).baseUrl);
    expect(await modeOf(config)).toBe(0o600);
    expect(await modeOf(join(world.home, 'steward/app-bind.json'))).toBe(0o600);
    lastCalls = (await managers.calls()).join('\n');
    expect(await modeOf(unitPath())).toBe(0o600);
    expect(await readFile(unitPath(), 'utf8')).toContain(`Environment=CODEX_HOME=${world.home}\n`);

    await world.lab.control({ do: 'scenario', name: 'usage-limit-one' });
    const turn = () =>
      runProgram(codexBinary('codex-newest'), ['exec', '--skip-git-repo-check', '--json', 'hi'], {
        env,
        cwd: world.home,
      });
    expect((await turn()).stdout).toContain('turn.completed');

    const { pid, baseUrl } = await gateway();
    process.kill(pid as number, 'SIGKILL');
    await waitFor(async () => (await gateway()).pid !== pid && (await serves()));
    expect((await gateway()).baseUrl).toBe(baseUrl);
    expect((await turn()).stdout).toContain('turn.completed');
    expect((await bind()).stdout).toContain('bound already');
    const status = await steward('auth', 'rotation', 'status');
    expect(status.stdout).toContain('App: bound');

    const freed = await unbind();
    expect(freed.stdout).toContain('config.toml is as it was before');
    expect(freed.stdout).not.toContain('▲');
    expect(await readFile(config)).toEqual(before);
    expect(existsSync(unitPath())).toBe(false);
    expect(existsSync(join(world.home, 'steward/app-bind.json'))).toBe(false);
    expect(await serves()).toBe(false);
    expect((await unbind()).stdout).toContain('not bound');
  });

  it('C9: gives every byte and the mode back: CRLF, comments, an upstream of the user', async () => {
    const upstream = `${world.lab.url}/v1`;
    const text = `# mine\r\nopenai_base_url = "${upstream}" # a local one\r\n\r\n[tui]\r\n# ends without a line end\r\nnotifications = true`;
    await writeFile(config, text);
    await chmod(config, 0o644);
    expect((await bind()).code).toBe(0);
    const bound = await readFile(config, 'utf8');
    expect(bound).toContain(`openai_base_url = "${(await gateway()).baseUrl}" # a local one\r\n`);
    expect(await modeOf(config)).toBe(0o600);
    expect((await unbind()).code).toBe(0);
    expect(await readFile(config, 'utf8')).toBe(text);
    expect(await modeOf(config)).toBe(0o644);
  });

  it('keeps what was edited while it was bound, and puts the user’s upstream back', async () => {
    await writeFile(config, 'openai_base_url = "http://127.0.0.1:9/v1"\nmodel = "a"\n');
    expect((await bind()).code).toBe(0);
    const bound = await readFile(config, 'utf8');
    await writeFile(config, `${bound.replace('"a"', '"b"')}\n[projects."/x"]\ntrust_level = "trusted"\n`);
    const freed = await unbind();
    expect(freed.stdout).toContain('keeps what was edited since');
    expect(await readFile(config, 'utf8')).toBe(
      'openai_base_url = "http://127.0.0.1:9/v1"\nmodel = "b"\n\n[projects."/x"]\ntrust_level = "trusted"\n',
    );
  });

  it('leaves no config.toml where there was none', async () => {
    await rm(config);
    expect((await bind()).code).toBe(0);
    expect(await readFile(config, 'utf8')).toBe(`openai_base_url = "${(await gateway()).baseUrl}"\n`);
    expect((await unbind()).code).toBe(0);
    expect(existsSync(config)).toBe(false);
  });

  it('goes along when the gateway has to take another port, and the bytes still come back', async () => {
    const before = await readFile(config);
    expect((await bind()).code).toBe(0);
    const { port, pid } = await gateway();
    await managers.stop();
    await waitFor(() => !existsSync(`/proc/${pid}`));
    const other = createServer().listen(port, '127.0.0.1');
    try {
      expect((await steward('gateway', 'start')).code).toBe(0);
      const now = await gateway();
      expect(now.port).not.toBe(port);
      await waitFor(async () => (await readFile(config, 'utf8')).includes(now.baseUrl));
      expect((await unbind()).stdout).toContain('as it was before');
      expect(await readFile(config)).toEqual(before);
    } finally {
      other.close();
    }
  });

  it('changes nothing while the app runs', async () => {
    const before = await readFile(config);
    const app = await startFakeApp({ env } as never, world.home);
    try {
      const ran = await bind('--json');
      expect(ran.code).toBe(1);
      expect(JSON.parse(ran.stdout)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('close Codex first'),
      });
      expect(await readFile(config)).toEqual(before);
      expect(existsSync(join(world.home, 'steward/app-bind.json'))).toBe(false);
      expect((await managers.calls()).some((call) => call.includes('enable'))).toBe(false);
    } finally {
      app.stop();
    }
  });

  it('leaves everything as it was when the service does not come up', async () => {
    await managers.breakStart();
    await chmod(config, 0o640);
    const before = await readFile(config);
    const ran = await bind();
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('Nothing was changed: the systemd service does not come up');
    expect(ran.stdout).toContain('control process exited');
    expect(await readFile(config)).toEqual(before);
    expect(await modeOf(config)).toBe(0o640);
    expect(existsSync(join(world.home, '.config'))).toBe(false);
    expect(existsSync(join(world.home, 'steward/app-bind.json'))).toBe(false);
    expect(await serves()).toBe(true);
  });

  it('says so when the system has no such service', async () => {
    await writeFile(join(world.home, 'managers-state/absent'), '');
    const ran = await bind('--json');
    expect(ran.code).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({ error: { code: 'ERR_BIND_NO_SERVICE' } });
    expect(existsSync(join(world.home, 'steward/gateway.json'))).toBe(false);
  });

  it('edits the top-level key alone in files that a search for text would get wrong', async () => {
    for (const text of [
      '[profiles.x] # trailing comment\nopenai_base_url = "http://x/"\n',
      'note = """\nopenai_base_url = "in a text"\n"""\n',
      '"openai_base_url" = "http://127.0.0.1:9/v1"\n',
    ]) {
      await writeFile(config, text);
      expect((await bind()).code).toBe(0);
      const { parse } = await import('smol-toml');
      const before = parse(text);
      const { openai_base_url: now, ...rest } = parse(await readFile(config, 'utf8'));
      const { openai_base_url: _former, ...wanted } = before;
      expect(now).toBe((await gateway()).baseUrl);
      expect(rest).toEqual(wanted);
      expect((await unbind()).code).toBe(0);
      expect(await readFile(config, 'utf8')).toBe(text);
    }
  });
});

describe('a service that finds the home held', () => {
  it('waits without serving, and takes over when the other one ends', async () => {
    expect((await steward('gateway', 'start')).code).toBe(0);
    const first = await gateway();
    const waiting = spawn(process.execPath, [STEWARD, 'gateway', 'serve', '--idle', '0', '--wait'], { env });
    try {
      await sleep(1_500);
      expect(waiting.exitCode).toBe(null);
      expect((await gateway()).pid).toBe(first.pid);
      await steward('gateway', 'stop');
      await waitFor(async () => (await gateway()).pid === waiting.pid);
      expect((await gateway()).baseUrl).toBe(first.baseUrl);
    } finally {
      waiting.kill('SIGTERM');
      await new Promise((resolve) => waiting.once('close', resolve));
    }
  });
});

describe.each(['darwin', 'win32'] as const)('on %s', (platform) => {
  it('binds and frees with that system’s own service manager', async () => {
    const before = await readFile(config);
    const scope = {
      ...world.scope(),
      host: createHost({
        env,
        platform,
        userHome: world.home,
        cwd: world.home,
        run: async (file, args, options) =>
          file === 'ps'
            ? { kind: 'exited', code: 1, stdout: '', stderr: '' }
            : createHost({ env }).run(file, args, options),
      }),
    };
    const program = { node: process.execPath, steward: STEWARD, stewardVersion: '0.1.0' };
    const deps = { scope, journal: openJournal(world.scope()), program };
    const bound = await bindApp(deps);
    expect(bound).toMatchObject({
      kind: 'bound',
      service: platform === 'darwin' ? 'launchd' : 'task-scheduler',
    });
    const { pid } = await gateway();
    process.kill(pid as number, 'SIGKILL');
    await waitFor(async () => (await gateway()).pid !== pid && (await serves()));
    expect(await bindApp(deps)).toMatchObject({ kind: 'already-bound' });
    expect(await unbindApp(deps)).toMatchObject({ kind: 'unbound', isAsBefore: true, notes: [] });
    expect(await readFile(config)).toEqual(before);
    expect(await serves()).toBe(false);
  });
});

describe('the binding of codex-multi-auth', () => {
  const rivalConfig = (rest: string) =>
    `model_provider = "codex-multi-auth-runtime-proxy"\r\ndisable_response_storage = false\r\n${rest}\r\n[model_providers.codex-multi-auth-runtime-proxy]\r\nname = "codex-multi-auth"\r\nbase_url = "http://127.0.0.1:41999"\r\nrequires_openai_auth = false\r\nexperimental_bearer_token = "${'ab'.repeat(32)}"\r\nwire_api = "responses"\r\n`;
  const original = 'model_provider = "openai"\r\ndisable_response_storage = true\r\n# mine\r\n';

  async function bindLikeTheRival(text: string, options: { readonly isEdited: boolean }): Promise<number> {
    const folder = join(world.home, 'multi-auth/app-bind');
    await mkdir(folder, { recursive: true });
    const script = join(world.home, 'rival-router-script.mjs');
    await writeFile(script, 'setInterval(() => {}, 1000);');
    const router = spawn(process.execPath, [script], { stdio: 'ignore' });
    await new Promise((resolve) => router.once('spawn', resolve));
    const { createHash } = await import('node:crypto');
    const write = (name: string, value: object) => writeFile(join(folder, name), JSON.stringify(value));
    await write('codex-config-backup.json', {
      version: 1,
      configPath: config,
      existed: true,
      content: original,
    });
    await write('runtime-rotation-app-bind.json', {
      version: 1,
      configPath: config,
      boundConfigHash: createHash('sha256').update(text).digest('hex'),
      statusPath: join(folder, 'runtime-rotation-app-bind-status.json'),
      startupPath: null,
      launchAgentPath: null,
    });
    await write('runtime-rotation-app-bind-status.json', {
      version: 1,
      pid: router.pid,
      routerScriptPath: script,
    });
    await writeFile(config, options.isEdited ? `${text}[tui]\r\nnotifications = true\r\n` : text);
    return router.pid as number;
  }

  it('is recognised, and undone to the byte with its router ended', async () => {
    const router = await bindLikeTheRival(rivalConfig('# mine\r\n'), { isEdited: false });
    const refused = await bind('--json');
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'ERR_BIND_RIVAL' } });
    const freed = await unbind();
    expect(freed.stdout).toContain(
      "The app is free of codex-multi-auth's binding: config.toml is as it was before",
    );
    expect(await readFile(config, 'utf8')).toBe(original);
    expect(existsSync(join(world.home, 'multi-auth/app-bind'))).toBe(false);
    await waitFor(() => !existsSync(`/proc/${router}/exe`));
    expect((await bind()).code).toBe(0);
  });

  it('is taken out of a config that was edited since, with the former values back', async () => {
    await bindLikeTheRival(rivalConfig('# mine\r\n'), { isEdited: true });
    expect((await unbind()).stdout).toContain('keeps what was edited since');
    expect(await readFile(config, 'utf8')).toBe(
      'model_provider = "openai"\r\ndisable_response_storage = true\r\n# mine\r\n\r\n[tui]\r\nnotifications = true\r\n',
    );
  });
});
