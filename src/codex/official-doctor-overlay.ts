/**
 * A stand-in for a Codex home that `codex doctor` may write into.
 *
 * Measured, 0.133 and 0.169: in the real home it leaves `tmp/arg0*`, `memories/` and a `-wal` and `-shm` beside each
 * database. The stand-in has links to everything in the home except what it would write to; below the temporary
 * folder Codex itself refuses to make helper programs.
 */
import { copyFile, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Written to, opened as a database, or too large to look at. `.env` would undo the environment that we set.
 * `auth.json`: no credentials leave their place, nothing can spend a refresh token, and 0.169 does not wait three
 * seconds for a workspace's cloud policy, without which it calls the whole configuration unloadable.
 */
const LEFT_OUT =
  /\.sqlite|^(auth\.json|tmp|memories|log|packages|sessions|archived_sessions|app-server-.*|.*-locks|steward|multi-auth|history\.jsonl|version\.json|\.env)$/;
const MAX_ENTRIES = 1000;
const MAX_COPY_BYTES = 1024 * 1024;

export interface HomeOverlay {
  readonly path: string;
  remove(): Promise<void>;
}

/** A stand-in for that home. Rejects with the system's error when the home or the temporary folder cannot be used. */
export async function createHomeOverlay(home: string, temporary = tmpdir()): Promise<HomeOverlay> {
  const entries = (await readdir(home)).filter((name) => !LEFT_OUT.test(name)).slice(0, MAX_ENTRIES);
  const path = await mkdtemp(join(temporary, 'steward-doctor-'));
  const remove = () => rm(path, { recursive: true, force: true });
  try {
    await Promise.all(entries.map((name) => addEntry(join(home, name), join(path, name))));
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function addEntry(from: string, to: string): Promise<void> {
  const target = await stat(from).catch(() => null); // a dangling or endless link: kept as it is
  if (target !== null && !target.isFile() && !target.isDirectory()) return; // reading a pipe would never end
  // Configuration is copied, so that no migration of a new version can reach the real one.
  const copy = target?.isFile() && from.endsWith('.toml') && target.size <= MAX_COPY_BYTES;
  if (
    copy &&
    (await copyFile(from, to).then(
      () => true,
      () => false,
    ))
  )
    return;
  await symlink(from, to);
}
