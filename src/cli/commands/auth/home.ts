/** `steward auth` alone: without accounts the login, else what they are and have left. */
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { resolveCodexHome } from '../../../codex/home.ts';
import { createHost } from '../../../host.ts';
import type { CommandDeps } from '../../main.ts';

export async function runAuthHome(deps: CommandDeps): Promise<number> {
  const host = createHost();
  const pool = await requirePool({ host, home: resolveCodexHome(host), signal: deps.signal });
  if (pool.accounts.length === 0) return await (await import('./login.ts')).runLogin({}, deps);
  return await (await import('./status.ts')).runStatus({}, deps);
}
