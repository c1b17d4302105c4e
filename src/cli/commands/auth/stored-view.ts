/** The accounts as they are stored, with what a running gateway knows of them: what `forecast`, `report` and `best` go by. */
import type { PoolProbe } from '../../../accounts/forecast/probe-pool.ts';
import { readPool } from '../../../accounts/store/pool-store.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { type AccountsView, createAccountsView, type HealthyReading } from '../../accounts-view.ts';
import { readGatewayRuntimes } from '../../gateway-runtimes.ts';

export interface ViewOptions {
  readonly model: string | null;
  /** Take what a running gateway knows into account. */
  readonly overlay: boolean;
}

export interface LiveView {
  readonly view: AccountsView;
  /** `null` when the server was not asked. */
  readonly probe: PoolProbe | null;
  /** A running gateway was asked and answered. */
  readonly hasOverlay: boolean;
}

/** Reads the pool and asks a running gateway. Throws `ERR_ACCOUNTS_POOL` for a corrupt pool. */
export async function loadStoredView(scope: CodexScope, { model, overlay }: ViewOptions): Promise<LiveView> {
  const reading = await readHealthyPool(scope);
  const runtimes = overlay ? await readGatewayRuntimes(scope) : null;
  const view = await createAccountsView(scope, reading, model, runtimes ?? undefined);
  return { view, probe: null, hasOverlay: runtimes !== null };
}

/** The pool as it is on disk. Throws `ERR_ACCOUNTS_POOL` when it is corrupt. */
export async function readHealthyPool(scope: CodexScope): Promise<HealthyReading> {
  const reading = await readPool(scope);
  if (reading.kind === 'ok') return reading;
  const { corruptPool } = await import('../../../accounts/store/pool-update.ts');
  throw corruptPool(reading);
}
