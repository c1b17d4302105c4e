import { stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccountsHome, makeAccountsHome, NOW } from '../../../test/support/accounts-home.ts';
import type { BudgetLimit } from '../store/budgets-store.ts';
import { evaluateBudget } from './budget.ts';
import { readForeignLedger } from './foreign-ledger.ts';
import {
  insertUsage,
  listUsage,
  openLedger,
  openLedgerToRead,
  pruneUsage,
  stewardDatabasePath,
} from './ledger.ts';
import type { UsageRecord } from './record.ts';
import { grandTotal, sumRecords, sumUsage } from './summary.ts';

const ALL = { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
const DAY = 86_400_000;

let home: AccountsHome;
beforeEach(async () => {
  home = await makeAccountsHome();
});
afterEach(() => home.remove());

function record(n: number, more: Partial<UsageRecord> = {}): UsageRecord {
  return {
    id: `r${n}`,
    createdAt: NOW - n * DAY,
    source: 'gateway',
    operation: 'responses',
    outcome: n % 3 === 0 ? 'failure' : 'success',
    model: n % 2 === 0 ? 'gpt-5.5' : null,
    projectKey: n < 3 ? 'mine-0123456789ab' : null,
    accountKey: `sha256:${n % 2}`,
    requestId: null,
    statusCode: 200,
    errorCode: null,
    durationMs: 12.7,
    tokens: n === 5 ? null : { input: 10, cachedInput: 4, output: 5, reasoning: 1, total: 15 },
    costUsd: n === 0 ? 0.25 : null,
    ...more,
  };
}

describe('the ledger', () => {
  it('gives back what was put in, newest first, and takes each record once; others cannot read it', async () => {
    expect(await openLedgerToRead(home.scope)).toBeNull();
    const db = await openLedger(home.scope);
    const records = [0, 1, 2, 3, 4, 5].map((n) => record(n));
    expect(insertUsage(db, records)).toBe(6);
    expect(insertUsage(db, [record(3), record(6)])).toBe(1);
    const [first, ...rest] = listUsage(db, ALL, -1);
    expect(first).toEqual({ ...record(0), durationMs: 13 });
    expect(rest.map(({ id }) => id)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5', 'r6']);
    expect(rest.find(({ id }) => id === 'r5')?.tokens).toBeNull();
    await db.close();
    expect((await stat(stewardDatabasePath(home.scope))).mode & 0o777).toBe(0o600);
  });

  it('sums in SQL what the records sum to by hand, whatever the grouping', async () => {
    const db = await openLedger(home.scope);
    const records = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => record(n));
    insertUsage(db, records);
    for (const by of ['model', 'account', 'project', 'outcome', 'day'] as const) {
      expect(sumUsage(db, ALL, by)).toEqual(sumRecords(records, by));
    }
    const recent = { sinceMs: NOW - 2 * DAY, untilMs: NOW + 1, projectKey: 'mine-0123456789ab' };
    expect(grandTotal(sumUsage(db, recent, 'model'))).toMatchObject({
      requests: 3,
      failures: 1,
      costUsd: 0.25,
      unpriced: 2,
    });
    await db.close();
  });

  it('stays within its bounds: the old first, then the oldest of too many', async () => {
    const db = await openLedger(home.scope);
    insertUsage(
      db,
      [0, 1, 2, 3, 4, 5].map((n) => record(n)),
    );
    expect(pruneUsage(db, NOW, { maxAgeMs: 4.5 * DAY, maxRows: 3 })).toBe(3);
    expect(listUsage(db, ALL, -1).map(({ id }) => id)).toEqual(['r0', 'r1', 'r2']);
    await db.close();
  });
});

describe("codex-multi-auth's ledger", () => {
  it('is read with what is broken in it counted, and is not needed', async () => {
    expect(await readForeignLedger(home.root, ALL)).toMatchObject({ records: [], skipped: 0 });
    const row = {
      version: 1,
      id: 'x',
      createdAt: NOW,
      source: 'proxy',
      operation: 'responses',
      outcome: 'blocked',
      model: 'gpt-5.4',
      account: { accountHash: 'abc', emailHash: 'def', index: 0 },
      tokens: { inputTokens: 7, outputTokens: 1, totalTokens: 8 },
      costUsd: 0.5,
    };
    await home.write('usage/usage-ledger.jsonl', 'x');
    await writeFile(`${home.root}/usage/usage-ledger.jsonl`, `${JSON.stringify(row)}\r\n{"id":1}\n{cut`);
    const { records, skipped } = await readForeignLedger(home.root, ALL);
    expect(skipped).toBe(2);
    expect(records).toMatchObject([
      { outcome: 'blocked', accountKey: 'abc', tokens: { input: 7, cachedInput: 0, total: 8 }, costUsd: 0.5 },
    ]);
    expect((await readForeignLedger(home.root, { ...ALL, sinceMs: NOW + 1 })).records).toEqual([]);
  });
});

describe('a budget', () => {
  const limit: BudgetLimit = {
    key: 'k',
    window: 'day',
    maxRequests: 3,
    maxTokens: null,
    maxCostUsd: 1,
    updatedAt: 0,
  };
  it('is reached when the limit is met, and says which', () => {
    const used = (requests: number, costUsd: number) => ({ ...grandTotal([]), requests, costUsd });
    expect(evaluateBudget(limit, used(2, 0.5))).toMatchObject({ allowed: true, reasons: [] });
    expect(evaluateBudget(limit, used(3, 1.5))).toMatchObject({
      allowed: false,
      reasons: ['3 of 3 requests in the last day', '1.50 of 1.00 US dollars in the last day'],
    });
  });
});
