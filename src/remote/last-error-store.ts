/**
 * Remembers the last error between two commands: `$CODEX_HOME/steward/remote.json`. Codex forgets it with its process, and
 * a status that only says "errored" helps nobody.
 */
import { chown, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { CodexReader, CodexScope } from '../codex/home.ts';
import { readText } from '../codex/reading.ts';
import { StewardError, systemCode } from '../errors.ts';
import { ensurePrivateFolder, writeFileAtomic } from '../storage/atomic-file.ts';
import type { LastError } from './last-error.ts';
import { lastErrorSchema } from './last-error-schema.ts';

const MAX_BYTES = 64 * 1024;
const stored = v.object({ schemaVersion: v.literal(1), lastError: v.nullable(lastErrorSchema) });

function storePath(home: string): string {
  return join(home, 'steward', 'remote.json');
}

/** What was remembered; `null` where nothing was, or the file is not ours any more. */
export const readStoredError: CodexReader<LastError | null> = async ({ home }) => {
  const file = await readText(storePath(home.path), MAX_BYTES);
  if (file.kind !== 'ok') return null;
  try {
    const parsed = v.safeParse(stored, JSON.parse(file.value));
    return parsed.success ? parsed.output.lastError : null;
  } catch {
    return null; // it is a memory, not a source: the next look fills it again
  }
};

/**
 * Remembers the error, or forgets the one remembered (`null`). Writes only what has changed. A home that cannot be written to
 * (full, read-only) loses the memory, not the answer: whoever asks is told the error all the same.
 */
export async function storeError(scope: CodexScope, lastError: LastError | null): Promise<void> {
  const before = await readStoredError(scope);
  if (JSON.stringify(before) === JSON.stringify(lastError)) return;
  try {
    await write(scope, lastError);
  } catch (error) {
    const isMachines =
      error instanceof StewardError ? error.kind === 'environment' : systemCode(error) !== undefined;
    if (!isMachines) throw error;
  }
}

async function write({ home, host }: CodexScope, lastError: LastError | null): Promise<void> {
  const folder = join(home.path, 'steward');
  await ensurePrivateFolder(folder);
  const { uid, gid } = await stat(home.path);
  // Root looking into somebody's home must not leave anything behind that its owner cannot write.
  const isForSomebody = host.uid === 0 && uid !== 0;
  if (isForSomebody && (await stat(folder)).uid === 0) await chown(folder, uid, gid);
  const text = `${JSON.stringify({ schemaVersion: 1, lastError }, null, 2)}\n`;
  await writeFileAtomic(storePath(home.path), text, {
    mode: 0o600,
    ...(isForSomebody ? { owner: { uid, gid } } : {}),
  });
}
