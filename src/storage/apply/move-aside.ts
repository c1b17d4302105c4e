/**
 * `move-aside`: renames, so that 2 GB take no time and nothing is ever deleted. The journal is the place for it; what
 * lies on another file system stays there, beside its old name.
 */
import { lstat, rename } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { StewardError, systemCode } from '../../errors.ts';
import { ensurePrivateFolder, syncFolder } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { lstatOrNothing } from '../journal/images.ts';
import type { MovePair } from '../journal/records.ts';
import { isBelow } from '../journal/restore.ts';
import { redact } from '../redact.ts';
import type { StepHandler } from './step-handler.ts';

export const prepareMoveAside: StepHandler<'move-aside'> = async (step, context) => {
  if (isBelow(context.stewardFolder, step.path)) {
    throw new StewardError('ERR_STORAGE_OWN_FOLDER', 'bug', `${step.path} holds the journal itself`);
  }
  const moved = join(context.folder, 'moved');
  await ensurePrivateFolder(moved);
  const journalDevice = (await lstat(moved)).dev;
  const pairs: MovePair[] = [];
  for (const from of [step.path, ...step.sidecars.map((name) => sidecar(step.path, name))]) {
    const stat = await lstatOrNothing(from);
    if (stat === undefined) continue;
    const inJournal = join(moved, `${context.index}-${basename(from)}`);
    pairs.push({ from, to: stat.dev === journalDevice ? inJournal : beside(from, context.transactionId) });
    context.willLeave(from, null);
  }
  return {
    listing: redact(`${step.path}: move aside`),
    undo: { kind: 'moves', pairs },
    apply: async ({ record, boundary }) => {
      let current: readonly MovePair[] = pairs;
      for (const [index] of pairs.entries()) {
        const pair = current[index];
        if (pair === undefined) continue;
        try {
          await moveOne(pair);
        } catch (error) {
          if (systemCode(error) !== 'EXDEV') throw fileError('move', pair.from, error);
          // Two mounts of one device; only the attempt shows it. The new place is on record before the file goes there.
          current = current.with(index, { from: pair.from, to: beside(pair.from, context.transactionId) });
          record({ kind: 'moves', step: context.index, pairs: current });
          await moveOne(current[index] ?? pair);
        }
        await boundary(`moved-${index}`);
      }
      return null;
    },
  };
};

/** Renames, never over anything, and makes both names durable. */
export async function moveOne(pair: MovePair): Promise<void> {
  if ((await lstatOrNothing(pair.to)) !== undefined) {
    throw new StewardError(
      'ERR_STORAGE_IN_THE_WAY',
      'environment',
      `cannot move ${pair.from}: ${pair.to} exists`,
      {
        hint: `Look at ${pair.to}; if it is not needed, move it away.`,
        details: { path: pair.to },
      },
    );
  }
  await rename(pair.from, pair.to);
  await syncFolder(dirname(pair.to));
  await syncFolder(dirname(pair.from));
}

function beside(path: string, id: string): string {
  return `${path}.steward-${id}`;
}

function sidecar(path: string, name: string): string {
  if (name.startsWith('-') || name.startsWith('.')) return path + name;
  return isAbsolute(name) ? name : join(dirname(path), name);
}
