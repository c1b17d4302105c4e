/** Brings what a crash left unfinished to an end: an interrupted undo is finished, an interrupted repair taken back. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isChildAlive } from './child-life.ts';
import { dropImages, hasImages, listTransactions } from './folder.ts';
import { readTransaction, type Transaction } from './records.ts';
import { takeBack } from './take-back.ts';
import { stateOf, type World } from './world.ts';

export type Recovery =
  | {
      readonly kind: 'rolled-back';
      readonly id: string;
      readonly summary: string;
      readonly left: readonly string[];
    }
  | {
      readonly kind: 'undone';
      readonly id: string;
      readonly summary: string;
      readonly left: readonly string[];
    }
  /** A program that the repair had started still runs. */
  | { readonly kind: 'blocked'; readonly id: string; readonly summary: string; readonly pid: number };

/** Whether there is anything to recover; reads only, and takes no lock. */
export async function hasUnfinished(world: World): Promise<boolean> {
  for (const id of await listTransactions(world.paths)) {
    const folder = join(world.paths.journal, id);
    const transaction = await readTransaction(folder);
    if (transaction === undefined || (await isUnfinished(transaction))) return true;
  }
  return false;
}

/** Recovers every unfinished transaction, newest first. The caller holds the lock. */
export async function recoverAll(world: World): Promise<readonly Recovery[]> {
  const results: Recovery[] = [];
  for (const id of [...(await listTransactions(world.paths))].reverse()) {
    const folder = join(world.paths.journal, id);
    const transaction = await readTransaction(folder);
    if (transaction === undefined) {
      // Its intent was never complete, so nothing had been changed and nothing moved here.
      await rm(folder, { recursive: true, force: true });
      continue;
    }
    if (!(await isUnfinished(transaction))) continue;
    const result = await recoverOne(world, transaction);
    if (result !== undefined) results.push(result);
  }
  return results;
}

async function recoverOne(world: World, transaction: Transaction): Promise<Recovery | undefined> {
  const { folder, intent, progress } = transaction;
  const { id, summary } = intent;
  const state = stateOf(progress);
  if (state === 'repaired') {
    await dropImages(folder); // of credentials; the crash came just before
    return undefined;
  }
  const pid = await livingChild(world, transaction);
  if (pid !== undefined) return { kind: 'blocked', id, summary, pid };
  if (state === 'undoing') {
    const left = await takeBack(world, transaction);
    world.record(folder, { kind: 'undone' });
    return { kind: 'undone', id, summary, left };
  }
  world.record(folder, { kind: 'rollback-begun', reason: 'steward was interrupted' });
  await world.boundary('rollback-begun');
  const left = await takeBack(world, transaction);
  world.record(folder, { kind: 'rolled-back', left });
  if (left.length === 0) await dropImages(folder);
  return { kind: 'rolled-back', id, summary, left };
}

async function isUnfinished({ folder, intent, progress }: Transaction): Promise<boolean> {
  const state = stateOf(progress);
  if (state === 'unfinished' || state === 'undoing') return true;
  return state === 'repaired' && intent.credentials && (await hasImages(folder));
}

async function livingChild(world: World, { progress }: Transaction): Promise<number | undefined> {
  const last = progress.findLast((record) => record.kind === 'child');
  if (last?.kind !== 'child') return undefined;
  if (progress.some((record) => record.kind === 'step-done' && record.step === last.step)) return undefined;
  return (await isChildAlive(world.host, last)) ? last.pid : undefined;
}
