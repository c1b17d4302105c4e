/**
 * Reads a pool from its file, or from what a crash or a broken disk left of it. Writes nothing, locks nothing.
 *
 * The order of stand-ins is codex-multi-auth's: write-ahead file, then `.bak`, `.bak.1`, `.bak.2`. Two things differ.
 * A write-ahead file that is newer than the pool file is a write that was cut short, and may hold the only copy of a
 * refreshed token: it counts even when the pool file can be read. And a pool file that is gone was deleted (no writer
 * ever takes it away), which is the documented soft reset: old backups do not bring the accounts back.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import * as v from 'valibot';
import { parseJsonObject } from '../../codex/global-state-json.ts';
import { EMPTY_POOL, type Pool } from '../account.ts';
import { type Extras, NO_EXTRAS, parseExtras } from './extras.ts';
import { readJson } from './json-file.ts';
import type { AccountPaths } from './paths.ts';
import { assemble } from './pool-assemble.ts';
import { type PoolDocument, parsePool } from './pool-document.ts';
import type { PoolHealth } from './pool-store.ts';

/** A pool with everything that is needed to write it back. */
export interface LoadedPool {
  readonly kind: 'ok';
  readonly pool: Pool;
  readonly document: PoolDocument;
  readonly extras: Extras;
  readonly health: PoolHealth;
  readonly recoveredFrom: string | null;
  /** Names one state of the pool file; `null` when there is none. */
  readonly version: string | null;
  /** What is broken and has to be set aside before it is written over. */
  readonly broken: readonly string[];
}

/** `isDamage` is false for a file that may be fine, and cannot be read by this user or this steward. */
export type PoolLoad =
  | LoadedPool
  | { readonly kind: 'corrupt'; readonly message: string; readonly isDamage: boolean };

const WalFile = v.looseObject({ content: v.string(), checksum: v.string() });

const EMPTY_DOCUMENT: PoolDocument = { ...EMPTY_POOL, accounts: [], unusableRows: [] };

export const walFile = (poolFile: string) => `${poolFile}.wal`;
export const resetMarker = (poolFile: string) => `${poolFile}.reset-intent`;
/** Newest first. */
export const backupFiles = (file: string) => [`${file}.bak`, `${file}.bak.1`, `${file}.bak.2`];

/** Reads the pool at those paths. `now`: epoch ms. */
export async function loadPool(paths: AccountPaths, now: number): Promise<PoolLoad> {
  const { poolFile } = paths;
  const marker = statOf(resetMarker(poolFile));
  const file = statOf(poolFile);
  if (marker !== undefined && (file === undefined || file.mtimeMs <= marker.mtimeMs)) {
    return { ...nothing('intentional-reset'), version: file?.version ?? null };
  }
  const primary = await readDocument(poolFile, now);
  if (primary.kind === 'broken' && !primary.isDamage)
    return { kind: 'corrupt', message: primary.message, isDamage: false };
  if (primary.kind === 'missing') {
    const isFirstWrite = !backupFiles(poolFile).some(statOf);
    const wal = isFirstWrite ? await readWal(poolFile, now) : undefined;
    return wal === undefined ? nothing('empty') : loaded(paths, wal, walFile(poolFile), null, []);
  }
  const version = file?.version ?? null;
  if (primary.kind === 'ok') {
    const wal = await unfinishedWrite(paths, primary.text, now);
    if (wal === undefined) return loaded(paths, primary.document, null, version, []);
    return loaded(paths, wal, walFile(poolFile), version, []);
  }
  const wal = await readWal(poolFile, now);
  if (wal !== undefined) return loaded(paths, wal, walFile(poolFile), version, [poolFile]);
  for (const backup of backupFiles(poolFile)) {
    const copy = await readDocument(backup, now);
    if (copy.kind === 'ok') return loaded(paths, copy.document, backup, version, [poolFile]);
  }
  return { kind: 'corrupt', message: primary.message, isDamage: true };
}

/** What helps against a pool that cannot be read. Moving away what is only not readable would lose every login. */
export function corruptHint(isDamage: boolean): string {
  return isDamage
    ? 'Correct the file or put a backup in its place; it stays as it is until then. To start anew, move it away.'
    : 'The accounts in it may be fine: make the file readable for you (owner, mode), or update steward where a newer tool wrote it.';
}

/** Names the present state of a file, to see whether somebody else wrote it. */
export function versionOf(path: string): string | null {
  return statOf(path)?.version ?? null;
}

async function loaded(
  paths: AccountPaths,
  document: PoolDocument,
  recoveredFrom: string | null,
  version: string | null,
  broken: readonly string[],
): Promise<PoolLoad> {
  const file = await readJson(paths.extrasFile);
  if (file.kind === 'broken' && !file.isDamage)
    return { kind: 'corrupt', message: file.message, isDamage: false };
  const extras = file.kind === 'ok' ? parseExtras(file.value) : NO_EXTRAS;
  const isBroken = file.kind === 'broken';
  const pool = assemble(document, extras);
  const isRecovered = recoveredFrom !== null || isBroken;
  return {
    kind: 'ok',
    pool,
    document,
    extras,
    health: isRecovered ? 'recoverable' : pool.accounts.length === 0 ? 'empty' : 'healthy',
    recoveredFrom: recoveredFrom ?? (isBroken ? paths.poolFile : null),
    version,
    broken: isBroken ? [...broken, paths.extrasFile] : broken,
  };
}

/** Also without extras: API keys and id tokens go with the pool. */
function nothing(health: PoolHealth): LoadedPool {
  const pool = assemble(EMPTY_DOCUMENT, NO_EXTRAS);
  const common = { pool, document: EMPTY_DOCUMENT, extras: NO_EXTRAS, recoveredFrom: null };
  return { kind: 'ok', ...common, health, version: null, broken: [] };
}

type DocumentReading =
  | { readonly kind: 'ok'; readonly document: PoolDocument; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'broken'; readonly message: string; readonly isDamage: boolean };

async function readDocument(path: string, now: number): Promise<DocumentReading> {
  const reading = await readJson(path);
  if (reading.kind !== 'ok') return reading;
  const parsed = parsePool(reading.value, now);
  if (parsed.kind === 'ok') return { ...parsed, text: reading.text };
  return { kind: 'broken', message: `${path}: ${parsed.reason}`, isDamage: parsed.isDamage };
}

/** The pool of a write that never got to the pool file; none while a write is under way, which ends in an instant. */
async function unfinishedWrite(
  paths: AccountPaths,
  text: string,
  now: number,
): Promise<PoolDocument | undefined> {
  const isNewer = () => {
    const wal = statOf(walFile(paths.poolFile));
    const file = statOf(paths.poolFile);
    return wal !== undefined && file !== undefined && wal.mtimeMs >= file.mtimeMs;
  };
  if (!isNewer()) return undefined;
  await wait(25);
  return isNewer() ? readWal(paths.poolFile, now, text) : undefined;
}

/** The pool in the write-ahead file, if its checksum is right and it says anything else than `text`. */
async function readWal(poolFile: string, now: number, text?: string): Promise<PoolDocument | undefined> {
  const reading = await readJson(walFile(poolFile));
  const wal = reading.kind === 'ok' ? v.safeParse(WalFile, reading.value) : undefined;
  if (wal === undefined || !wal.success || wal.output.content === text) return undefined;
  if (createHash('sha256').update(wal.output.content).digest('hex') !== wal.output.checksum) return undefined;
  const content = await parseJsonObject(wal.output.content);
  const parsed = content.kind === 'ok' ? parsePool(content.value, now) : undefined;
  return parsed?.kind === 'ok' ? parsed.document : undefined;
}

function statOf(path: string): { mtimeMs: number; version: string } | undefined {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return { mtimeMs, version: `${ino}:${size}:${mtimeMs}` };
  } catch {
    return undefined; // whoever reads the file says why it cannot be read
  }
}
