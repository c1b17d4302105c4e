/**
 * What the issuer answered, on disk before anything else happens: the old token is spent, and until the pool has the new
 * pair this record is the only copy. Whoever comes next for the same token takes the pair from here.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexScope } from '../../codex/home.ts';
import { readText } from '../../codex/reading.ts';
import { systemCode } from '../../errors.ts';
import { fileError } from '../../storage/file-error.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { ensurePrivateFolders, writePrivate } from '../store/private-files.ts';
import { type TokenPair, tokenHash } from './token-pair.ts';

const MAX_BYTES = 256 * 1024;

const Record = v.object({
  version: v.literal(1),
  spent: v.string(),
  savedAt: v.number(),
  pair: v.object({
    refreshToken: v.pipe(v.string(), v.minLength(1)),
    accessToken: v.pipe(v.string(), v.minLength(1)),
    expiresAt: v.nullable(v.number()),
    idToken: v.nullable(v.string()),
  }),
});

/** More than any record has. */
const RESERVE_BYTES = 16 * 1024;
const STALE_RESERVE_MS = 10 * 60_000;

/**
 * Takes the room that the answer will need, before the token is spent: a full or read-only disk must be found out while
 * nothing is lost yet. Throws `ERR_STORAGE_FILE`.
 */
export async function reserveAnswerRecord(scope: CodexScope, refreshToken: string): Promise<void> {
  await ensurePrivateFolders(await folderOf(scope));
  const path = await reservePathOf(scope, tokenHash(refreshToken));
  await writePrivate(path, '\0'.repeat(RESERVE_BYTES));
}

/** Nothing came that has to be kept. */
export async function dropReserve(scope: CodexScope, refreshToken: string): Promise<void> {
  await rm(await reservePathOf(scope, tokenHash(refreshToken)), { force: true });
}

/** Durable when it resolves; for its owner alone. */
export async function writeAnswerRecord(
  scope: CodexScope,
  spentToken: string,
  pair: TokenPair,
): Promise<void> {
  const spent = tokenHash(spentToken);
  const content = { version: 1, spent, savedAt: scope.host.now(), pair };
  await ensurePrivateFolders(await folderOf(scope));
  await rm(await reservePathOf(scope, spent), { force: true });
  await writePrivate(await pathOf(scope, spent), JSON.stringify(content));
}

/** The pair that came out of that token, when nobody has put it into the pool yet. */
export async function readAnswerRecord(scope: CodexScope, refreshToken: string): Promise<TokenPair | null> {
  const spent = tokenHash(refreshToken);
  const record = await readRecord(await pathOf(scope, spent));
  return record?.spent === spent ? record.pair : null;
}

async function readRecord(path: string): Promise<AnswerRecord | null> {
  const text = await readText(path, MAX_BYTES);
  if (text.kind !== 'ok') return null;
  let json: unknown;
  try {
    json = JSON.parse(text.value);
  } catch {
    return null; // it is written whole or not at all: this is not ours
  }
  const parsed = v.safeParse(Record, json);
  return parsed.success ? parsed.output : null;
}

async function isOlderThan(path: string, ms: number): Promise<boolean> {
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs, // the file system's clock, not the host's
    () => 0, // used or given back just now
  );
  return age > ms;
}

export interface AnswerRecord {
  /** {@link tokenHash} of the token that was spent. */
  readonly spent: string;
  /** Epoch ms. */
  readonly savedAt: number;
  readonly pair: TokenPair;
}

/** Every answer that is not, or not everywhere, where it belongs. Room that was reserved and never used is given back. */
export async function listAnswerRecords(scope: CodexScope): Promise<readonly AnswerRecord[]> {
  const folder = await folderOf(scope);
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw fileError('read', folder, error);
  }
  const records: AnswerRecord[] = [];
  for (const name of names) {
    const path = join(folder, name);
    if (name.endsWith('.reserve') && (await isOlderThan(path, STALE_RESERVE_MS)))
      await rm(path, { force: true });
    const record = name.endsWith('.json') ? await readRecord(path) : null;
    if (record !== null) records.push(record);
  }
  return records;
}

/** The pair is where it belongs. `spent`: hash of the token it came out of. */
export async function removeAnswerRecord(scope: CodexScope, spent: string): Promise<void> {
  await rm(await pathOf(scope, spent), { force: true });
}

/** Beside the pool, which several Codex homes may share. */
async function folderOf(scope: CodexScope): Promise<string> {
  return join((await resolveAccountPaths(scope)).root, 'steward', 'answers');
}

async function reservePathOf(scope: CodexScope, spent: string): Promise<string> {
  return join(await folderOf(scope), `${spent}.reserve`);
}

async function pathOf(scope: CodexScope, spent: string): Promise<string> {
  return join(await folderOf(scope), `${spent}.json`);
}
