import { mkdir, mkdtemp, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createHost } from '../host.ts';
import type { CodexScope } from './home.ts';
import { readRecentLogRows } from './log-db.ts';
import { type LogLine, recentLogLines } from './log-files.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const SCHEMA = `CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, ts_nanos INTEGER NOT NULL,
  level TEXT NOT NULL, target TEXT NOT NULL, feedback_log_body TEXT, thread_id TEXT, process_uuid TEXT)`;

let folder: string;
let scope: CodexScope;

beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/steward-log-db-');
  const host = createHost({ env: {}, userHome: folder, cwd: folder, now: () => NOW });
  scope = { host, home: { path: folder, source: 'env' }, signal: new AbortController().signal };
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function makeLogs(sql: string): void {
  const db = new DatabaseSync(join(folder, 'logs_2.sqlite'));
  db.exec(`${SCHEMA}; ${sql}`);
  db.close();
}

describe('the newest rows of the log database', () => {
  test('warnings and errors come newest first, with process, thread and place', async () => {
    makeLogs(`INSERT INTO logs(ts, ts_nanos, level, target, feedback_log_body, thread_id, process_uuid) VALUES
      (100, 0, 'WARN', 'a', 'old', NULL, NULL), (200, 500000000, 'WARN', 'b', 'new', 'thread-1', 'pid:42:uuid'),
      (201, 0, 'TRACE', 'hyper', 'noise', NULL, 'pid:42:uuid'), (202, 0, 'ERROR', 'c', NULL, NULL, 'odd')`);
    const rows = await readRecentLogRows(scope, { sinceMs: 150_000, limit: 10 });
    expect(rows).toMatchObject({
      kind: 'ok',
      value: [
        { id: 4, level: 'ERROR', text: '', pid: null, threadId: null, atMs: 202_000 },
        { id: 2, level: 'WARN', text: 'new', pid: 42, threadId: 'thread-1', atMs: 200_500 },
      ],
    });
    expect(rows.kind === 'ok' && rows.value[0]?.where).toBe(`${join(folder, 'logs_2.sqlite')}, logs row 4`);
  });

  test('a schema without the columns of today yields what it has', async () => {
    const db = new DatabaseSync(join(folder, 'logs_1.sqlite'));
    db.exec(
      "CREATE TABLE logs(id INTEGER PRIMARY KEY, ts INTEGER, level TEXT, target TEXT, message TEXT); INSERT INTO logs VALUES (1, 5, 'ERROR', 't', 'said')",
    );
    db.close();
    expect(await readRecentLogRows(scope, { sinceMs: 0, limit: 10 })).toMatchObject({
      kind: 'ok',
      value: [{ text: 'said', pid: null }],
    });
  });

  test('a database of 2 GB is read from its end: a fraction of the pages of a full scan', async () => {
    // Rows with bodies of half a megabyte, then an ordinary day; the walk must not visit the bodies.
    makeLogs(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
        INSERT INTO logs(ts, ts_nanos, level, target, feedback_log_body) SELECT i, 0, 'WARN', 'big', hex(zeroblob(262144)) FROM n;
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO logs(ts, ts_nanos, level, target, feedback_log_body) SELECT 1000 + i, 0, 'TRACE', 'hyper', 'x' FROM n;
      INSERT INTO logs(ts, ts_nanos, level, target, feedback_log_body) VALUES (99999, 0, 'ERROR', 'last', 'the newest')`);
    await truncate(join(folder, 'logs_2.sqlite'), 2 * 1024 ** 3);
    const cpu = process.cpuUsage();
    const rows = await readRecentLogRows(scope, { sinceMs: 0, limit: 10 });
    const { user, system } = process.cpuUsage(cpu);
    expect(rows).toMatchObject({ kind: 'ok', value: [{ target: 'last', text: 'the newest' }] });
    expect(user + system).toBeLessThan(500_000); // processor time in µs, not wall time: a full scan takes several times that
  });
});

async function lines(): Promise<readonly LogLine[]> {
  const found: LogLine[] = [];
  for await (const line of recentLogLines(scope)) found.push(line);
  return found;
}

describe('recent log lines from all places', () => {
  test('text logs keep their times, lose their colours, and lines without a time take the one before', async () => {
    await mkdir(join(folder, 'log'));
    await mkdir(join(folder, 'app-server-daemon'));
    await writeFile(
      join(folder, 'log', 'codex-tui.log'),
      '\u001b[2m2026-11-21T11:00:00Z\u001b[0m \u001b[31mERROR\u001b[0m it broke\n  a second line\n2026-11-01T00:00:00Z too old\n',
    );
    await writeFile(
      join(folder, 'app-server-daemon', 'daemon.stderr.log'),
      '{"timestamp":"2026-11-21T10:00:00.5Z","level":"WARN"}\n',
    );
    await utimes(join(folder, 'log', 'codex-tui.log'), NOW / 1000, NOW / 1000);
    await utimes(join(folder, 'app-server-daemon', 'daemon.stderr.log'), NOW / 1000 - 5, NOW / 1000 - 5);
    expect((await lines()).map(({ atMs, text }) => [new Date(atMs).toISOString(), text])).toEqual([
      ['2026-11-21T11:00:00.000Z', '2026-11-21T11:00:00Z ERROR it broke'],
      ['2026-11-21T11:00:00.000Z', '  a second line'],
      ['2026-11-21T10:00:00.500Z', '{"timestamp":"2026-11-21T10:00:00.5Z","level":"WARN"}'],
    ]);
  });

  test('of a log file of 1 GB only the end is read', async () => {
    await mkdir(join(folder, 'log'));
    const path = join(folder, 'log', 'codex-tui.log');
    await writeFile(path, '');
    await truncate(path, 1024 ** 3);
    await writeFile(path, '\n2026-11-21T11:00:00Z last line\n', { flag: 'a' });
    await utimes(path, NOW / 1000, NOW / 1000);
    const found = await lines();
    expect(found.at(-1)).toMatchObject({ text: '2026-11-21T11:00:00Z last line', source: 'log' });
    expect((await stat(path)).size).toBeGreaterThan(1024 ** 3);
  });

  test('a folder, a pipe-like link or nothing at all in place of the logs is silence, not an error', async () => {
    await mkdir(join(folder, 'log', 'codex-tui.log'), { recursive: true });
    await writeFile(join(folder, 'logs_2.sqlite'), 'garbage');
    expect(await lines()).toEqual([]);
  });

  test('log_dir of config.toml is followed', async () => {
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(join(folder, 'config.toml'), 'log_dir = "elsewhere"\n');
    await writeFile(join(folder, 'elsewhere', 'codex-tui.log'), '2026-11-21T11:00:00Z here\n');
    expect(await lines()).toMatchObject([{ text: '2026-11-21T11:00:00Z here' }]);
  });
});
