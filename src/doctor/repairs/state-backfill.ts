/** Gives up the claim of a dead Codex on the index build, so that the next Codex takes it over at once. */
import type { StateDatabase } from '../../codex/state-db.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan } from '../../storage/steps.ts';

/**
 * `pending` is what a new database starts with: the next Codex builds the index (seen with 0.133 and 0.169). It is
 * never marked complete by hand, and what was indexed stays.
 */
export async function planReleaseBackfill(state: StateDatabase, repairId: string): Promise<RepairPlan> {
  const { path } = state.file;
  return {
    repairId,
    summary: 'Release the index build that its Codex left behind; the next Codex finishes it',
    steps: [
      {
        kind: 'sqlite',
        path,
        expect: await fingerprint(path),
        statements: [
          { sql: "UPDATE backfill_state SET status = 'pending' WHERE status = 'running'", params: [] },
        ],
      },
    ],
    requiresStopped: 'all',
  };
}
