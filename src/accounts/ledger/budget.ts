/** Whether a limit of the user's own is reached. Windows roll: the last hour, day, week (7 days) or month (30 days). */
import type { BudgetLimit, BudgetWindow } from '../store/budgets-store.ts';
import type { UsageTotals } from './summary.ts';

export interface BudgetEvaluation {
  readonly key: string;
  readonly window: BudgetWindow;
  readonly allowed: boolean;
  /** Why not, in plain words. */
  readonly reasons: readonly string[];
  readonly usage: { readonly requests: number; readonly totalTokens: number; readonly costUsd: number };
  readonly limits: {
    readonly maxRequests: number | null;
    readonly maxTokens: number | null;
    readonly maxCostUsd: number | null;
  };
}

const HOUR_MS = 3_600_000;
const WINDOW_MS: Readonly<Record<BudgetWindow, number>> = {
  hour: HOUR_MS,
  day: 24 * HOUR_MS,
  week: 7 * 24 * HOUR_MS,
  month: 30 * 24 * HOUR_MS,
};

/** Epoch ms from which usage counts. */
export function budgetSince(window: BudgetWindow, now: number): number {
  return now - WINDOW_MS[window];
}

/** Holds what was used in the window against the limit; reaching it is enough. */
export function evaluateBudget(limit: BudgetLimit, used: UsageTotals): BudgetEvaluation {
  const { key, window, maxRequests, maxTokens, maxCostUsd } = limit;
  const reasons: string[] = [];
  const per = `in the last ${window}`;
  if (maxRequests !== null && used.requests >= maxRequests) {
    reasons.push(`${used.requests} of ${maxRequests} requests ${per}`);
  }
  if (maxTokens !== null && used.totalTokens >= maxTokens) {
    reasons.push(`${used.totalTokens} of ${maxTokens} tokens ${per}`);
  }
  if (maxCostUsd !== null && used.costUsd >= maxCostUsd) {
    reasons.push(`${used.costUsd.toFixed(2)} of ${maxCostUsd.toFixed(2)} US dollars ${per}`);
  }
  return {
    key,
    window,
    allowed: reasons.length === 0,
    reasons,
    usage: { requests: used.requests, totalTokens: used.totalTokens, costUsd: used.costUsd },
    limits: { maxRequests, maxTokens, maxCostUsd },
  };
}
