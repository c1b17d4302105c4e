/**
 * Keeps the journal small. Never touched: what is unfinished, and files of the user that were moved aside, until they
 * are old.
 */
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dropImages, listTransactions } from './folder.ts';
import { readTransaction, type Transaction } from './records.ts';
import { stateOf, type World } from './world.ts';

/** Bounds of the journal; what goes beyond loses its backups first, and its entry when it is old. */
export interface Retention {
  readonly maxAgeMs: number;
  readonly maxCount: number;
  readonly maxBytes: number;
}

const DEFAULT: Retention = { maxAgeMs: 30 * 86_400_000, maxCount: 50, maxBytes: 500 * 1024 * 1024 };

/** Removes what is beyond the bounds. The newest transaction always stays. */
export async function prune(world: World, bounds: Retention = DEFAULT): Promise<void> {
  const ids = [...(await listTransactions(world.paths))].reverse();
  let count = 0;
  let bytes = 0;
  for (const id of ids) {
    const transaction = await readTransaction(join(world.paths.journal, id));
    if (transaction === undefined) continue;
    const state = stateOf(transaction.progress);
    if (state === 'unfinished' || state === 'undoing') continue;
    count++;
    const { folder, intent } = transaction;
    const age = world.host.now() - intent.startedAt;
    if (count > 1 && age > bounds.maxAgeMs) {
      await rm(folder, { recursive: true, force: true });
      continue;
    }
    bytes += await sizeOf(join(folder, 'images'));
    if (count === 1 || (count <= bounds.maxCount && bytes <= bounds.maxBytes)) continue;
    if (hasMoved(transaction)) await dropImages(folder);
    else await rm(folder, { recursive: true, force: true });
  }
}

function hasMoved({ intent }: Transaction): boolean {
  return intent.steps.some(({ undo }) => undo.kind === 'moves' && undo.pairs.length > 0);
}

async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await lstat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
