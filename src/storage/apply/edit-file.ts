/** `toml-edit`, `json-edit`, `text-edit`, `write-file`: new content for one file, worked out before anything is touched. */
import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, StewardError } from '../../errors.ts';
import { linkEnd, tempPath, writeFileAtomic } from '../atomic-file.ts';
import { fileError } from '../file-error.ts';
import { type ImageEntry, lstatOrNothing, readState, sha256Of } from '../journal/images.ts';
import { SETTLES_MS } from '../journal/records.ts';
import { editJson } from '../json-edit.ts';
import { redact } from '../redact.ts';
import { spliceText } from '../text-edit.ts';
import { editToml } from '../toml-edit.ts';
import type { StepHandler, StepOf } from './step-handler.ts';

type EditKind = 'toml-edit' | 'json-edit' | 'text-edit' | 'write-file';
const BOM = '\uFEFF';
/** Most files of a Codex home may hold a secret. */
const NEW_FILE_MODE = 0o600;

/** Prepares one of the four; they differ only in how the new content comes about. */
export const prepareEdit: StepHandler<EditKind> = async (step, context) => {
  const path = await linkEnd(step.path);
  const before = await context.contentOf(path);
  const next = Buffer.from(await newContent(step, before));
  const images = await context.takeImages([path], 'file');
  context.willLeave(path, next);

  const stat = await lstatOrNothing(path);
  const mode =
    stat === undefined ? (step.kind === 'write-file' ? step.mode : NEW_FILE_MODE) : stat.mode & 0o7777;
  const after: ImageEntry = {
    path,
    kind: 'file',
    size: next.length,
    sha256: sha256Of(next),
    mtimeMs: 0,
    stored: null,
    mode,
    // The owner of a new file is known once its folder is there; states are compared by content.
    uid: stat?.uid ?? 0,
    gid: stat?.gid ?? 0,
  };
  const tempSuffix = `.${context.transactionId}`;
  return {
    listing: listing(step),
    undo: {
      kind: 'images',
      before: images,
      after: [after],
      shape: 'files',
      settlesWithinMs: SETTLES_MS,
      temporary: [tempPath(path, tempSuffix)],
    },
    apply: async ({ boundary }) => {
      await requireContent(path, before);
      if (before === null || !before.equals(next)) {
        const owner = stat ?? (await ownerOfNewFile(path));
        await writeFileAtomic(path, next, {
          mode,
          owner,
          tempSuffix,
          onWritten: () => boundary('temp-written'),
        });
      }
      return await readState(path, 'file');
    },
  };
};

async function newContent(step: StepOf<EditKind>, before: Buffer | null): Promise<string> {
  if (step.kind === 'write-file') return step.content;
  const text = decode(before ?? Buffer.from(step.kind === 'json-edit' ? '{}\n' : ''), step.path);
  if (step.kind === 'toml-edit') return await editToml(text, step.edits);
  if (step.kind === 'json-edit') return await editJson(text, step.edits);
  const hasBom = text.startsWith(BOM);
  const edited = spliceText(hasBom ? text.slice(1) : text, step.splices);
  await requireValid(edited, step);
  return hasBom ? BOM + edited : edited;
}

async function requireValid(text: string, step: StepOf<'text-edit'>): Promise<void> {
  try {
    if (step.mustParse === 'json') JSON.parse(text);
    if (step.mustParse === 'toml') (await import('smol-toml')).parse(text, { integersAsBigInt: 'asNeeded' });
  } catch (error) {
    const [summary = ''] = messageOf(error).split('\n', 1);
    throw new StewardError(
      'ERR_STORAGE_EDIT_INVALID',
      'bug',
      `${step.path} would still not be valid: ${redact(summary)}`,
      {
        hint: 'Nothing was written. Correct the file by hand.',
        details: { path: step.path },
      },
    );
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new StewardError('ERR_STORAGE_NOT_TEXT', 'user', `${path} is not UTF-8 text`, {
      hint: 'Save it as UTF-8.',
      details: { path },
      cause: error,
    });
  }
}

/** The last look before the change: somebody may have saved the file since it was read. */
async function requireContent(path: string, expected: Buffer | null): Promise<void> {
  const [state] = await readState(path, 'file');
  const isSame =
    expected === null
      ? state?.kind === 'absent'
      : state?.kind === 'file' && state.sha256 === sha256Of(expected);
  if (!isSame) {
    throw new StewardError(
      'ERR_STORAGE_CHANGED',
      'environment',
      `${path} was changed by another program just now`,
      {
        hint: 'Run the command again.',
        details: { path },
      },
    );
  }
}

/** Under `sudo`, a new file belongs to whom its folder belongs, not to root. */
async function ownerOfNewFile(path: string): Promise<{ readonly uid: number; readonly gid: number }> {
  const folder = await lstat(dirname(path)).catch((error: unknown) => {
    throw fileError('write', path, error);
  });
  const uid = process.getuid?.() ?? folder.uid;
  return uid === 0 ? folder : { uid, gid: process.getgid?.() ?? folder.gid };
}

/** Keys and places are named, values are not. */
function listing(step: StepOf<EditKind>): string {
  switch (step.kind) {
    case 'toml-edit':
      return redact(
        `${step.path}: ${step.edits.map((edit) => `${edit.op} ${edit.key.join('.')}`).join(', ')}`,
      );
    case 'json-edit':
      return redact(
        `${step.path}: ${step.edits.map((edit) => `${edit.op} ${edit.path.join('.')}`).join(', ')}`,
      );
    case 'text-edit':
      return redact(
        `${step.path}: correct ${step.splices.length} place${step.splices.length === 1 ? '' : 's'}`,
      );
    case 'write-file':
      return redact(`${step.path}: write the whole file`);
  }
}
