/**
 * `steward auth` alone: for a person at a terminal the screen of the accounts, or the login where there are none; for
 * everybody else the accounts as plain lines.
 */
import { readPool } from '../../../accounts/store/pool-store.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

/** As `status` and `login` end; the screen: 0, or 130 after Ctrl-C. */
export async function runAuthHome(deps: CommandDeps): Promise<number> {
  const { interactive, isTerminal, canRedraw, env } = deps.terminal;
  const hasScreen = interactive && isTerminal && canRedraw && (env.ACCESSIBLE ?? '') === '';
  if (!interactive) return await (await import('./status.ts')).runStatus({}, deps);
  const { scope } = await openAuthSession(deps, { command: 'auth' });
  const reading = await readPool(scope);
  if (reading.kind === 'ok' && reading.pool.accounts.length === 0) {
    return await (await import('./login.ts')).runLogin({}, deps);
  }
  if (reading.kind === 'corrupt' || !hasScreen) {
    return await (await import('./status.ts')).runStatus({}, deps);
  }
  return await (await import('../../auth-screen/run.ts')).runAuthScreen(scope, deps);
}
