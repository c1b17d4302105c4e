/** Which account to use now, as `forecast` would say, from what is on the disk. */
import type { CodexScope } from '../../codex/home.ts';
import type { Pool } from '../account.ts';
import { forecastPool } from '../forecast/forecast.ts';
import { prepareCandidates } from '../selection/candidate.ts';
import { loadFacts } from '../selection/load-facts.ts';

export interface Recommendation {
  /** Position from 0; `null` when no account can serve. */
  readonly index: number | null;
  readonly reason: string;
}

/** The user's pin counts: what it holds is recommended as long as it can serve. */
export async function recommendAccount(
  scope: CodexScope,
  pool: Pool,
  model: string | null,
): Promise<Recommendation> {
  if (pool.accounts.length === 0) return { index: null, reason: 'there are no accounts' };
  const { facts, demand } = await loadFacts(scope, pool, model);
  const forecast = forecastPool({
    candidates: prepareCandidates(facts, demand),
    model,
    strategy: demand.settings.strategy,
    now: scope.host.now(),
    pinnedIndex: pool.pinnedIndex,
    currentIndex: pool.activeIndex,
  });
  const index = forecast.recommendedIndex;
  const reasons = index === null ? [] : (forecast.accounts[index]?.reasons ?? []);
  return { index, reason: index === null ? 'no account can serve now' : (reasons[0] ?? 'it can serve') };
}
