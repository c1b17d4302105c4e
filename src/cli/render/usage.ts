/** What was used, as a table and as comma-separated values. */
import type { Grouping, UsageTotals } from '../../accounts/ledger/summary.ts';
import { columns } from './layout.ts';
import type { Terminal } from './terminal.ts';

const HEAD = ['requests', 'failed', 'input', 'cached', 'output', 'tokens', 'cost'] as const;

/** One line for each group, and the sum. */
export function renderUsage(
  by: Grouping,
  buckets: readonly UsageTotals[],
  totals: UsageTotals,
  { paint }: Terminal,
): string {
  if (totals.requests === 0) return 'Nothing was used in that time, as far as the ledger knows.\n';
  const shown = by === 'day' ? [...buckets].sort((a, b) => (a.key < b.key ? -1 : 1)) : buckets;
  const rows = [...shown, totals].map((bucket) => [bucket.key, ...cellsOf(bucket)]);
  const widths = HEAD.map((name, at) =>
    Math.max(name.length, ...rows.map((row) => row[at + 1]?.length ?? 0)),
  );
  const right = (cells: readonly string[]) => cells.map((cell, at) => cell.padStart(widths[at] ?? 0));
  const lines = columns([
    [by, ...right(HEAD)],
    ...rows.map(([key = '', ...cells]) => [key, ...right(cells)]),
  ]);
  const [first = '', ...rest] = lines;
  const note =
    totals.unpriced > 0 ? paint('dim', `The price of ${totals.unpriced} requests is not known.\n`) : '';
  return `${paint('dim', first)}\n${rest.join('\n')}\n${note}`;
}

function cellsOf(bucket: UsageTotals): readonly string[] {
  const {
    requests,
    failures,
    blocked,
    inputTokens,
    cachedInputTokens,
    outputTokens,
    totalTokens,
    costUsd,
    unpriced,
  } = bucket;
  const cost = unpriced === requests ? '–' : `$${costUsd.toFixed(2)}`;
  return [requests, failures + blocked, inputTokens, cachedInputTokens, outputTokens, totalTokens]
    .map((value) => value.toLocaleString('en-US'))
    .concat(cost);
}

const CSV_COLUMNS = [
  'requests',
  'successes',
  'failures',
  'blocked',
  'cancelled',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'reasoningTokens',
  'totalTokens',
  'costUsd',
] as const satisfies readonly (keyof UsageTotals)[];

/** A header, one line for each group, and the sum (RFC 4180, lines ended by LF). */
export function usageToCsv(by: Grouping, buckets: readonly UsageTotals[], totals: UsageTotals): string {
  const lines = [...buckets, totals].map((bucket) =>
    [csvCell(bucket.key), ...CSV_COLUMNS.map((column) => String(bucket[column]))].join(','),
  );
  return `${[by, ...CSV_COLUMNS].join(',')}\n${lines.join('\n')}\n`;
}

/** A cell that begins like a formula would be run by a spreadsheet. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
