/** Limits the user set on usage: `budget-guards.json`. */
import type { CodexScope } from '../../codex/home.ts';

export type BudgetWindow = 'hour' | 'day' | 'week' | 'month';

export interface BudgetLimit {
  readonly key: string;
  readonly window: BudgetWindow;
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  readonly maxCostUsd: number | null;
  /** Epoch ms. */
  readonly updatedAt: number;
}

/** The limits in the file's order; a missing file is none. Throws `ERR_ACCOUNTS_FILE` for a broken one. */
export async function readBudgets(_scope: CodexScope): Promise<readonly BudgetLimit[]> {
  throw new Error('under construction');
}

/** Stores one limit, replacing the one of the same key. */
export async function putBudget(_scope: CodexScope, _limit: BudgetLimit): Promise<void> {
  throw new Error('under construction');
}
