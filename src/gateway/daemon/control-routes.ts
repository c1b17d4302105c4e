/** What the control API answers. */
import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { GatewayEvent } from '../events.ts';
import type { Gateway } from '../gateway.ts';
import type { PoolSource } from '../pool-source.ts';
import type { ControlRoutes } from './control-server.ts';
import { renderMetrics } from './metrics.ts';

export interface ControlDeps {
  readonly gateway: Gateway;
  readonly view: Pick<PoolSource, 'accounts' | 'lastChoices'>;
  /** Oldest first. */
  readonly recent: readonly GatewayEvent[];
  readonly stewardVersion: string;
  /** Epoch ms. */
  readonly startedAt: number;
  stop(why: 'asked' | 'replaced'): void;
}

const ClientRequest = v.object({ onlyAccount: v.nullable(v.string()) });
const ClientRemoval = v.object({ id: v.string() });

export function createControlRoutes(deps: ControlDeps): ControlRoutes {
  const { gateway, view } = deps;
  return {
    'GET /status': () => ({
      status: 200,
      json: {
        pid: process.pid,
        port: gateway.address.port,
        startedAt: deps.startedAt,
        stewardVersion: deps.stewardVersion,
        counters: gateway.counters,
        accounts: view.accounts(),
        memoryBytes: process.memoryUsage.rss(),
      },
    }),
    'GET /events': () => ({ status: 200, json: { events: deps.recent } }),
    'GET /why-selected': () => ({ status: 200, json: { choices: view.lastChoices() } }),
    'GET /metrics': () => ({ text: renderMetrics(gateway.counters, view.accounts()) }),
    // One more client, for one run: bound to an account, gone with the run.
    'POST /clients': (body) => {
      const wanted = v.safeParse(ClientRequest, body);
      if (!wanted.success) return { status: 400, json: { error: v.summarize(wanted.issues) } };
      const { onlyAccount } = wanted.output;
      if (onlyAccount !== null && !view.accounts().some(({ key }) => key === onlyAccount))
        return { status: 404, json: { error: 'no such account' } };
      const id = randomUUID();
      const token = randomBytes(32).toString('base64url');
      gateway.addClient({ id, token, onlyAccount });
      return { status: 200, json: { id, baseUrl: gateway.address.baseUrl(token) } };
    },
    'DELETE /clients': (body) => {
      const wanted = v.safeParse(ClientRemoval, body);
      if (!wanted.success) return { status: 400, json: { error: v.summarize(wanted.issues) } };
      gateway.removeClient(wanted.output.id);
      return { status: 200, json: null };
    },
    'POST /stop': () => {
      setImmediate(() => deps.stop('asked'));
      return { status: 200, json: null };
    },
    // For an upgrade: gives port and lock away at once, ends its streams in peace.
    'POST /replace': () => {
      setImmediate(() => deps.stop('replaced'));
      return { status: 200, json: null };
    },
  };
}
