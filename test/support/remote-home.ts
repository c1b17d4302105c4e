/**
 * A small Codex home with remote-control state, for unit tests: the tables of 0.169 (as its own migrations make them) and
 * the files that a test names. Real homes, made by the real binary, are in `codex-home.ts`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Check, CheckContext } from '../../src/doctor/check.ts';
import { createContext } from '../../src/doctor/context.ts';
import { createHost, type Host } from '../../src/host.ts';
import { openDatabase, type SqlValue } from '../../src/storage/sqlite.ts';
import { chatgptAuthJson } from './codex-home.ts';

export interface EnrollmentRow {
  readonly accountId: string;
  readonly clientName?: string;
  readonly serverName?: string;
  readonly environmentId?: string;
  readonly base?: string;
  /** Unix seconds. */
  readonly updatedAt?: number;
}

export interface LogRow {
  readonly body: string;
  /** Epoch ms. */
  readonly at: number;
  readonly pid?: number;
  readonly level?: string;
}

export interface RemoteHome {
  readonly path: string;
  write(name: string, content: string | object): Promise<void>;
  login(): Promise<void>;
  enroll(...rows: readonly EnrollmentRow[]): Promise<void>;
  log(...rows: readonly LogRow[]): Promise<void>;
  /** A fresh context, as a new run has it. */
  context(options?: { host?: Partial<Host>; live?: boolean }): CheckContext;
  run(check: Check, options?: { host?: Partial<Host>; live?: boolean }): ReturnType<Check['run']>;
  remove(): Promise<void>;
}

const STATE = `CREATE TABLE IF NOT EXISTS remote_control_enrollments (
  websocket_url TEXT NOT NULL, account_id TEXT NOT NULL, app_server_client_name TEXT NOT NULL, server_id TEXT NOT NULL,
  environment_id TEXT NOT NULL, server_name TEXT NOT NULL, updated_at INTEGER NOT NULL, remote_control_enabled INTEGER,
  PRIMARY KEY (websocket_url, account_id, app_server_client_name))`;
const LOGS = `CREATE TABLE IF NOT EXISTS logs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, ts_nanos INTEGER NOT NULL, level TEXT NOT NULL,
  target TEXT NOT NULL, feedback_log_body TEXT, module_path TEXT, file TEXT, line INTEGER, thread_id TEXT,
  process_uuid TEXT, estimated_bytes INTEGER NOT NULL DEFAULT 0)`;

/** An empty home below the temporary folder. */
export async function makeRemoteHome(): Promise<RemoteHome> {
  const userHome = await mkdtemp(join(tmpdir(), 'steward-remote-'));
  const path = join(userHome, '.codex');
  await mkdir(path);
  const write = async (name: string, content: string | object) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(
      join(path, name),
      typeof content === 'string' ? content : JSON.stringify(content, null, 2),
    );
  };
  const insert = async (
    file: string,
    schema: string,
    sql: string,
    rows: readonly (readonly SqlValue[])[],
  ) => {
    const db = await openDatabase(join(path, file));
    try {
      db.exec(schema);
      for (const row of rows) db.run(sql, row);
    } finally {
      await db.close();
    }
  };
  const context: RemoteHome['context'] = ({ host = {}, live = false } = {}) =>
    createContext({
      host: createHost({ env: {}, userHome, cwd: userHome, ...host }),
      home: { path, source: 'env' },
      signal: new AbortController().signal,
      live,
    });
  return {
    path,
    write,
    login: () => write('auth.json', chatgptAuthJson()),
    enroll: (...rows) =>
      insert(
        'state_5.sqlite',
        STATE,
        'INSERT INTO remote_control_enrollments VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
        rows.map((row) => [
          `${row.base ?? 'wss://chatgpt.com/backend-api'}/wham/remote/control/server`,
          row.accountId,
          row.clientName ?? '',
          'srv_1',
          row.environmentId ?? 'env_own',
          row.serverName ?? 'this-host',
          row.updatedAt ?? 1_790_000_000,
        ]),
      ),
    log: (...rows) =>
      insert(
        'logs_2.sqlite',
        LOGS,
        'INSERT INTO logs (ts, ts_nanos, level, target, feedback_log_body, process_uuid) VALUES (?, ?, ?, ?, ?, ?)',
        rows.map((row) => [
          Math.floor(row.at / 1000),
          (row.at % 1000) * 1_000_000,
          row.level ?? 'WARN',
          'codex_app_server_transport::transport::remote_control::websocket',
          row.body,
          `pid:${row.pid ?? 4_000_001}:uuid`,
        ]),
      ),
    context,
    run: (check, options) => check.run(context(options)),
    remove: () => rm(userHome, { recursive: true, force: true }),
  };
}
