/** Repairs of the account pool: its last good copy back in place, and waits that the server has lifted taken out. */
import * as v from 'valibot';
import { readText } from '../../codex/reading.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { JsonEdit, RepairPlan } from '../../storage/steps.ts';
import type { RepairRefusal } from '../check.ts';

const MAX_POOL_BYTES = 64 * 1024 * 1024;

/** The write-ahead file holds the whole pool as a text. */
const WriteAhead = v.looseObject({ content: v.string() });

/** Puts the content of that copy (a backup, or the write-ahead file) in place of the pool file. */
export async function planPoolRecovery(
  poolFile: string,
  copy: string,
  repairId: string,
): Promise<RepairPlan | RepairRefusal> {
  const text = await readText(copy, MAX_POOL_BYTES);
  if (text.kind !== 'ok') return { refused: `${copy} can no longer be read` };
  const content = copy.endsWith('.wal') ? contentOf(text.value) : text.value;
  if (content === null) return { refused: `${copy} holds no whole pool` };
  return {
    repairId,
    summary: 'Put the last good copy of the account pool in its place',
    steps: [
      { kind: 'write-file', path: poolFile, expect: await fingerprint(poolFile), content, mode: 0o600 },
    ],
    requiresStopped: 'nothing',
    credentials: true,
  };
}

function contentOf(writeAhead: string): string | null {
  try {
    const parsed = v.safeParse(WriteAhead, JSON.parse(writeAhead));
    return parsed.success ? parsed.output.content : null;
  } catch {
    return null; // the caller says which file it was
  }
}

/** Takes those members out of those rows of the pool file. */
export async function planWaitRemoval(
  poolFile: string,
  waits: readonly {
    readonly row: number;
    readonly limitKeys: readonly string[];
    readonly hasCooldown: boolean;
  }[],
  repairId: string,
): Promise<RepairPlan> {
  const edits = waits.flatMap(({ row, limitKeys, hasCooldown }): JsonEdit[] => {
    const members = limitKeys.map((key) => ['rateLimitResetTimes', key]);
    if (hasCooldown) members.push(['coolingDownUntil'], ['cooldownReason']);
    return members.map((member) => ({ op: 'delete', path: ['accounts', row, ...member] }));
  });
  return {
    repairId,
    summary: 'Forget the waits of accounts that OpenAI accepts again',
    steps: [{ kind: 'json-edit', path: poolFile, expect: await fingerprint(poolFile), edits }],
    requiresStopped: 'nothing',
    credentials: true,
  };
}
