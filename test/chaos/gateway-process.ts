/** A gateway in a process of its own, before a lab's pool, for tests of what it holds on to. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as v from 'valibot';
import type { LabWithHome } from '../support/lab-accounts.ts';

const Ready = v.object({ baseUrl: v.string(), port: v.number() });
const State = v.object({
  memory: v.number(),
  rss: v.number(),
  sockets: v.number(),
  faults: v.array(v.string()),
  counters: v.nullable(v.record(v.string(), v.unknown())),
  inFlight: v.array(v.number()),
});

/** How it stands after garbage has been collected. */
export type GatewayState = v.InferOutput<typeof State>;

export interface GatewayProcess {
  /** What a client takes for `openai_base_url`. */
  readonly baseUrl: string;
  readonly port: number;
  state(): Promise<GatewayState>;
  /** Stops the gateway; how its process stands then, and the code with which it ended by itself. */
  stop(): Promise<{ readonly left: GatewayState; readonly code: number | null }>;
  /** For a test that failed. */
  kill(): void;
}

/** Starts the bundled `gateway-child.ts` with the world's pool, its traffic going to `upstream`. */
export async function startGatewayProcess(
  file: string,
  world: LabWithHome,
  upstream: string,
): Promise<GatewayProcess> {
  const child: ChildProcess = fork(file, [world.home, join(world.home, 'no-root'), upstream], {
    execArgv: ['--expose-gc'],
    env: world.environment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [ready] = await once(child, 'message');
  const ask = async (what: 'state' | 'stop') => {
    child.send(what);
    const [told] = await once(child, 'message');
    return v.parse(State, told);
  };
  return {
    ...v.parse(Ready, ready),
    state: () => ask('state'),
    stop: async () => {
      const ended = once(child, 'exit');
      const left = await ask('stop');
      const [code] = await ended;
      return { left, code: typeof code === 'number' ? code : null };
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
