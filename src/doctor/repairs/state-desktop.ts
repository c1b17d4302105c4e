/** Repairs of a damaged global-state file of the desktop app, while the app is closed. */
import { stat } from 'node:fs/promises';
import { readText } from '../../codex/reading.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** Sets the file aside and, with `from`, puts that file's content in its place. */
export async function planGlobalState(
  path: string,
  from: string | null,
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const aside = { kind: 'move-aside', path, expect: await fingerprint(path), sidecars: [] } as const;
  if (from === null) {
    return { repairId, summary: `Set ${path} aside`, steps: [aside], requiresStopped: 'app' };
  }
  const content = await readText(from, MAX_BYTES);
  if (content.kind !== 'ok') return { refused: `${from} cannot be read any more` };
  const mode = (await stat(from)).mode & 0o777;
  return {
    repairId,
    summary: `Set ${path} aside and restore it from ${from}`,
    steps: [aside, { kind: 'write-file', path, expect: { kind: 'absent' }, content: content.value, mode }],
    requiresStopped: 'app',
  };
}
