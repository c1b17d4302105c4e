/** Repairs of databases as files: set one aside, so that Codex makes a new one. Nothing is ever deleted. */
import type { DatabaseFile } from '../../codex/database-files.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

/** What is only in that database, said before anybody agrees to set it aside. */
export function lossOf(topic: string): string {
  switch (topic) {
    case 'state':
      return 'Codex lists the sessions anew from the session files; names and pins of threads and the pairing of remote control stay behind in the copy';
    case 'logs':
      return 'it holds diagnostics only';
    case 'goals':
      return 'the goals set for threads stay behind in the copy; sessions are not touched';
    case 'memories':
      return 'memories drawn from past sessions stay behind in the copy; sessions are not touched';
    case 'queue':
      return 'messages queued and not yet sent stay behind in the copy; sessions are not touched';
    case 'thread_history':
      return 'Codex builds it anew from the session files';
    default:
      return 'what only this database holds stays behind in the copy; sessions are not touched';
  }
}

/** Moves the database with its `-wal` and `-shm` aside; a `-wal` alone where the main file is gone. */
export async function planSetAside(
  file: DatabaseFile,
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const steps: Step[] = [];
  const main = await fingerprint(file.path);
  if (main.kind !== 'absent') {
    steps.push({ kind: 'move-aside', path: file.path, expect: main, sidecars: ['-wal', '-shm'] });
  } else {
    for (const suffix of ['-wal', '-shm']) {
      const path = `${file.path}${suffix}`;
      const expect = await fingerprint(path);
      if (expect.kind !== 'absent') steps.push({ kind: 'move-aside', path, expect, sidecars: [] });
    }
  }
  if (steps.length === 0) return { refused: `${file.path} is gone` };
  return {
    repairId,
    summary: `Set ${file.path} aside: ${lossOf(file.topic)}`,
    steps,
    requiresStopped: 'all',
  };
}
