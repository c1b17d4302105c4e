/** To which project a thread belongs: the one around the folder that Codex has noted for it. Asked once for a thread. */
import { findProject } from '../accounts/store/project.ts';
import type { CodexScope } from '../codex/home.ts';
import { readThreadFolders } from '../codex/thread-folders.ts';
import { createBoundedMemory } from './pool/bounded-memory.ts';

export interface ThreadProjects {
  /** The project's key, `null` outside a project, `undefined` while it is not known. Without waiting. */
  known(threadId: string): string | null | undefined;
  /** Looks those up that are not known; what Codex has not noted stays so. */
  find(threadIds: readonly string[]): Promise<void>;
}

const BOUNDS = { most: 20_000, keepMs: 7 * 24 * 3_600_000 };
/** A UUID, as Codex's threads have; other clients name theirs as they like. */
const THREAD = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Values in one query. */
const MOST_AT_ONCE = 500;

export function createThreadProjects(scope: CodexScope): ThreadProjects {
  const { now, platform } = scope.host;
  const keys = createBoundedMemory<string | null>({ ...BOUNDS, now });
  return {
    known: (threadId) => keys.get(threadId),
    find: async (threadIds) => {
      const unknown = [...new Set(threadIds)].filter((id) => THREAD.test(id) && keys.get(id) === undefined);
      for (const [id, folder] of await readThreadFolders(scope, unknown.slice(0, MOST_AT_ONCE)))
        keys.set(id, (await findProject(folder, platform))?.key ?? null);
    },
  };
}
