/** Whether Codex has a login for an MCP server, asked of Codex: it may lie in a keyring that only Codex opens. */
import * as v from 'valibot';
import type { CodexScope } from './home.ts';
import { PROBE_VARIABLE } from './processes-system.ts';

const Servers = v.array(v.looseObject({ name: v.string(), auth_status: v.optional(v.string()) }));

/**
 * From `codex mcp list --json` (0.133: `not_logged_in`, `o_auth`, …; 0.169 also `unknown`). Uses the network and leaves
 * `tmp/arg0*` in the home: for live runs only.
 */
export async function readMcpLogin(
  scope: CodexScope,
  native: string,
  server: string,
): Promise<'stored' | 'none' | 'unknown'> {
  const { host, home, signal } = scope;
  const env = { ...host.env, CODEX_HOME: home.path, [PROBE_VARIABLE]: '1' };
  const ran = await host.run(native, ['mcp', 'list', '--json'], {
    env,
    cwd: host.cwd,
    timeoutMs: 20_000,
    signal,
  });
  if (ran.kind !== 'exited' || ran.code !== 0) return 'unknown';
  let json: unknown;
  try {
    json = JSON.parse(ran.stdout);
  } catch {
    return 'unknown';
  }
  const parsed = v.safeParse(Servers, json);
  const status = parsed.success ? parsed.output.find(({ name }) => name === server)?.auth_status : undefined;
  if (status === 'not_logged_in') return 'none';
  return status !== undefined && /^o_?auth$/i.test(status) ? 'stored' : 'unknown';
}
