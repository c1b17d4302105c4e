/** Repairs of owner and mode; each entry is its own step, so that the undo puts back exactly what it had. */
import type { TreeEntry } from '../../codex/home-tree.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';

/** Gives those entries to that user; their group stays. Never hand in a link: its target would be changed. */
export async function planOwner(
  entries: readonly TreeEntry[],
  uid: number,
  repairId: string,
): Promise<RepairPlan> {
  const steps = await Promise.all(
    entries.map(
      async ({ path, gid }): Promise<Step> => ({
        kind: 'set-owner',
        path,
        expect: await fingerprint(path),
        uid,
        gid,
      }),
    ),
  );
  return {
    repairId,
    summary: `Give ${steps.length} files back to uid ${uid}`,
    steps,
    requiresStopped: 'nothing',
  };
}

/** Sets those modes, outer folders first: what is inside a closed folder cannot be changed before it. */
export async function planModes(
  changes: readonly { readonly entry: TreeEntry; readonly mode: number }[],
  repairId: string,
): Promise<RepairPlan> {
  const ordered = [...changes].sort((a, b) => a.entry.path.length - b.entry.path.length);
  const steps = await Promise.all(
    ordered.map(
      async ({ entry, mode }): Promise<Step> => ({
        kind: 'set-mode',
        path: entry.path,
        expect: await fingerprint(entry.path),
        mode,
      }),
    ),
  );
  return { repairId, summary: `Set the mode of ${steps.length} files`, steps, requiresStopped: 'nothing' };
}

/** Moves folders aside that stand where Codex wants a file. */
export async function planFoldersAside(entries: readonly TreeEntry[], repairId: string): Promise<RepairPlan> {
  const steps = await Promise.all(
    entries.map(
      async ({ path }): Promise<Step> => ({
        kind: 'move-aside',
        path,
        expect: await fingerprint(path),
        sidecars: [],
      }),
    ),
  );
  return {
    repairId,
    summary: `Set ${entries.map(({ path }) => path).join(', ')} aside`,
    steps,
    requiresStopped: 'all',
  };
}
