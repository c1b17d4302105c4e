/** Gives a cloned home an identity of its own: a new installation id, no enrolments of the old one. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readGlobalState } from '../../codex/global-state.ts';
import type { CodexScope } from '../../codex/home.ts';
import { type RemoteEnrollment, readEnrollments } from '../../codex/state-db.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, RepairRefusal } from '../../storage/steps.ts';

import { globalStateSteps, localIdEdits } from './pairing.ts';
import { deleteRowsStep } from './rows.ts';

/**
 * Writes a new `installation_id` and clears what was enrolled under the old one, here; the other machine keeps it. `wanted`: the
 * rows to clear, by default those of every account.
 */
export async function planRotateInstallationId(
  scope: CodexScope,
  wanted?: readonly RemoteEnrollment[],
): Promise<RepairPlan | RepairRefusal> {
  const path = join(scope.home.path, 'installation_id');
  const state = await globalStateSteps(await readGlobalState(scope), localIdEdits);
  if ('refused' in state) return state;
  const read = await readEnrollments(scope);
  const rows = wanted ?? (read.kind === 'ok' ? read.value : []);
  return {
    repairId: 'remote.identity_collision.rotate',
    summary: 'Give this machine a new installation id and clear the enrolments made under the old one.',
    steps: [
      // As Codex writes it: 36 characters, no line break.
      { kind: 'write-file', path, expect: await fingerprint(path), content: randomUUID(), mode: 0o644 },
      ...state,
      ...(await deleteRowsStep(scope, rows)),
    ],
    requiresStopped: 'all',
  };
}
