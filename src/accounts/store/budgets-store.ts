/** Limits the user set on usage: `budget-guards.json`. */
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { brokenFile, readJson } from './json-file.ts';
import { resolveAccountPaths } from './paths.ts';
import { isRow, type Row, takeFrom, withRest } from './row.ts';

export type BudgetWindow = 'hour' | 'day' | 'week' | 'month';

export interface BudgetLimit {
  /** Lower case letters, digits and `._:-`, at most 100. */
  readonly key: string;
  readonly window: BudgetWindow;
  readonly maxRequests: number | null;
  readonly maxTokens: number | null;
  readonly maxCostUsd: number | null;
  /** Epoch ms. */
  readonly updatedAt: number;
}

const Most = v.pipe(v.number(), v.finite(), v.gtValue(0));

/** The limits in the file's order; a missing file is none. Throws `ERR_ACCOUNTS_FILE` for a broken one. */
export async function readBudgets(scope: CodexScope): Promise<readonly BudgetLimit[]> {
  const { budgetsFile } = await resolveAccountPaths(scope);
  const reading = await readJson(budgetsFile);
  if (reading.kind === 'missing') return [];
  if (reading.kind === 'broken') throw brokenFile(reading.message);
  return Object.entries(rowsOf(budgetsFile, reading.value)).flatMap(([key, row]) => parse(key, row) ?? []);
}

/** Stores one limit, replacing the one of the same key. Throws `ERR_ACCOUNTS_FILE` for a broken file. */
export async function putBudget(scope: CodexScope, limit: BudgetLimit): Promise<void> {
  const { updateJson } = await import('./update-json.ts');
  const { budgetsFile } = await resolveAccountPaths(scope);
  const key = budgetKey(limit.key);
  await updateJson(
    scope,
    budgetsFile,
    (value) => {
      const rows = rowsOf(budgetsFile, value);
      const former = isRow(rows[key]) ? rows[key] : {};
      const { maxRequests, maxTokens, maxCostUsd, ...unknown } = former;
      return { ...value, limits: { ...rows, [key]: withRest({ ...limit, key }, unknown) } };
    },
    { mode: 0o600, initial: { version: 1, limits: {} } },
  );
}

/** The key as it is stored: whatever is not allowed in one becomes a dash. */
export function budgetKey(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9._:-]+/g, '-')
    .slice(0, 100);
}

function parse(key: string, row: unknown): BudgetLimit | null {
  if (!isRow(row)) return null;
  const { take } = takeFrom(row);
  const window = take('window', v.picklist(['hour', 'day', 'week', 'month']));
  if (window === null) return null;
  return {
    key: budgetKey(key),
    window,
    maxRequests: take('maxRequests', Most),
    maxTokens: take('maxTokens', Most),
    maxCostUsd: take('maxCostUsd', Most),
    updatedAt: take('updatedAt', v.number()) ?? 0,
  };
}

function rowsOf(path: string, value: Row): Row {
  if (value.version !== 1) throw brokenFile(`${path}: a format that this steward does not know`);
  return isRow(value.limits) ? value.limits : {};
}
