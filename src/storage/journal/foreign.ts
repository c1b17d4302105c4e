/**
 * Tells what a step left from what somebody else wrote since: nothing of the latter is ever overwritten.
 */
import { type ImageEntry, readState, sameContent } from './images.ts';
import type { UndoData } from './records.ts';
import { rootsOf } from './restore.ts';

type Images = Extract<UndoData, { kind: 'images' }>;

export interface ForeignScope {
  /** Per path, the states that the transaction leaves. */
  readonly left: ReadonlyMap<string, readonly ImageEntry[]>;
  /** Epoch ms up to which any change is the step's own: it began and was never recorded as done. */
  readonly ownUntil: number | undefined;
  readonly skip: string;
  /** Ending of the temporary files of this transaction. */
  readonly tempSuffix: string;
  /** Where a path is now, while a later move has not been taken back yet. */
  whereIs(path: string): string;
}

/** The paths under these images that are neither as before nor as the transaction left them. */
export async function foreignPaths(undo: Images, scope: ForeignScope): Promise<readonly string[]> {
  const now = await currentStates(undo, scope);
  const before = new Map(undo.before.map((entry) => [entry.path, entry]));
  const foreign: string[] = [];
  for (const entry of now) {
    if (entry.path.endsWith(scope.tempSuffix)) continue;
    if (undo.shape === 'database' && isHarmlessSidecar(entry)) continue;
    const known = [...(scope.left.get(entry.path) ?? [])];
    const original = before.get(entry.path);
    if (original !== undefined) known.push(original);
    if (known.some((state) => sameContent(state, entry))) continue;
    // What the step deleted, or never made, is in no list; what it made is not in the original.
    if (entry.kind === 'absent' && undo.shape !== 'files') continue;
    if (scope.ownUntil !== undefined && changedBefore(entry, scope.ownUntil)) continue;
    foreign.push(entry.path);
  }
  return foreign;
}

async function currentStates(undo: Images, scope: ForeignScope): Promise<readonly ImageEntry[]> {
  const entries: ImageEntry[] = [];
  const paths = undo.shape === 'tree' ? rootsOf(undo.before) : undo.before;
  for (const { path, kind } of paths) {
    const depth = kind === 'attributes' ? 'attributes' : undo.shape === 'tree' ? 'tree' : 'file';
    const place = scope.whereIs(path);
    for (const entry of await readState(place, depth, scope.skip)) {
      entries.push({ ...entry, path: path + entry.path.slice(place.length) });
    }
  }
  return entries;
}

/** SQLite itself empties the one and rewrites the other without any change to the data. */
function isHarmlessSidecar(entry: ImageEntry): boolean {
  if (entry.path.endsWith('-shm')) return true;
  const isLog = entry.path.endsWith('-wal') || entry.path.endsWith('-journal');
  return isLog && (entry.kind === 'absent' || (entry.kind === 'file' && entry.size === 0));
}

function changedBefore(entry: ImageEntry, time: number): boolean {
  return entry.kind === 'file' || entry.kind === 'folder' ? entry.mtimeMs <= time : true;
}
