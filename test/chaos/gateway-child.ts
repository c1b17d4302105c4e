/**
 * A gateway before a pool in a process of its own, so that its memory and its sockets are nobody else's:
 * `node --expose-gc child.mjs HOME ROOT BASE`. Answers every message with how it stands; after `stop` nothing is left of it.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Gateway, startGateway } from '../../src/gateway/gateway.ts';
import { openPoolSource, type PoolSource } from '../../src/gateway/pool-source.ts';
import { createHost } from '../../src/host.ts';

const [home = '', root = '', base = ''] = process.argv.slice(2);
const scope = {
  host: createHost({ env: process.env, userHome: home, cwd: home, root }),
  home: { path: home, source: 'env' as const },
  signal: new AbortController().signal,
};
const faults: string[] = [];
const token = randomBytes(32).toString('base64url');
let running: { readonly source: PoolSource; readonly gateway: Gateway } | null = await start();
process.send?.({ baseUrl: running.gateway.address.baseUrl(token), port: running.gateway.address.port });
process.on('message', (message) => void answer(message === 'stop'));

async function start() {
  const source = await openPoolSource(scope);
  const gateway = await startGateway({
    scope,
    accounts: source,
    bases: { chatgpt: base, apiKey: base },
    clients: [{ id: 'chaos', token }],
    onEvent: (event) => event.kind === 'fault' && faults.push(event.message),
  });
  return { source, gateway };
}

async function answer(isLast: boolean): Promise<void> {
  if (isLast) {
    await running?.gateway.stop(0);
    await running?.source.close();
    running = null;
  }
  process.send?.({
    memory: await memory(),
    rss: process.memoryUsage.rss(),
    sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    faults,
    counters: running?.gateway.counters ?? null,
    inFlight: running?.source.accounts().map(({ inFlight }) => inFlight) ?? [],
  });
  if (isLast) process.disconnect(); // and ends by itself, or something was left behind
}

/** Bytes that are still in use: on the heap and beside it. */
async function memory(): Promise<number> {
  for (let times = 0; times < 3; times += 1) {
    await turn();
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
