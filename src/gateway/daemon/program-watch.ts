/** Whether the package was replaced under the running gateway, so that a newer one has to take over. */
import { stat } from 'node:fs/promises';

/**
 * To be asked now and then. True once for each change of that file, and only when it has stayed as it is from one question to
 * the next: an installation takes its time. A file that is gone is no change.
 */
export function createProgramWatch(path: string): () => Promise<boolean> {
  let known: string | null = null;
  let seen: string | null = null;
  return async () => {
    const mark = await markOf(path);
    const isSettled = mark === seen;
    seen = mark;
    known ??= mark;
    if (mark === null || mark === known || !isSettled) return false;
    known = mark;
    return true;
  };
}

async function markOf(path: string): Promise<string | null> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return null; // being replaced, or uninstalled: then nothing can take over
  }
}
