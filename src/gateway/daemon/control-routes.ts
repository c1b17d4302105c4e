/** What the control API answers. */
import type { GatewayEvent } from '../events.ts';
import type { Gateway } from '../gateway.ts';
import type { PoolSource } from '../pool-source.ts';
import type { ControlRoutes } from './control-server.ts';
import { renderMetrics } from './metrics.ts';

export interface ControlDeps {
  readonly gateway: Gateway;
  readonly view: Pick<PoolSource, 'accounts' | 'lastChoices' | 'forget'>;
  /** Oldest first. */
  readonly recent: readonly GatewayEvent[];
  readonly stewardVersion: string;
  /** Epoch ms. */
  readonly startedAt: number;
  stop(why: 'asked' | 'replaced'): void;
}

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
    'POST /forget': async (body) => {
      const account = typeof body === 'object' && body !== null && 'account' in body ? body.account : null;
      await view.forget(typeof account === 'string' ? account : null);
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
