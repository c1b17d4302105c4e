/** `quota-cache.json`: the quota each account had when it was last asked. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';

/** The documented two windows: `primary` (5 hours) and `secondary` (weekly). */
export interface QuotaWindow {
  readonly usedPercent: number | null;
  readonly windowMinutes: number | null;
  /** Epoch ms. */
  readonly resetAtMs: number | null;
}

export interface QuotaEntry {
  /** Epoch ms. */
  readonly updatedAt: number;
  /** HTTP status of the answer it was read from. */
  readonly status: number;
  readonly model: string;
  readonly planType: string | null;
  readonly primary: QuotaWindow;
  readonly secondary: QuotaWindow;
  /** Members beyond the documented ones, such as further windows and credits; written back as they are. */
  readonly rest: Readonly<Record<string, unknown>>;
}

export interface QuotaCache {
  /** The newest entry for that account of the pool; `null` when it was never asked. */
  entryOf(account: Account): QuotaEntry | null;
  /** Milliseconds since the newest entry of any account; `null` for an empty cache. */
  readonly ageMs: number | null;
}

/** Reads the cache; a missing or broken file is an empty cache. Never writes. */
export async function readQuotaCache(_scope: CodexScope, _pool: Pool): Promise<QuotaCache> {
  throw new Error('under construction');
}

/** Stores what was learned about accounts, by {@link Account.key}; newer entries on disk win. */
export async function writeQuota(
  _scope: CodexScope,
  _pool: Pool,
  _entries: ReadonlyMap<string, QuotaEntry>,
): Promise<void> {
  throw new Error('under construction');
}
