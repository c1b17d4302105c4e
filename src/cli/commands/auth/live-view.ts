/** The accounts as `forecast`, `report` and `best` see them: with `--live`, the server is asked first. */
import { type PoolProbe, type ProbeOptions, probePool } from '../../../accounts/forecast/probe-pool.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { createAccountsView, type HealthyReading } from '../../accounts-view.ts';
import { readGatewayRuntimes } from '../../gateway-runtimes.ts';
import { count } from '../../render/layout.ts';
import { startProgress } from '../../render/progress.ts';
import type { Terminal } from '../../render/terminal.ts';
import { type LiveView, loadStoredView, readHealthyPool, type ViewOptions } from './stored-view.ts';

export interface LiveViewOptions
  extends ViewOptions,
    Pick<ProbeOptions, 'maxAccounts' | 'maxProbes' | 'cachedOnly'> {
  readonly live: boolean;
}

/** Reads the pool and, with `live`, asks about its enabled accounts. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function loadLiveView(
  scope: CodexScope,
  terminal: Terminal,
  { live, model, overlay, ...limits }: LiveViewOptions,
): Promise<LiveView> {
  if (!live) return loadStoredView(scope, { model, overlay });
  const before = await readHealthyPool(scope);
  const runtimes = overlay ? await readGatewayRuntimes(scope) : null;
  const progress = startProgress(terminal, 'asking the server about the accounts');
  try {
    const probe = await probePool(scope, before.pool, {
      ...limits,
      onProgress: (done, all) => progress.update(`${done} of ${count(all, 'account')} asked`),
    });
    scope.signal.throwIfAborted(); // half an answer is no forecast
    // Asking may have refreshed tokens, or found a login dead.
    const after = withDeadLogins(await readHealthyPool(scope), probe, scope.host.now());
    const view = await createAccountsView(scope, after, model, runtimes ?? undefined);
    return { view, probe, hasOverlay: runtimes !== null };
  } finally {
    progress.stop();
  }
}

/** What the server has just called dead is not forecast as ready, also where nothing was stored about it. */
function withDeadLogins(reading: HealthyReading, { failures }: PoolProbe, at: number): HealthyReading {
  const accounts = reading.pool.accounts.map((account) => {
    const failure = failures.get(account.key);
    if (account.kind !== 'chatgpt' || account.invalidated !== null || failure?.isPermanent !== true)
      return account;
    return { ...account, invalidated: { at, code: failure.code } };
  });
  return { ...reading, pool: { ...reading.pool, accounts } };
}
