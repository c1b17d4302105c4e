/** Whether something stands at a path, for those to whom the reason why not makes no difference. */
import { access } from 'node:fs/promises';

/** Whether `path` (followed through links) is there, and usable by this user in the given `mode` of `access(2)`. */
export async function isThere(path: string, mode?: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
