/**
 * Gives sessions another model provider, so that Codex lists them again. The provider stands in the first line of the
 * session file; the database follows it (0.133 and 0.169 correct the row from the file whenever they list), so both are
 * changed, the file by exactly that one value.
 */
import { readFirstLine } from '../../codex/sessions.ts';
import type { StateDatabase, StateThread } from '../../codex/state-db.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { RepairPlan, Step } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

/** Files of this many bytes in all are backed up before the change. */
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

/** Re-tags exactly those threads; refused where one of their files cannot be changed safely. */
export async function planRetag(
  state: StateDatabase,
  threads: readonly StateThread[],
  provider: string,
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const steps: Step[] = [];
  let total = 0;
  for (const thread of threads) {
    const step = await headerStep(thread, provider);
    if (step === null) continue; // its file has that provider already, or is gone: then only the row is wrong
    if ('refused' in step) return step;
    steps.push(step);
    if (step.kind === 'text-edit' && (step.expect.kind === 'content' || step.expect.kind === 'stat')) {
      total += step.expect.size;
    }
  }
  if (total > MAX_TOTAL_BYTES) {
    return {
      refused: `these sessions are ${Math.round(total / 1e6)} MB, too much to back up here: return to their provider instead`,
    };
  }
  const { path } = state.file;
  steps.push({
    kind: 'sqlite',
    path,
    expect: await fingerprint(path),
    statements: threads.map(({ id }) => ({
      sql: 'UPDATE threads SET model_provider = ? WHERE id = ?',
      params: [provider, id],
    })),
  });
  return {
    repairId,
    summary: `Give ${threads.length} sessions the model provider "${provider}", in their files and in the database`,
    steps,
    requiresStopped: 'all',
  };
}

async function headerStep(thread: StateThread, provider: string): Promise<Step | RepairRefusal | null> {
  const line = await readFirstLine(thread.rolloutPath);
  if (line.kind === 'missing') return null;
  if (line.kind !== 'ok') return { refused: `${thread.rolloutPath}: ${line.message}` };
  const { findNodeAtLocation, parseTree } = await import('jsonc-parser');
  const tree = parseTree(line.value);
  const node = tree && findNodeAtLocation(tree, ['payload', 'model_provider']);
  if (node?.type !== 'string')
    return { refused: `${thread.rolloutPath}: its header names no model provider` };
  if (node.value === provider) return null;
  return {
    kind: 'text-edit',
    path: thread.rolloutPath,
    expect: await fingerprint(thread.rolloutPath),
    splices: [{ start: node.offset, end: node.offset + node.length, text: JSON.stringify(provider) }],
    mustParse: null,
  };
}
