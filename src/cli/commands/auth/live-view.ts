/** The accounts as `forecast`, `report` and `best` see them: with `--live`, the server is asked first. */
import type { PoolProbe, ProbeOptions } from '../../../accounts/forecast/probe-pool.ts';
import { readPool } from '../../../accounts/store/pool-store.ts';
import type { CodexScope } from '../../../codex/home.ts';
import {
  type AccountsView,
  createAccountsView,
  type HealthyReading,
  type RuntimeByKey,
} from '../../accounts-view.ts';
import { readGatewayRuntimes } from '../../gateway-runtimes.ts';
import { count } from '../../render/layout.ts';
import { startProgress } from '../../render/progress.ts';
import type { Terminal } from '../../render/terminal.ts';

export interface LiveViewOptions extends Pick<ProbeOptions, 'maxAccounts' | 'maxProbes' | 'cachedOnly'> {
  readonly live: boolean;
  readonly model: string | null;
  /** Take what a running gateway knows into account. */
  readonly overlay: boolean;
}

export interface LiveView {
  readonly view: AccountsView;
  /** `null` without `--live`. */
  readonly probe: PoolProbe | null;
  /** A running gateway was asked and answered. */
  readonly hasOverlay: boolean;
}

/** Reads the pool and, with `live`, asks about its enabled accounts. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function loadLiveView(
  scope: CodexScope,
  terminal: Terminal,
  { live, model, overlay, ...limits }: LiveViewOptions,
): Promise<LiveView> {
  const before = await readHealthyPool(scope);
  const runtimes = overlay ? await readGatewayRuntimes(scope) : null;
  const viewOf = (reading: HealthyReading) =>
    createAccountsView(scope, reading, model, runtimes ?? (new Map() satisfies RuntimeByKey));
  if (!live) return { view: await viewOf(before), probe: null, hasOverlay: runtimes !== null };
  const { probePool } = await import('../../../accounts/forecast/probe-pool.ts');
  const progress = startProgress(terminal, 'asking the server about the accounts');
  try {
    const probe = await probePool(scope, before.pool, {
      ...limits,
      onProgress: (done, all) => progress.update(`${done} of ${count(all, 'account')} asked`),
    });
    scope.signal.throwIfAborted(); // half an answer is no forecast
    // Asking may have refreshed tokens, or found a login dead.
    const after = withDeadLogins(await readHealthyPool(scope), probe, scope.host.now());
    return { view: await viewOf(after), probe, hasOverlay: runtimes !== null };
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

/** The pool as it is on disk. Throws `ERR_ACCOUNTS_POOL` when it is corrupt. */
export async function readHealthyPool(scope: CodexScope): Promise<HealthyReading> {
  const reading = await readPool(scope);
  if (reading.kind === 'ok') return reading;
  const { corruptPool } = await import('../../../accounts/store/pool-update.ts');
  throw corruptPool(reading);
}
