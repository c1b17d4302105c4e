/** `set-mode` and `set-owner`: the content is not looked at, so it may be unreadable to us. */
import { chmod, chown } from 'node:fs/promises';
import { linkEnd } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { type ImageEntry, readState } from '../journal/images.ts';
import { SETTLES_MS } from '../journal/records.ts';
import { redact } from '../redact.ts';
import type { StepHandler } from './step-handler.ts';

export const prepareAttributes: StepHandler<'set-mode' | 'set-owner'> = async (step, context) => {
  const path = await linkEnd(step.path);
  const [before] = await context.takeImages([path], 'attributes');
  const after = changed(
    before,
    step.kind === 'set-mode' ? { mode: step.mode } : { uid: step.uid, gid: step.gid },
  );
  const what = step.kind === 'set-mode' ? `mode ${step.mode.toString(8)}` : `owner ${step.uid}:${step.gid}`;
  return {
    listing: redact(`${step.path}: ${what}`),
    undo: {
      kind: 'images',
      before: before === undefined ? [] : [before],
      after: after === undefined ? null : [after],
      shape: 'files',
      settlesWithinMs: SETTLES_MS,
      temporary: [],
    },
    apply: async () => {
      try {
        if (step.kind === 'set-mode') await chmod(path, step.mode);
        else await chown(path, step.uid, step.gid);
      } catch (error) {
        throw fileError('change the attributes of', path, error);
      }
      return await readState(path, 'attributes');
    },
  };
};

function changed(
  before: ImageEntry | undefined,
  change: { readonly mode?: number; readonly uid?: number; readonly gid?: number },
): ImageEntry | undefined {
  return before?.kind === 'attributes' ? { ...before, ...change } : undefined;
}
