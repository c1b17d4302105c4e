/** The gateway with its accounting on, before the benchmark's far end, in a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccountSource } from '../../src/gateway/account-source.ts';
import type { GatewayEvent } from '../../src/gateway/events.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { createHost } from '../../src/host.ts';

/** With a login that the load brings along, as Codex does. */
const home = mkdtempSync(join(tmpdir(), 'steward-bench-home-'));
writeFileSync(join(home, 'auth.json'), JSON.stringify({ auth_mode: 'apikey', OPENAI_API_KEY: 'own' }));
const base = `http://127.0.0.1:${process.argv[2]}`;
const account = { key: 'a', kind: 'chatgpt', label: 'a', accountId: 'acc' } as const;
let batch: GatewayEvent[] = [];
let tokens = 0;
/** One account is enough: the choice itself has its own benchmark. */
const accounts: AccountSource = {
  prepare: () => null,
  choose: () => ({ kind: 'account', account, isMove: false, reason: 'only' }),
  credential: async () => ({ kind: 'credential', bearer: 'bench-bearer', accountId: 'acc' }),
  refresh: async () => ({ kind: 'unavailable', why: 'failed', message: 'no' }),
  report: () => {},
  usableKeys: () => ['a'],
  limits: () => ({
    windows: [{ name: 'primary', usedPercent: 12, windowMinutes: 300, resetsAtMs: Date.now() + 1e6 }],
  }),
};
const gateway = await startGateway({
  scope: {
    host: createHost({ env: {} }),
    home: { path: home, source: 'env' },
    signal: new AbortController().signal,
  },
  accounts,
  bases: { chatgpt: base, apiKey: base },
  clients: [{ id: 'bench', token: 'b'.repeat(43) }],
  onEvent: (event) => {
    batch.push(event);
    if (batch.length < 500) return;
    for (const each of batch) tokens += each.kind === 'request' ? (each.usage?.outputTokens ?? 0) : 0;
    batch = [];
  },
});
process.send?.({ port: gateway.address.port, prefix: `/${'b'.repeat(43)}/v1` });
process.on('message', () =>
  process.send?.({
    cpu: process.cpuUsage(),
    rss: process.memoryUsage.rss(),
    tokens,
    counters: gateway.counters,
  }),
);
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
