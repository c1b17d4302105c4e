/** `make-folder`: with its missing parents. Taken back only while they are empty. */
import { chmod, chown, lstat, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StewardError } from '../../errors.ts';
import { syncFolder } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { lstatOrNothing, readState } from '../journal/images.ts';
import { SETTLES_MS } from '../journal/records.ts';
import { redact } from '../redact.ts';
import type { StepHandler } from './step-handler.ts';

export const prepareMakeFolder: StepHandler<'make-folder'> = async (step, context) => {
  const missing: string[] = [];
  for (let path = step.path; (await lstatOrNothing(path)) === undefined; path = dirname(path))
    missing.unshift(path);
  const existing = await lstatOrNothing(step.path);
  if (existing !== undefined && !existing.isDirectory()) {
    throw new StewardError('ERR_STORAGE_IN_THE_WAY', 'environment', `${step.path} is not a folder`, {
      hint: 'Move it away first.',
      details: { path: step.path },
    });
  }
  const before = await context.takeImages(missing, 'file');
  return {
    listing: redact(`${step.path}: make folder`),
    undo: { kind: 'images', before, after: null, shape: 'files', settlesWithinMs: SETTLES_MS, temporary: [] },
    apply: async ({ boundary }) => {
      for (const path of missing) {
        try {
          await makeOne(path, step.mode);
        } catch (error) {
          throw fileError('create', path, error);
        }
        await boundary('folder-made');
      }
      return (await Promise.all(missing.map((path) => readState(path, 'file')))).flat();
    },
  };
};

async function makeOne(path: string, mode: number): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  const parent = await lstat(dirname(path));
  if (process.getuid?.() === 0 && parent.uid !== 0) await chown(path, parent.uid, parent.gid);
  await chmod(path, mode);
  await syncFolder(dirname(path));
}
