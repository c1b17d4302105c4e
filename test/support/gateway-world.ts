/** A lab, a pool of its accounts and a gateway before it: the whole way of a request, in this process. */
import { randomBytes } from 'node:crypto';
import type { GatewayEvent, RequestEvent } from '../../src/gateway/events.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/gateway.ts';
import { createHost } from '../../src/host.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import type { FaultInput } from '../../src/lab/fault.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';
import { createTestPool, type TestPool } from './gateway-pool.ts';

export interface GatewayWorld {
  readonly lab: Lab;
  readonly pool: TestPool;
  readonly gateway: Gateway;
  /** `http://127.0.0.1:PORT/TOKEN/v1`. */
  readonly base: string;
  readonly token: string;
  readonly events: readonly GatewayEvent[];
  requests(): readonly RequestEvent[];
  /** Adds faults; without a match they meet the model endpoint. */
  harm(...faults: FaultInput[]): Promise<unknown>;
  stop(): Promise<void>;
}

export async function makeGatewayWorld(
  names: readonly (LabAccountName | `key:${LabAccountName}`)[] = ['plus', 'second'],
  options: Partial<GatewayOptions> = {},
): Promise<GatewayWorld> {
  const lab = await startLab();
  const pool = await createTestPool(lab, names);
  const token = randomBytes(24).toString('base64url');
  const events: GatewayEvent[] = [];
  const home = { path: '/nonexistent', source: 'env' } as const;
  const host = createHost({ env: {} });
  const gateway = await startGateway({
    scope: { host, home, signal: new AbortController().signal },
    accounts: pool,
    bases: { chatgpt: `${lab.url}/backend-api/codex`, apiKey: `${lab.url}/v1` },
    clients: [{ id: 'test', token }],
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    lab,
    pool,
    gateway,
    token,
    base: gateway.address.baseUrl(token),
    events,
    requests: () => events.filter((event) => event.kind === 'request'),
    harm: (...faults) =>
      lab.control({
        do: 'fault',
        faults: faults.map((fault) => ({ ...fault, match: { path: '**/responses', ...fault.match } })),
      }),
    stop: async () => {
      await gateway.stop(0);
      await lab.stop();
    },
  };
}
