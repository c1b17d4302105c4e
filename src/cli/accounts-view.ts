/** The pool as the reading commands see it: accounts, what is known of their limits, and what follows from that now. */
import { forecastPool, type PoolForecast } from '../accounts/forecast/forecast.ts';
import { prepareCandidates } from '../accounts/selection/candidate.ts';
import type { SelectionInput } from '../accounts/selection/choose.ts';
import type { AccountRuntime } from '../accounts/selection/facts.ts';
import { type LoadedFacts, loadFacts } from '../accounts/selection/load-facts.ts';
import type { PoolReading } from '../accounts/store/pool-store.ts';
import type { CodexScope } from '../codex/home.ts';

export type HealthyReading = Extract<PoolReading, { readonly kind: 'ok' }>;

export interface AccountsView {
  readonly reading: HealthyReading;
  readonly loaded: LoadedFacts;
  readonly input: SelectionInput;
  readonly forecast: PoolForecast;
  /** Epoch ms that everything was worked out for. */
  readonly now: number;
}

/** What a running gateway knows of the accounts, by account key. */
export type RuntimeByKey = ReadonlyMap<string, AccountRuntime>;

/** Works out the view of a pool for requests to `model` (`null`: any). Reads files only. */
export async function createAccountsView(
  scope: CodexScope,
  reading: HealthyReading,
  model: string | null,
  runtimes: RuntimeByKey = new Map(),
): Promise<AccountsView> {
  const { pool, paths } = reading;
  const now = scope.host.now();
  const onDisk = await loadFacts(scope, pool, model, paths);
  const facts = onDisk.facts.map((each) => {
    const runtime = runtimes.get(each.account.key);
    return runtime === undefined ? each : { ...each, runtime };
  });
  const loaded = { ...onDisk, facts };
  const input: SelectionInput = {
    candidates: prepareCandidates(loaded.facts, loaded.demand),
    model,
    strategy: loaded.demand.settings.strategy,
    now,
    pinnedIndex: pool.pinnedIndex,
    currentIndex: pool.activeIndex,
  };
  return { reading, loaded, input, forecast: forecastPool(input), now };
}
