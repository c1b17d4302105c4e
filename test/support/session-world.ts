/** A person's machine with two accounts, the gateway and a Codex session that goes through it; a lab is the far end. */
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import type { FaultInput } from '../../src/lab/fault.ts';
import { type CodexSession, startCodexSession } from './codex-session.ts';
import { type LabWithHome, startLabWithHome } from './lab-accounts.ts';
import { type CodexAlias, codexBinary, type Ran, runProgram } from './real-codex.ts';

const STEWARD = fileURLToPath(new URL('../../dist/steward.cjs', import.meta.url));

export const TRANSPORTS = ['http', 'websocket'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface SessionWorld extends Omit<LabWithHome, 'stop'> {
  readonly transport: Transport;
  steward(...args: readonly string[]): Promise<Ran>;
  /** `steward run -- codex app-server`. */
  open(...options: readonly string[]): Promise<CodexSession>;
  /** Model requests meet this, on that account or on all. */
  harm(account: LabAccountName | null, effect: FaultInput['effect'], times?: number): Promise<unknown>;
  /** Statuses of the model requests that came to the lab since the last call: `plus 429, second 200`. */
  asked(): string;
  gatewayPid(): Promise<number>;
  stop(): Promise<void>;
}

export async function makeSessionWorld(alias: CodexAlias, transport: Transport): Promise<SessionWorld> {
  const world = await startLabWithHome();
  const bin = join(world.home, 'bin');
  await mkdir(bin, { recursive: true });
  await symlink(codexBinary(alias), join(bin, 'codex'));
  const env = { ...world.environment(), PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` };
  const { lab } = world;
  await lab.control({
    do: 'settings',
    patch: { reply: 'from {account}', websocket: transport === 'http' ? 'upgrade-required' : 'accept' },
  });
  let seen = 0;
  const sessions: CodexSession[] = [];
  const steward = (...args: readonly string[]) =>
    runProgram(process.execPath, [STEWARD, ...args], { env, cwd: world.home });
  return {
    ...world,
    transport,
    steward,
    open: async (...options) => {
      const args = [STEWARD, 'run', ...options, '--', 'app-server'];
      const session = await startCodexSession(process.execPath, args, { env, cwd: world.home });
      sessions.push(session);
      return session;
    },
    harm: (account, effect, times) => {
      // Over WebSocket the session's connection is open already; what is not for one time only meets new ones, and HTTP, which Codex
      // falls back to.
      const ways = transport === 'http' ? (['http'] as const) : (['frame', 'websocket', 'http'] as const);
      return lab.control({
        do: 'fault',
        faults: (times === undefined ? ways : ways.slice(0, 1)).map((way) => ({
          match: { path: '**/responses', transport: way, ...(account === null ? {} : { account }) },
          effect,
          ...(times === undefined ? {} : { times }),
        })),
      });
    },
    asked: () => {
      const all = lab.requests().filter(({ path, status }) => path.includes('/responses') && status !== 101);
      const fresh = all.slice(seen).filter(({ status }) => status !== 426);
      seen = all.length;
      return fresh.map(({ account, status }) => `${account} ${status}`).join(', ');
    },
    gatewayPid: async () => {
      for (let tries = 0; tries < 400; tries += 1) {
        const { pid } = JSON.parse(await readFile(join(world.home, 'steward/gateway.json'), 'utf8')) as {
          pid?: number;
        };
        if (pid !== undefined) return pid;
        await sleep(25);
      }
      throw new Error('no gateway runs');
    },
    stop: async () => {
      for (const session of sessions) await session.end();
      await steward('gateway', 'stop');
      await world.stop();
    },
  };
}
