/**
 * One line of Codex, fourteen causes: each told apart on both versions, never as "connected", never with exit code 0 (promises A1 to
 * A4). A representative part runs always; all rows with `STEWARD_TEST_FULL=1`, and as a table by `npm run bench remote`.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { CODEX_ALIASES, type CodexAlias, runProgram } from '../support/real-codex.ts';
import { REMOTE_CAUSES, runCause, type Situation } from '../support/remote-causes.ts';
import { startRemoteWorld } from '../support/remote-world.ts';

vi.setConfig({ maxConcurrency: 3 });

const FULL = process.env.STEWARD_TEST_FULL === '1';
const ALL: readonly Situation[] = ['fresh', 'again', 'status', 'foreground'];
/** The newest takes five to twenty seconds for each start. */
const NEWEST: Readonly<Record<string, readonly Situation[]>> = {
  mfa: ['fresh', 'again', 'status'],
  'server-conflict': ['fresh'],
  daemon: ['fresh'],
  'presence-stale': ['fresh'],
  'rate-limit': ['foreground'],
};

function situationsOf(alias: CodexAlias, kind: string): readonly Situation[] {
  if (FULL) return ALL;
  return alias === 'codex-0.133' ? ['fresh', 'status'] : (NEWEST[kind] ?? []);
}

describe.concurrent.each(CODEX_ALIASES)('%s tells', (alias) => {
  const causes = REMOTE_CAUSES.filter(({ kind }) => situationsOf(alias, kind).length > 0);
  it.concurrent.each(causes.map((cause) => [cause.kind, cause] as const))('%s', async (kind, cause) => {
    const results = await runCause(cause, alias, situationsOf(alias, kind));
    expect(results.length).toBeGreaterThan(0);
    for (const { situation, json } of results) {
      expect([situation, json.cause?.kind, json.exitCode]).toEqual([situation, kind, 1]);
      expect(json.findings[0]?.id).toBe(json.cause?.id);
      expect(json.cause?.steps.length).toBeGreaterThan(0);
    }
  });
});

describe('the reason', () => {
  it('A1, A3: is printed by the start itself: URL, status line, body, and the way out without sockets or state', async () => {
    const world = await startRemoteWorld('codex-0.133', 'mfa-required');
    try {
      await world.steward('shim', 'install');
      const shim = join(world.env.HOME ?? '', '.local/share/codex-steward/bin/codex');
      const { code, stdout } = await runProgram(shim, ['remote-control', 'start'], { env: world.env });
      expect(code).toBe(1);
      const lines = stdout.split('\n').map((line) => line.replace(/^\s*│\s*/, ''));
      expect(lines).toEqual(
        expect.arrayContaining([
          'remote control server enrollment failed at',
          `${world.lab.url}/backend-api/wham/remote/control/server/enroll`,
          'HTTP 403 Forbidden',
          '{"detail":"Multi-factor authentication required"}',
        ]),
      );
      expect(stdout).toContain('multi-factor authentication at');
      expect(stdout).not.toMatch(/steward remote repair|move .* aside|installation_id|socket|daemon/);
      expect(await world.json('remote', 'repair', '--yes')).toMatchObject({ result: 'nothing', exitCode: 1 });
    } finally {
      await world.stop();
    }
  });

  it('A4: is found by the doctor, whose report holds all of the official one, which is green', async () => {
    const world = await startRemoteWorld('codex-0.133', 'mfa-required');
    try {
      await world.codex('remote-control', 'start');
      const official = JSON.parse((await world.codex('doctor', '--json')).stdout);
      expect(official).toMatchObject({ schemaVersion: 1, checks: { 'app_server.status': { status: 'ok' } } });
      expect(JSON.stringify(official.checks)).not.toContain('Multi-factor');
      const ours = JSON.parse((await world.steward('doctor', '--json')).stdout);
      expect(Object.keys(ours.checks)).toEqual(expect.arrayContaining(Object.keys(official.checks)));
      expect(ours.findings).toContainEqual(expect.objectContaining({ id: 'remote.mfa_required' }));
    } finally {
      await world.stop();
    }
  });

  it('A2: stays across a "connecting" that hides it, is known to a later status, and goes when the machine connects', async () => {
    const world = await startRemoteWorld('codex-newest', 'enroll-500');
    const stored = async () =>
      JSON.parse(await readFile(join(world.home, 'steward', 'remote.json'), 'utf8')).lastError;
    try {
      const first = await world.json('remote', 'start');
      expect(first).toMatchObject({
        exitCode: 1,
        status: 'errored',
        lastError: { httpStatus: 500, kind: 'enroll' },
      });
      expect(await stored()).toMatchObject({ httpStatus: 500 });
      await world.lab.control({ do: 'clear-faults' });
      await expect
        .poll(async () => (await world.json('remote', 'status')).status, { timeout: 60_000, interval: 1000 })
        .toBe('connected');
      expect(await world.json('remote', 'status')).toMatchObject({
        exitCode: 0,
        lastError: null,
        cause: null,
      });
      expect(await stored()).toBeNull();
    } finally {
      await world.stop();
    }
  });

  it('is no error when all is well, and none after a stop, which ends the updater too', async () => {
    const world = await startRemoteWorld('codex-0.133', 'ok');
    try {
      expect(await world.json('remote', 'start')).toMatchObject({
        exitCode: 0,
        status: 'connected',
        lastError: null,
      });
      const stopped = JSON.parse((await world.steward('remote', 'stop', '--json')).stdout);
      expect(stopped).toMatchObject({ status: 'stopped', updatersEnded: [expect.any(Number)], left: [] });
      expect(await world.json('remote', 'status')).toMatchObject({
        exitCode: 0,
        status: 'disabled',
        lastError: null,
      });
    } finally {
      await world.stop();
    }
  });

  it('of a missing managed install is told with the way out, which a start with --heal takes', async () => {
    const world = await startRemoteWorld('codex-0.133', 'ok', { managed: false });
    try {
      const refused = await world.json('remote', 'start');
      expect(refused).toMatchObject({ exitCode: 1, cause: { kind: 'daemon' } });
      expect(refused.cause?.steps.join('\n')).toContain('chatgpt.com/codex/install.sh');
      expect(await world.json('remote', 'start', '--heal')).toMatchObject({
        exitCode: 0,
        status: 'connected',
      });
    } finally {
      await world.stop();
    }
  });

  it.each(CODEX_ALIASES)(
    'is learned from a daemon that %s has started without telling it to talk',
    async (alias) => {
      const world = await startRemoteWorld(alias, 'mfa-required');
      try {
        expect((await world.codex('remote-control', 'start')).stderr).not.toContain('Multi-factor');
        const seen = await world.json('remote', 'status');
        expect(seen).toMatchObject({ exitCode: 1, lastError: { httpStatus: 403 }, cause: { kind: 'mfa' } });
        // Asking must not have switched remote control on for good.
        expect(world.lab.state().servers).toEqual([]);
      } finally {
        await world.stop();
      }
    },
  );

  it('is the workspace where managed requirements forbid it', async () => {
    const world = await startRemoteWorld('codex-newest', 'remote-managed-off');
    try {
      expect(await world.json('remote', 'start')).toMatchObject({
        exitCode: 1,
        cause: { kind: 'workspace-policy' },
      });
    } finally {
      await world.stop();
    }
  });

  it('is the daemon after it was killed, and a repair clears its leftovers and starts another', async () => {
    const world = await startRemoteWorld('codex-0.133', 'ok');
    try {
      await world.json('remote', 'start');
      const { host } = await world.json('remote', 'status');
      process.kill(Number((host as { pid: number }).pid), 'SIGKILL');
      await expect
        .poll(async () => (await world.json('remote', 'status')).cause?.kind, { timeout: 10_000 })
        .toBe('daemon');
      expect(await world.json('remote', 'repair', '--yes')).toMatchObject({
        exitCode: 0,
        status: 'connected',
      });
    } finally {
      await world.stop();
    }
  });

  it('of a wait that has not ended is no success', async () => {
    const world = await startRemoteWorld('codex-0.133', 'enroll-timeout');
    try {
      const waiting = await world.json('remote', 'start');
      expect(waiting).toMatchObject({ exitCode: 1, status: 'connecting', cause: { kind: 'network' } });
      expect(waiting.official).toEqual({ exitCode: 0, said: 'connecting' });
    } finally {
      await world.stop();
    }
  });
});
