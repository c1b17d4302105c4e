/** Takes a repair back, if everything it touched still is what it left. */
import { join } from 'node:path';
import { hasImages } from './folder.ts';
import type { UndoOutcome, UndoRefusal, UndoRefused } from './outcome.ts';
import type { Transaction } from './records.ts';
import { readTransaction } from './records.ts';
import { findObstacle, takeBack } from './take-back.ts';
import { stateOf, type World } from './world.ts';

/** Undoes that transaction. The caller holds the lock and has recovered what was unfinished. */
export async function undoTransaction(world: World, id: string): Promise<UndoOutcome> {
  const transaction = await readTransaction(join(world.paths.journal, id));
  if (transaction === undefined) return refused({ kind: 'unknown' }, `there is no repair ${id}`);
  const refusal = await whyNot(world, transaction);
  if (refusal !== undefined) return refusal;

  world.record(transaction.folder, { kind: 'undo-begun' });
  await world.boundary('undo-begun');
  await takeBack(world, transaction);
  world.record(transaction.folder, { kind: 'undone' });
  await world.boundary('undone');
  const notUndone = transaction.intent.steps.flatMap(({ undo }) => (undo.kind === 'none' ? [undo.why] : []));
  return { kind: 'undone', id, notUndone };
}

async function whyNot(world: World, transaction: Transaction): Promise<UndoRefused | undefined> {
  const { intent, folder, progress } = transaction;
  const state = stateOf(progress);
  if (state !== 'repaired') {
    const how = state === 'undone' ? 'was undone already' : 'never took effect';
    return refused({ kind: 'not-in-effect' }, `the repair ${intent.id} ${how}`);
  }
  if (intent.credentials) {
    const instead = 'use the inverse operation, such as switching back to the other account';
    return refused({ kind: 'no-images' }, `old tokens are not kept; ${instead}`);
  }
  if (!(await hasImages(folder))) {
    return refused(
      { kind: 'no-images' },
      `the backups of ${intent.id} were removed to keep the journal small`,
    );
  }
  if (intent.requiresStopped !== 'nothing') {
    const processes = (await world.runningProcesses())[intent.requiresStopped];
    const list = processes.map(({ pid, command }) => `${command} (pid ${pid})`).join(', ');
    if (processes.length > 0) return refused({ kind: 'running', processes }, `close Codex first: ${list}`);
  }
  const path = await findObstacle(world, transaction);
  if (path === undefined) return undefined;
  return refused({ kind: 'changed', path }, `${path} changed since the repair; undoing would lose that`);
}

function refused(refusal: UndoRefusal, reason: string): UndoRefused {
  return { kind: 'refused', reason, refusal };
}
