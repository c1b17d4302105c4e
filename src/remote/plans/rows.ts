/** Drops rows of `remote_control_enrollments`: Codex enrols that account anew at its next start. */

import { currentDatabase } from '../../codex/database-files.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { RemoteEnrollment } from '../../codex/state-db.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, RepairRefusal, Step } from '../../storage/steps.ts';

/** Removes exactly those rows. Refused where the database is gone. */
export async function planDropRows(
  scope: CodexScope,
  rows: readonly RemoteEnrollment[],
  repair: { readonly repairId: string; readonly summary: string },
): Promise<RepairPlan | RepairRefusal> {
  const steps = await deleteRowsStep(scope, rows);
  if (steps.length === 0) return { refused: 'there is no such enrolment any more' };
  return { ...repair, steps, requiresStopped: 'all' };
}

/** The one step that removes those rows, by their whole primary key; none where there is nothing to remove. */
export async function deleteRowsStep(
  scope: CodexScope,
  rows: readonly RemoteEnrollment[],
): Promise<readonly Step[]> {
  const file = await currentDatabase(scope, 'state');
  if (file === null || rows.length === 0) return [];
  return [
    {
      kind: 'sqlite',
      path: file.path,
      expect: await fingerprint(file.path),
      statements: rows.map((row) => ({
        sql: 'DELETE FROM remote_control_enrollments WHERE websocket_url = ? AND account_id = ? AND app_server_client_name = ?',
        params: [row.websocketUrl, row.accountId, row.clientName],
      })),
    },
  ];
}
