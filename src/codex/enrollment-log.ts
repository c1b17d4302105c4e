/**
 * The last word of the machine's app-servers on remote control: why the newest attempt failed, or that it stands.
 *
 * Sources: the daemon's stderr log (at once, but only if the daemon was started with `RUST_LOG`), and the log database
 * (0.133 after 0.15 s, 0.169 up to 10 s late). Both are read from their end and only as far as a fixed bound.
 */
import { basename } from 'node:path';
import type { SqlRow } from '../storage/sqlite.ts';
import { type DaemonFiles, readDaemonFiles } from './daemon-files.ts';
import { type EnrollmentError, isConnectedLine, parseEnrollmentError } from './enrollment-error.ts';
import { readTail } from './enrollment-tail.ts';
import { type CodexReader, type CodexScope, readIn } from './home.ts';
import { readSqlite } from './sqlite-read.ts';
import { readLogDatabasePath } from './state-db.ts';

/** Rows looked at, from the newest: five processes' worth (1,000 rows are kept of each). */
const MAX_ROWS = 5000;
const MAX_LOG_BYTES = 256 * 1024;

export interface RemoteEvent {
  readonly kind: 'error' | 'connected';
  readonly error: EnrollmentError | null;
  /** Epoch ms. */
  readonly at: number;
  readonly source: 'log' | 'db';
  /** File with line, or database with row. */
  readonly where: string;
  /** The process that said it, where the source tells. */
  readonly pid: number | null;
}

export interface RemoteErrorReport {
  /** The newest event that counts; `null` where nothing was ever said. */
  readonly last: RemoteEvent | null;
  /** Equal errors in a row before (and with) the last one. */
  readonly times: number;
  /** The process of `last` is the daemon that runs now. */
  readonly fromRunningDaemon: boolean;
  /** Sources that are there and could not be read. */
  readonly unreadable: readonly { readonly where: string; readonly message: string }[];
}

/** The newest remote-control event of this home. A running daemon's own words count before those of the dead. */
export const readLastRemoteError: CodexReader<RemoteErrorReport> = async (scope) => {
  const daemon = await readIn(scope, readDaemonFiles);
  const running = daemon.records.find((entry) => entry.role === 'app-server' && entry.state === 'running');
  const runningPid = running?.record.kind === 'ok' ? running.record.value.pid : null;
  const [log, db] = await Promise.all([
    readStderrLogs(daemon, runningPid),
    readLogDatabasePath(scope).then((path) => (path === null ? NOTHING : readLogRows(scope, path))),
  ]);
  const events = [...log.events, ...db.events].sort((a, b) => b.at - a.at);
  const own = runningPid === null ? [] : events.filter((event) => event.pid === runningPid);
  const counted = own.length > 0 ? own : events;
  const last = counted[0] ?? null;
  return {
    last,
    times: last === null ? 0 : run(counted),
    fromRunningDaemon: own.length > 0,
    unreadable: [...log.unreadable, ...db.unreadable],
  };
};

interface Source {
  readonly events: readonly RemoteEvent[];
  readonly unreadable: readonly { readonly where: string; readonly message: string }[];
}

const NOTHING: Source = { events: [], unreadable: [] };

async function readStderrLogs(daemon: DaemonFiles, runningPid: number | null): Promise<Source> {
  const sources = await Promise.all(daemon.stderrLogs.map((path) => readStderrLog(path, daemon, runningPid)));
  return {
    events: sources.flatMap((source) => source.events),
    unreadable: sources.flatMap((source) => source.unreadable),
  };
}

async function readStderrLog(path: string, daemon: DaemonFiles, runningPid: number | null): Promise<Source> {
  const tail = await readTail(path, MAX_LOG_BYTES);
  if (tail.kind === 'missing') return NOTHING;
  if (tail.kind !== 'ok') return { events: [], unreadable: [{ where: path, message: tail.message }] };
  // The file is emptied at every start, so all of it belongs to the process in the pid file beside it.
  const stem = basename(path, '.stderr.log');
  const owner = daemon.records.find((entry) => basename(entry.path, '.pid') === stem);
  const pid = owner?.record.kind === 'ok' && owner.record.value.pid === runningPid ? runningPid : null;
  return {
    events: tail.value.lines.flatMap(({ text, where }) => {
      const event = eventOf(text, tail.value.mtimeMs);
      return event === null ? [] : [{ ...event, source: 'log' as const, where, pid }];
    }),
    unreadable: [],
  };
}

/** Rows of the remote-control modules in a log database (schema of `logs_2.sqlite`, Codex 0.133 to 0.169). */
async function readLogRows(scope: CodexScope, path: string): Promise<Source> {
  const rows = await readSqlite(scope, path, (db) =>
    db.all(
      `SELECT id, ts, ts_nanos, process_uuid, substr(feedback_log_body, 1, 8192) AS body FROM logs
       WHERE id > (SELECT max(id) FROM logs) - ? AND level IN ('WARN', 'INFO', 'ERROR') AND target LIKE '%remote_control%'
         AND (feedback_log_body LIKE 'failed to %' OR feedback_log_body LIKE '%connected%' OR feedback_log_body LIKE 'remote control %')
       ORDER BY id DESC LIMIT 200`,
      [MAX_ROWS],
    ),
  );
  if (rows.kind === 'missing') return NOTHING;
  if (rows.kind !== 'ok') return { events: [], unreadable: [{ where: path, message: rows.message }] };
  return { events: rows.value.flatMap((row) => rowEvent(path, row)), unreadable: [] };
}

function rowEvent(path: string, row: SqlRow): readonly RemoteEvent[] {
  if (typeof row.body !== 'string' || typeof row.ts !== 'number') return [];
  const nanos = typeof row.ts_nanos === 'number' ? row.ts_nanos : 0;
  const event = eventOf(row.body, row.ts * 1000 + Math.floor(nanos / 1e6));
  if (event === null) return [];
  const pid = typeof row.process_uuid === 'string' ? /^pid:(\d+):/.exec(row.process_uuid)?.[1] : undefined;
  return [
    {
      ...event,
      source: 'db',
      where: `${path} table logs, row ${String(row.id)}`,
      pid: pid === undefined ? null : Number(pid),
    },
  ];
}

function eventOf(text: string, fallbackAt: number): Pick<RemoteEvent, 'kind' | 'error' | 'at'> | null {
  const error = parseEnrollmentError(text);
  if (error !== null) return { kind: 'error', error, at: error.at ?? fallbackAt };
  if (!isConnectedLine(text)) return null;
  const stamp = Date.parse(/\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(text)?.[0] ?? '');
  return { kind: 'connected', error: null, at: Number.isNaN(stamp) ? fallbackAt : stamp };
}

/** How many events from the newest on tell the same. */
function run(events: readonly RemoteEvent[]): number {
  const first = events[0];
  const other = events.findIndex(
    (event) =>
      event.kind !== first?.kind ||
      event.error?.kind !== first.error?.kind ||
      event.error?.httpStatus !== first.error?.httpStatus,
  );
  return other < 0 ? events.length : other;
}
