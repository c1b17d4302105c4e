/** The three last states of a file, as codex-multi-auth 2.8 names them: `.bak`, `.bak.1`, `.bak.2`. */
import { readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../errors.ts';
import { fileError } from '../../storage/file-error.ts';
import { backupFiles } from './pool-read.ts';
import { writePrivate } from './private-files.ts';

/** Makes the present state of the file its newest backup. The copy is complete before an older one moves. */
export async function rotateBackups(file: string): Promise<void> {
  const [newest = '', middle = '', oldest = ''] = backupFiles(file);
  if (await isSame(file, newest)) return;
  const staged = join(dirname(file), `.${basename(newest)}.steward-copy`);
  await writePrivate(staged, { copyOf: file });
  await move(middle, oldest);
  await move(newest, middle);
  await move(staged, newest);
}

/** After a crash the present state may have its backup already; three copies of it would push the older ones out. */
async function isSame(file: string, backup: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [file, backup].map((path) => readFile(path).catch(() => undefined)), // no backup yet: not the same
  );
  return one !== undefined && other !== undefined && one.equals(other);
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError('move', from, error);
  }
}
