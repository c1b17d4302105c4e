/** Whether somebody worked with that Codex home: an empty folder is no reason to miss a program. */
import { access } from 'node:fs/promises';
import { join } from 'node:path';

export async function isUsedHome(home: string): Promise<boolean> {
  for (const name of ['auth.json', 'sessions', 'history.jsonl', 'config.toml']) {
    const there = await access(join(home, name)).then(
      () => true,
      () => false, // not there, or the home is not ours to look at: other checks report that
    );
    if (there) return true;
  }
  return false;
}
