/**
 * The ledger of codex-multi-auth (`usage/usage-ledger.jsonl`, 2.8), read so that what was used before is still counted.
 * It is never written. Token counts in it are 0 for requests of its proxy, which did not look into streams.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import { systemCode } from '../../errors.ts';
import { fileError } from '../../storage/file-error.ts';
import type { UsageFilter } from './ledger.ts';
import { USAGE_OUTCOMES, type UsageRecord } from './record.ts';

const Text = v.fallback(v.nullish(v.string(), null), null);
const Count = v.fallback(v.nullish(v.pipe(v.number(), v.minValue(0)), null), null);
const Row = v.looseObject({
  id: v.string(),
  createdAt: v.number(),
  operation: v.fallback(v.string(), 'unknown'),
  outcome: v.fallback(v.picklist(USAGE_OUTCOMES), 'failure'),
  model: Text,
  projectKey: Text,
  account: v.fallback(v.nullish(v.looseObject({ accountHash: Text }), null), null),
  requestId: Text,
  statusCode: Count,
  errorCode: Text,
  durationMs: Count,
  tokens: v.fallback(
    v.nullish(
      v.looseObject({
        inputTokens: Count,
        cachedInputTokens: Count,
        outputTokens: Count,
        reasoningTokens: Count,
        totalTokens: Count,
      }),
      null,
    ),
    null,
  ),
  costUsd: Count,
});

export interface ForeignLedger {
  readonly path: string;
  readonly records: readonly UsageRecord[];
  /** Lines that are no records. */
  readonly skipped: number;
}

/** The matching records, oldest first; empty when there is no such file. Throws `ERR_STORAGE_FILE` when it is unreadable. */
export async function readForeignLedger(root: string, filter: UsageFilter): Promise<ForeignLedger> {
  const path = join(root, 'usage', 'usage-ledger.jsonl');
  const records: UsageRecord[] = [];
  let skipped = 0;
  try {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      if (line.trim() === '') continue;
      const record = recordOf(line);
      if (record === null) skipped += 1;
      else if (isWanted(record, filter)) records.push(record);
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw fileError('read', path, error);
  }
  return { path, records, skipped };
}

function isWanted({ createdAt, projectKey }: UsageRecord, filter: UsageFilter): boolean {
  if (createdAt < filter.sinceMs || createdAt >= filter.untilMs) return false;
  return filter.projectKey === undefined || filter.projectKey === projectKey;
}

function recordOf(line: string): UsageRecord | null {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return null; // counted by the caller
  }
  const parsed = v.safeParse(Row, json);
  if (!parsed.success) return null;
  const row = parsed.output;
  const { tokens } = row;
  return {
    id: row.id,
    createdAt: row.createdAt,
    source: 'codex-multi-auth',
    operation: row.operation,
    outcome: row.outcome,
    model: row.model,
    projectKey: row.projectKey,
    accountKey: row.account?.accountHash ?? null,
    requestId: row.requestId,
    statusCode: row.statusCode,
    errorCode: row.errorCode,
    durationMs: row.durationMs,
    tokens:
      tokens === null
        ? null
        : {
            input: tokens.inputTokens ?? 0,
            cachedInput: tokens.cachedInputTokens ?? 0,
            output: tokens.outputTokens ?? 0,
            reasoning: tokens.reasoningTokens ?? 0,
            total: tokens.totalTokens ?? 0,
          },
    costUsd: row.costUsd,
  };
}
