/** The gateway's numbers in the text format of Prometheus (exposition format 0.0.4). */
import type { Counters } from '../events.ts';
import type { PoolAccountState } from '../pool-source.ts';

const HELP: Readonly<Record<keyof Counters, readonly ['counter' | 'gauge', string]>> = {
  requests: ['counter', 'Requests that ended.'],
  active: ['gauge', 'Requests and WebSocket turns under way.'],
  sockets: ['gauge', 'WebSocket connections of clients.'],
  attempts: ['counter', 'Tries upstream.'],
  failovers: ['counter', 'Requests answered by another account than the first one.'],
  refused: ['counter', 'Requests not let in.'],
  exhausted: ['counter', 'Requests that no account could serve.'],
  cut: ['counter', 'Streams that the server cut.'],
  clientGone: ['counter', 'Requests that the client left.'],
  inputTokens: ['counter', 'Input tokens, as the server counted them.'],
  outputTokens: ['counter', 'Output tokens, as the server counted them.'],
};

/** The whole page. Accounts are named by their number in the pool. */
export function renderMetrics(counters: Readonly<Counters>, accounts: readonly PoolAccountState[]): string {
  const lines: string[] = [];
  for (const [name, [type, help]] of Object.entries(HELP)) {
    const metric = `steward_gateway_${name.replaceAll(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`)}${type === 'counter' ? '_total' : ''}`;
    lines.push(`# HELP ${metric} ${help}`, `# TYPE ${metric} ${type}`);
    lines.push(`${metric} ${counters[name as keyof Counters]}`);
  }
  lines.push('# HELP steward_account_available Whether the account can serve now.');
  lines.push('# TYPE steward_account_available gauge');
  for (const { number, isAvailable } of accounts)
    lines.push(`steward_account_available{account="${number}"} ${isAvailable ? 1 : 0}`);
  lines.push('# HELP steward_account_in_flight Requests under way on the account.');
  lines.push('# TYPE steward_account_in_flight gauge');
  for (const { number, inFlight } of accounts)
    lines.push(`steward_account_in_flight{account="${number}"} ${inFlight}`);
  return `${lines.join('\n')}\n`;
}
