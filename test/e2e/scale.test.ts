/** A home that has been used for years is examined as fast as a new one. */
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { type DoctorJson, doctorJson, idsOf } from '../support/steward.ts';

const RUNS = 5;
const MB = 1024 * 1024;

let world: FaultWorld;
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
});
afterAll(() => world.remove());

/** The median time of a default run, and the last report. */
async function measure(): Promise<{ readonly ms: number; readonly report: DoctorJson }> {
  const times: number[] = [];
  let report = await doctorJson(world); // the first one warms the file cache
  for (let run = 0; run < RUNS; run += 1) {
    const startedAt = performance.now();
    report = await doctorJson(world);
    times.push(performance.now() - startedAt);
  }
  return { ms: times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0, report };
}

/** A hundred thousand rows of the real table, then pages without rows: nothing may read through either. */
async function growLogDatabase(): Promise<void> {
  const path = join(world.codexHome, 'logs_2.sqlite');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
  db.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
     INSERT INTO logs (ts, ts_nanos, level, target, feedback_log_body, estimated_bytes)
     SELECT unixepoch() - 90000 - i, i, 'INFO', 'codex_core::client', 'a line of an ordinary log, number ' || i, 100 FROM n`,
  );
  db.exec('COMMIT; PRAGMA journal_mode = WAL');
  db.close();
  await truncate(path, 2048 * MB);
}

async function addSessions(count: number, bytes: number, year: number): Promise<void> {
  const add = async (n: number) => {
    const day = join(
      String(year),
      String((n % 12) + 1).padStart(2, '0'),
      String((n % 28) + 1).padStart(2, '0'),
    );
    const id = `019a0000-0000-7000-8000-${String(year)}${String(n).padStart(8, '0')}`;
    const stamp = day.replaceAll('/', '-');
    const path = join(world.codexHome, 'sessions', day, `rollout-${stamp}T00-00-00-${id}.jsonl`);
    const meta = {
      timestamp: `${stamp}T00:00:00Z`,
      type: 'session_meta',
      payload: {
        id,
        cwd: '/srv',
        originator: 'codex_exec',
        cli_version: '0.169.0',
        model_provider: 'openai',
      },
    };
    if (n < 400) await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(meta)}\n`);
    if (bytes > 1000) await truncate(path, bytes);
  };
  for (let n = 0; n < count; n += 200) {
    await Promise.all(Array.from({ length: Math.min(200, count - n) }, (_, more) => add(n + more)));
  }
}

test('2 GB of logs, 500 MB of sessions and 20,000 session files cost less than a second', async () => {
  const before = await measure();
  await growLogDatabase();
  await addSessions(50, 10 * MB, 2031);
  await addSessions(20_000, 0, 2029);
  const after = await measure();
  expect(idsOf(after.report)).toContain('state.log_growth');
  expect(idsOf(after.report)).not.toContain('doctor.check_failed');
  console.log(`default run: ${Math.round(before.ms)} ms new, ${Math.round(after.ms)} ms grown`);
  expect(after.ms - before.ms).toBeLessThan(1000);
});
