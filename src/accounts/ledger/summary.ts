/** Sums over the ledger, and over records of another tool, in the same buckets. */
import type { DatabaseConnection, SqlRow } from '../../storage/sqlite.ts';
import { conditions, type UsageFilter } from './ledger.ts';
import type { UsageRecord } from './record.ts';

export const GROUPINGS = ['model', 'account', 'project', 'outcome', 'day'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface UsageTotals {
  /** The model, account key, project key, outcome or local day (`2026-11-21`); `none` where there is none. */
  readonly key: string;
  readonly requests: number;
  readonly successes: number;
  readonly failures: number;
  readonly blocked: number;
  readonly cancelled: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedInputTokens: number;
  readonly reasoningTokens: number;
  readonly totalTokens: number;
  /** The sum of known prices. */
  readonly costUsd: number;
  /** Requests whose price is not known. */
  readonly unpriced: number;
}

const GROUP_SQL: Readonly<Record<Grouping, string>> = {
  model: "COALESCE(model, 'none')",
  account: "COALESCE(account_key, 'none')",
  project: "COALESCE(project_key, 'none')",
  outcome: 'outcome',
  day: "date(created_at / 1000, 'unixepoch', 'localtime')",
};

/** Sums of the matching records by group, in the order of {@link mergeTotals}. */
export function sumUsage(db: DatabaseConnection, filter: UsageFilter, by: Grouping): readonly UsageTotals[] {
  const { where, params } = conditions(filter);
  const rows = db.all(
    `SELECT ${GROUP_SQL[by]} AS key, COUNT(*) AS requests, SUM(outcome = 'success') AS successes,
       SUM(outcome = 'failure') AS failures, SUM(outcome = 'blocked') AS blocked,
       SUM(outcome = 'cancelled') AS cancelled, SUM(input_tokens) AS input, SUM(output_tokens) AS output,
       SUM(cached_input_tokens) AS cached, SUM(reasoning_tokens) AS reasoning, SUM(total_tokens) AS total,
       COALESCE(SUM(cost_usd), 0) AS cost, SUM(cost_usd IS NULL) AS unpriced
     FROM usage_ledger WHERE ${where} GROUP BY 1`,
    params,
  );
  return mergeTotals(rows.map(totalsOf));
}

/** Sums of records that are at hand. */
export function sumRecords(records: readonly UsageRecord[], by: Grouping): readonly UsageTotals[] {
  return mergeTotals(records.map((record) => totalsOfRecord(record, keyOf(record, by))));
}

/** One line for each key: the most requests first, days in their order. */
export function mergeTotals(parts: readonly UsageTotals[]): readonly UsageTotals[] {
  const merged = new Map<string, UsageTotals>();
  for (const part of parts) {
    const known = merged.get(part.key);
    merged.set(part.key, known === undefined ? part : addTotals(known, part));
  }
  return [...merged.values()].sort((a, b) => b.requests - a.requests || (a.key < b.key ? -1 : 1));
}

/** Everything in one line, under the key `total`. */
export function grandTotal(parts: readonly UsageTotals[]): UsageTotals {
  return parts.reduce(addTotals, { ...NOTHING, key: 'total' });
}

const NOTHING: UsageTotals = {
  key: '',
  requests: 0,
  successes: 0,
  failures: 0,
  blocked: 0,
  cancelled: 0,
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  totalTokens: 0,
  costUsd: 0,
  unpriced: 0,
};

function addTotals(a: UsageTotals, b: UsageTotals): UsageTotals {
  return {
    key: a.key,
    requests: a.requests + b.requests,
    successes: a.successes + b.successes,
    failures: a.failures + b.failures,
    blocked: a.blocked + b.blocked,
    cancelled: a.cancelled + b.cancelled,
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cachedInputTokens: a.cachedInputTokens + b.cachedInputTokens,
    reasoningTokens: a.reasoningTokens + b.reasoningTokens,
    totalTokens: a.totalTokens + b.totalTokens,
    costUsd: a.costUsd + b.costUsd,
    unpriced: a.unpriced + b.unpriced,
  };
}

function totalsOf(row: SqlRow): UsageTotals {
  return {
    key: String(row.key),
    requests: Number(row.requests),
    successes: Number(row.successes),
    failures: Number(row.failures),
    blocked: Number(row.blocked),
    cancelled: Number(row.cancelled),
    inputTokens: Number(row.input),
    outputTokens: Number(row.output),
    cachedInputTokens: Number(row.cached),
    reasoningTokens: Number(row.reasoning),
    totalTokens: Number(row.total),
    costUsd: Number(row.cost),
    unpriced: Number(row.unpriced),
  };
}

function totalsOfRecord({ outcome, tokens, costUsd }: UsageRecord, key: string): UsageTotals {
  return {
    key,
    requests: 1,
    successes: outcome === 'success' ? 1 : 0,
    failures: outcome === 'failure' ? 1 : 0,
    blocked: outcome === 'blocked' ? 1 : 0,
    cancelled: outcome === 'cancelled' ? 1 : 0,
    inputTokens: tokens?.input ?? 0,
    outputTokens: tokens?.output ?? 0,
    cachedInputTokens: tokens?.cachedInput ?? 0,
    reasoningTokens: tokens?.reasoning ?? 0,
    totalTokens: tokens?.total ?? 0,
    costUsd: costUsd ?? 0,
    unpriced: costUsd === null ? 1 : 0,
  };
}

function keyOf(record: UsageRecord, by: Grouping): string {
  switch (by) {
    case 'model':
      return record.model ?? 'none';
    case 'account':
      return record.accountKey ?? 'none';
    case 'project':
      return record.projectKey ?? 'none';
    case 'outcome':
      return record.outcome;
    case 'day':
      return localDay(record.createdAt);
  }
}

function localDay(at: number): string {
  return new Date(at).toLocaleDateString('sv-SE'); // 2026-11-21
}
