/**
 * Writes a pool so that after a crash at any point the old or the new one is read, whole.
 *
 * Extras go first: an id token without its account is harmless, an account without its API key is not. Then the backup,
 * then the write-ahead file, then the pool file in one rename. When that rename fails (a full disk), the write-ahead file
 * stays: it holds what may be the only copy of a refreshed token, and reading the pool finds it.
 */
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StewardError, systemCode } from '../../errors.ts';
import { fileError } from '../../storage/file-error.ts';
import type { Pool } from '../account.ts';
import { rotateBackups } from './backups.ts';
import { extrasText, NO_EXTRAS } from './extras.ts';
import type { AccountPaths } from './paths.ts';
import { disassemble } from './pool-assemble.ts';
import { poolText } from './pool-document.ts';
import { type LoadedPool, resetMarker, versionOf, walFile } from './pool-read.ts';
import { writePrivate } from './private-files.ts';

/** Where a write can be cut short; tests kill the process there. */
export type WriteBoundary = 'extras' | 'backup' | 'wal' | 'temporary' | 'pool' | 'marker' | 'done';

export interface WriteOptions {
  /** Epoch ms. */
  readonly now: number;
  readonly onBoundary?: (name: WriteBoundary) => Promise<void>;
}

/** Thrown away by the caller, which reads again: another program wrote the pool file since it was read. */
export const CHANGED_MEANWHILE = 'ERR_ACCOUNTS_CHANGED_MEANWHILE';

/** Writes what is different from `loaded`; nothing when nothing is. */
export async function writePool(
  paths: AccountPaths,
  loaded: LoadedPool,
  pool: Pool,
  options: WriteOptions,
): Promise<void> {
  const { poolFile, extrasFile } = paths;
  const reached = options.onBoundary ?? (async () => {});
  const { document, extras } = disassemble(pool, loaded, options.now);
  const text = poolText(document);
  for (const path of loaded.broken) await setAside(path, options.now);

  const kept = await textOf(extrasFile);
  const keeps = extrasText(extras);
  if (kept !== keeps && (kept !== null || keeps !== extrasText(NO_EXTRAS))) {
    await writePrivate(extrasFile, keeps);
    await reached('extras');
  }
  const isReset = loaded.health === 'intentional-reset';
  const mustWrite = loaded.version === null || loaded.recoveredFrom !== null || isReset;
  if (!mustWrite && text === poolText(loaded.document)) return;

  // Neither what is broken nor what was meant to be deleted becomes a backup.
  if (loaded.version !== null && !isReset && !loaded.broken.includes(poolFile)) await rotateBackups(poolFile);
  await reached('backup');
  await writePrivate(walFile(poolFile), walText(poolFile, text, options.now));
  await reached('wal');
  await writePrivate(poolFile, text, async () => {
    await reached('temporary');
    if (versionOf(poolFile) === loaded.version) return;
    // Its write-ahead file would be taken for a newer state than what the other program wrote.
    await remove(walFile(poolFile));
    throw changedMeanwhile(poolFile);
  });
  await reached('pool');
  await remove(resetMarker(poolFile));
  await reached('marker');
  await remove(walFile(poolFile));
  await reached('done');
}

function walText(path: string, content: string, now: number): string {
  const checksum = createHash('sha256').update(content).digest('hex');
  return JSON.stringify({ version: 1, createdAt: now, path, checksum, content });
}

/** What cannot be read is copied under a name that no recovery takes for a backup; the file itself stays until it is replaced. */
async function setAside(path: string, now: number): Promise<void> {
  const copy = join(dirname(path), `${basename(path, '.json')}.broken-${now}.json`);
  await writePrivate(copy, { copyOf: path });
}

function changedMeanwhile(path: string): StewardError {
  return new StewardError(
    CHANGED_MEANWHILE,
    'environment',
    `another program keeps writing ${path} at the same time`,
    { hint: 'Stop codex-multi-auth, or try again in a moment.' },
  );
}

async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  }
}

async function remove(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw fileError('remove', path, error);
  }
}
