/** The documented pool file, format 1 and 3 in, format 3 out: a pool without what only our extras file knows. */
import { type ChatgptAccount, MODEL_FAMILIES, type ModelFamily, type Pool } from '../account.ts';
import { withKeys } from './account-key.ts';
import { isRow, parseRow, type Row, rowOf, withRest } from './row.ts';
import { withoutDuplicates } from './same-account.ts';

/** What a pool file says. */
export interface PoolDocument {
  readonly accounts: readonly ChatgptAccount[];
  /** Positions among `accounts`. */
  readonly activeIndex: number;
  readonly activeIndexByFamily: Readonly<Partial<Record<ModelFamily, number>>>;
  readonly pinnedIndex: number | null;
  readonly affinityGeneration: number;
  readonly rest: Pool['rest'];
  /** Rows that are no account (no refresh token, not even an object); written back behind the others. */
  readonly unusableRows: readonly unknown[];
}

export type ParsedPool =
  | { readonly kind: 'ok'; readonly document: PoolDocument }
  /** `isDamage`: a copy may stand in for it. A format from the future is no damage. */
  | { readonly kind: 'bad'; readonly reason: string; readonly isDamage: boolean };

/** Takes a parsed pool file apart. `now` (epoch ms) decides which limits of format 1 still count. */
export function parsePool(value: Row, now: number): ParsedPool {
  if (value.version !== 1 && value.version !== 3) {
    if (typeof value.version === 'number') {
      const reason = `its format is ${value.version}, and this steward knows 1 and 3`;
      return { kind: 'bad', reason, isDamage: false };
    }
    return { kind: 'bad', reason: 'it has no format number ("version")', isDamage: true };
  }
  const rows: readonly unknown[] | null = Array.isArray(value.accounts) ? value.accounts : null;
  if (rows === null) return { kind: 'bad', reason: 'it has no list of accounts', isDamage: true };

  const unusableRows: unknown[] = [];
  const usable: ChatgptAccount[] = [];
  const usableAt = rows.map((row) => {
    const account = isRow(row) ? parseRow(value.version === 1 ? upgraded(row, now) : row) : null;
    if (account === null) unusableRows.push(row);
    return account === null ? null : usable.push(account) - 1;
  });
  const { accounts, positionOf } = withoutDuplicates(usable);
  /** Where the account of that row is now; rows that are none lead to the nearest position. */
  const follow = (row: number): number => {
    const at = usableAt[Math.min(Math.max(0, row), Math.max(0, rows.length - 1))];
    if (at === null || at === undefined) return Math.min(Math.max(0, row), Math.max(0, accounts.length - 1));
    return positionOf[at] ?? 0;
  };
  const active = wholeOf(value.activeIndex) ?? 0;
  const byFamily = isRow(value.activeIndexByFamily) ? value.activeIndexByFamily : {};
  const pinned = wholeOf(value.pinnedAccountIndex);
  const { version, accounts: _rows, activeIndex, activeIndexByFamily, pinnedAccountIndex, ...others } = value;
  const { affinityGeneration, ...rest } = others;
  return {
    kind: 'ok',
    document: {
      accounts: withKeys(accounts),
      activeIndex: follow(active),
      activeIndexByFamily: Object.fromEntries(
        MODEL_FAMILIES.map((family) => [family, follow(wholeOf(byFamily[family]) ?? active)]),
      ),
      // A pin counts among the accounts, not the rows (as codex-multi-auth reads it).
      pinnedIndex: pinned !== null && pinned < accounts.length ? pinned : null,
      affinityGeneration: Number.isInteger(affinityGeneration) ? (wholeOf(affinityGeneration) ?? 0) : 0,
      rest,
      unusableRows,
    },
  };
}

/** The text of a pool file, format 3, with two spaces and no newline at the end (as codex-multi-auth writes it). */
export function poolText(document: PoolDocument): string {
  const { accounts, activeIndex, pinnedIndex, affinityGeneration } = document;
  const content = withRest(
    {
      version: 3,
      accounts: [...accounts.map(rowOf), ...document.unusableRows],
      activeIndex,
      activeIndexByFamily: Object.fromEntries(
        MODEL_FAMILIES.map((family) => [family, document.activeIndexByFamily[family] ?? activeIndex]),
      ),
      pinnedAccountIndex: pinnedIndex,
      affinityGeneration: affinityGeneration === 0 ? null : affinityGeneration,
    },
    document.rest,
  );
  return JSON.stringify(content, null, 2);
}

/** Format 1 had one reset time for everything. */
function upgraded(row: Row, now: number): Row {
  const { rateLimitResetTime, ...others } = row;
  if (typeof rateLimitResetTime !== 'number' || rateLimitResetTime <= now) return others;
  const times = Object.fromEntries(MODEL_FAMILIES.map((family) => [family, rateLimitResetTime]));
  return { ...others, rateLimitResetTimes: times };
}

/** A number that can be a position, cut to a whole one. */
function wholeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.trunc(value) : null;
}
