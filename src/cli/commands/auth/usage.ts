/** `steward auth usage`: requests, tokens and cost, from the gateway's ledger and from the one of codex-multi-auth. */
import { resolve } from 'node:path';
import type { Pool } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { readForeignLedger } from '../../../accounts/ledger/foreign-ledger.ts';
import { listUsage, openLedgerToRead, type UsageFilter } from '../../../accounts/ledger/ledger.ts';
import type { UsageRecord } from '../../../accounts/ledger/record.ts';
import {
  type Grouping,
  grandTotal,
  mergeTotals,
  sumRecords,
  sumUsage,
  type UsageTotals,
} from '../../../accounts/ledger/summary.ts';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import { readPool } from '../../../accounts/store/pool-store.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { writeFileAtomic } from '../../../storage/atomic-file.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { isoTime } from '../../render/accounts-json.ts';
import { renderUsage, usageToCsv } from '../../render/usage.ts';

export interface UsageOptions {
  readonly since?: string;
  readonly by?: Grouping;
  readonly csv?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** How many single records `--json` carries, the newest first. */
const MAX_ROWS = 500;

/** Shows or writes what was used. Throws `ERR_ACCOUNTS_SINCE` (usage) for a time that is none. */
export async function runUsage(options: UsageOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'usage', json: options.json });
  const { scope, terminal } = session;
  const now = scope.host.now();
  const by = options.by ?? 'model';
  const sinceMs = options.since === undefined ? null : parseSince(options.since, now);
  const usage = await collectUsage(scope, { sinceMs: sinceMs ?? 0, untilMs: now + 1 }, by);
  const totals = grandTotal(usage.buckets);
  const answer = {
    schemaVersion: 1,
    command: 'usage',
    summary: { since: isoTime(sinceMs), until: isoTime(now), by, totals, buckets: usage.buckets },
    sources: usage.sources,
    rows: usage.rows.map((row) => ({ ...row, createdAt: isoTime(row.createdAt) })),
  };
  const text = options.csv
    ? usageToCsv(by, usage.buckets, totals)
    : options.json || options.out !== undefined
      ? `${JSON.stringify(answer, null, 2)}\n`
      : renderUsage(by, usage.buckets, totals, terminal);
  if (options.out === undefined) {
    terminal.out(text);
    return EXIT.ok;
  }
  const path = resolve(scope.host.cwd, options.out);
  await writeFileAtomic(path, text, { mode: 0o600 });
  if (options.json) terminal.out(text);
  else terminal.out(`Usage written to ${path}\n`);
  return EXIT.ok;
}

async function collectUsage(scope: CodexScope, filter: UsageFilter, by: Grouping) {
  const { root } = await resolveAccountPaths(scope);
  const foreign = await readForeignLedger(root, filter);
  const ledger = await openLedgerToRead(scope);
  let own: { readonly buckets: readonly UsageTotals[]; readonly rows: readonly UsageRecord[] } = {
    buckets: [],
    rows: [],
  };
  if (ledger !== null) {
    try {
      own = { buckets: sumUsage(ledger, filter, by), rows: listUsage(ledger, filter, MAX_ROWS) };
    } finally {
      await ledger.close();
    }
  }
  const nameOf = by === 'account' ? await accountNames(scope) : (key: string) => key;
  const buckets = mergeTotals([...own.buckets, ...sumRecords(foreign.records, by)]);
  const rows = [...own.rows, ...foreign.records].sort((a, b) => b.createdAt - a.createdAt).slice(0, MAX_ROWS);
  return {
    buckets: buckets.map((bucket) => ({ ...bucket, key: nameOf(bucket.key) })),
    rows,
    sources: {
      ledger: { isPresent: ledger !== null },
      codexMultiAuth: { path: foreign.path, records: foreign.records.length, skippedLines: foreign.skipped },
    },
  };
}

/** A name for an account's key: as it stands in the pool, else the beginning of the key. */
async function accountNames(scope: CodexScope): Promise<(key: string) => string> {
  const reading = await readPool(scope);
  const pool: Pool | null = reading.kind === 'ok' ? reading.pool : null;
  const names = new Map(pool?.accounts.map((account, index) => [account.key, accountLabel(account, index)]));
  return (key) => names.get(key) ?? (key === 'none' ? key : `no longer in the pool (${key.slice(0, 15)}…)`);
}

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

/** `90m`, `24h`, `7d`, `2w` back from now, or a date or time that `Date` reads; epoch ms. */
function parseSince(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})\s*([mhdw])$/.exec(text.trim()) ?? [];
  if (count !== undefined && (unit === 'm' || unit === 'h' || unit === 'd' || unit === 'w')) {
    return now - Number(count) * UNIT_MS[unit];
  }
  // A bare date means that day here, not in Greenwich.
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (!Number.isNaN(at)) return at;
  throw new StewardError('ERR_ACCOUNTS_SINCE', 'user', `"${text}" is no time`, {
    hint: 'Say how long back (24h, 7d) or from which day (2026-11-21).',
    exitCode: EXIT.usage,
  });
}
