/**
 * The pool file as it literally stands. Reading the pool mends much on the way (positions are clamped, duplicates are
 * merged); the doctor has to say what was mended.
 */
import * as v from 'valibot';
import { readText } from '../../../codex/reading.ts';

const MAX_POOL_BYTES = 64 * 1024 * 1024;

const OptionalText = v.optional(v.fallback(v.nullable(v.string()), null), null);
const OptionalNumber = v.optional(v.fallback(v.nullable(v.number()), null), null);

const Row = v.looseObject({
  refreshToken: OptionalText,
  email: OptionalText,
  accountId: OptionalText,
  enabled: v.optional(v.fallback(v.nullable(v.boolean()), null), null),
  lastUsed: OptionalNumber,
});

const Document = v.looseObject({
  version: OptionalNumber,
  accounts: v.optional(v.fallback(v.array(v.unknown()), []), []),
  activeIndex: OptionalNumber,
  activeIndexByFamily: v.optional(v.fallback(v.record(v.string(), v.unknown()), {}), {}),
  pinnedAccountIndex: OptionalNumber,
});

export interface RawRow {
  readonly index: number;
  readonly refreshToken: string;
  /** Lower case. */
  readonly email: string | null;
  readonly accountId: string | null;
  readonly isEnabled: boolean;
}

export interface RawPool {
  readonly version: number | null;
  /** All rows of the file, usable or not. */
  readonly rowCount: number;
  /** Rows with a refresh token. */
  readonly rows: readonly RawRow[];
  /** `activeIndex`, `activeIndexByFamily.codex`, … to what they say. */
  readonly positions: ReadonlyMap<string, unknown>;
}

/** `null` where the file is not there, cannot be read, or is not JSON with an object in it. */
export async function readRawPool(path: string): Promise<RawPool | null> {
  const text = await readText(path, MAX_POOL_BYTES);
  if (text.kind !== 'ok') return null;
  let json: unknown;
  try {
    json = JSON.parse(text.value);
  } catch {
    return null; // the reading of the pool says so, with the line
  }
  const parsed = v.safeParse(Document, json);
  if (!parsed.success) return null;
  const { version, accounts, activeIndex, activeIndexByFamily, pinnedAccountIndex } = parsed.output;
  const positions = new Map<string, unknown>([['activeIndex', activeIndex]]);
  for (const [family, position] of Object.entries(activeIndexByFamily)) {
    positions.set(`activeIndexByFamily.${family}`, position);
  }
  if (pinnedAccountIndex !== null) positions.set('pinnedAccountIndex', pinnedAccountIndex);
  return { version, rowCount: accounts.length, rows: accounts.flatMap(rowOf), positions };
}

function rowOf(value: unknown, index: number): readonly RawRow[] {
  const parsed = v.safeParse(Row, value);
  if (!parsed.success) return [];
  const { refreshToken, email, accountId, enabled } = parsed.output;
  if (refreshToken === null || refreshToken.trim() === '') return [];
  return [
    { index, refreshToken, email: email?.toLowerCase() ?? null, accountId, isEnabled: enabled !== false },
  ];
}
