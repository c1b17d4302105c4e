/**
 * Takes the steps of a transaction back, last first: after a failed verification, after a crash, and for `undo`.
 * Every part may be repeated, so a crash in here is finished by the next recovery.
 */
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { foreignPaths } from './foreign.ts';
import { lstatOrNothing } from './images.ts';
import type { MovePair, Transaction, UndoData } from './records.ts';
import { isBelow, restoreImages } from './restore.ts';
import { restoreScope, statesLeft, type World } from './world.ts';

/** Takes every begun step back. Gives the paths that somebody changed meanwhile: these are not touched. */
export async function takeBack(world: World, transaction: Transaction): Promise<readonly string[]> {
  const left: string[] = [];
  const known = statesLeft(transaction);
  for (const { index, undo } of begunSteps(transaction)) {
    if (undo.kind === 'moves') left.push(...(await moveBack(world, undo.pairs)));
    if (undo.kind === 'images') {
      const foreign = await foreignPaths(undo, {
        left: known,
        ownUntil: undo.after === null ? ownUntil(transaction, index, undo.settlesWithinMs) : undefined,
        skip: world.paths.stewardFolder,
        tempSuffix: restoreScope(world, transaction).tempSuffix,
        whereIs: (path) => path,
      });
      // Half of a tree or a database is worse than all of it as it is.
      const kept =
        undo.shape === 'files' ? undo.before.filter(({ path }) => !foreign.includes(path)) : undo.before;
      left.push(...foreign);
      if (undo.shape === 'files' || foreign.length === 0) {
        left.push(...(await restore(world, transaction, { ...undo, before: kept })));
      }
    }
    await world.boundary(`taken-back-${index}`);
  }
  return left;
}

/** A folder of ours that somebody put a file into stays. */
async function restore(
  world: World,
  transaction: Transaction,
  undo: Extract<UndoData, { kind: 'images' }>,
): Promise<readonly string[]> {
  try {
    await restoreImages(undo, restoreScope(world, transaction));
    return [];
  } catch (error) {
    const known = fileError('restore', undo.before[0]?.path ?? '', error);
    if (known.details.systemCode !== 'ENOTEMPTY') throw known;
    return [String(known.details.path)];
  }
}

/** Says which path keeps an undo from being safe; `undefined` when nothing does. Changes nothing. */
export async function findObstacle(world: World, transaction: Transaction): Promise<string | undefined> {
  const known = statesLeft(transaction);
  const moved: MovePair[] = [];
  const whereIs = (path: string) => {
    const pair = moved.findLast(({ from }) => isBelow(path, from));
    return pair === undefined ? path : pair.to + path.slice(pair.from.length);
  };
  const removed = new Set<string>(); // what the undo of later steps will have removed by then
  for (const { undo } of begunSteps(transaction)) {
    if (undo.kind === 'moves') {
      for (const pair of undo.pairs) {
        const isThere = (await lstatOrNothing(pair.to)) !== undefined;
        const isBack = (await lstatOrNothing(pair.from)) !== undefined && !removed.has(pair.from);
        if (isThere && isBack) return pair.from;
        if (!isThere && !isBack) return pair.to;
        if (isThere) moved.push(pair);
      }
    }
    if (undo.kind !== 'images') continue;
    const { skip, tempSuffix } = restoreScope(world, transaction);
    const [foreign] = await foreignPaths(undo, {
      left: known,
      ownUntil: undefined,
      skip,
      tempSuffix,
      whereIs,
    });
    if (foreign !== undefined) return foreign;
    for (const entry of undo.before) if (entry.kind === 'absent') removed.add(entry.path);
  }
  return undefined;
}

/** Steps that were begun, last first, with the moves that were really made. */
function begunSteps(transaction: Transaction): { readonly index: number; readonly undo: UndoData }[] {
  const begun = new Set<number>();
  const moves = new Map<number, readonly MovePair[]>();
  for (const record of transaction.progress) {
    if (record.kind === 'step-begun') begun.add(record.step);
    if (record.kind === 'step-void') begun.delete(record.step);
    if (record.kind === 'moves') moves.set(record.step, record.pairs);
  }
  return transaction.intent.steps
    .map(({ undo }, index) => ({
      index,
      undo: undo.kind === 'moves' ? { ...undo, pairs: moves.get(index) ?? undo.pairs } : undo,
    }))
    .filter(({ index }) => begun.has(index))
    .reverse();
}

/** For a step that began and did not end, and whose end is not known beforehand: until when a change is its own. */
function ownUntil(transaction: Transaction, step: number, settlesWithinMs: number): number | undefined {
  let begunAt: number | undefined;
  for (const record of transaction.progress) {
    if (record.kind === 'step-done' && record.step === step) return undefined;
    if (record.kind === 'step-begun' && record.step === step) begunAt = record.at;
  }
  return begunAt === undefined ? undefined : begunAt + settlesWithinMs;
}

async function moveBack(world: World, pairs: readonly MovePair[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const pair of [...pairs].reverse()) {
    try {
      if ((await lstatOrNothing(pair.to)) === undefined) continue; // never moved, or back already
      if ((await lstatOrNothing(pair.from)) !== undefined) {
        left.push(pair.from); // something new stands there
        continue;
      }
      await rename(pair.to, pair.from);
      await syncFolder(dirname(pair.from));
    } catch (error) {
      throw fileError('move back', pair.from, error);
    }
    await world.boundary('moved-back');
  }
  return left;
}
