/**
 * The machine's own side of remote control: is it available, and if not, since when and why. The status comes from the
 * running app-server; the reason, which no status carries, from the ranked sources (its log, its answers, what we remember).
 */
import * as v from 'valibot';
import { type AppServer, connectAppServer } from '../codex/app-server-client.ts';
import { type DaemonFiles, readDaemonFiles } from '../codex/daemon-files.ts';
import { parseEnrollmentError } from '../codex/enrollment-error.ts';
import { readLastRemoteError } from '../codex/enrollment-log.ts';
import type { CodexScope } from '../codex/home.ts';
import { hostName, readInstallationId } from '../codex/installation-id.ts';
import { processesOfHome, readCodexProcesses } from '../codex/processes.ts';
import { readEnrollments } from '../codex/state-db.ts';
import { type LastError, lastErrorOf, ownError } from './last-error.ts';
import { readStoredError, storeError } from './last-error-store.ts';
import { isStaleRecord, isStaleSocket } from './plans/daemon.ts';

export type RemoteStatusName = 'disabled' | 'connecting' | 'connected' | 'errored';

/** The official status payload, with the reason that it lacks. */
export interface HostStatus {
  readonly status: RemoteStatusName;
  readonly serverName: string | null;
  readonly installationId: string | null;
  readonly environmentId: string | null;
  /** Kept while the status is errored, also across a `connecting` that only hides it; `null` on a non-error state. */
  readonly lastError: LastError | null;
}

export interface HostReading {
  readonly status: HostStatus;
  /** The running app-server, as it introduced itself; `null` where none answers. */
  readonly appServer: string | null;
  /** Pid of the daemon that runs now, or of the foreground command. */
  readonly pid: number | null;
  readonly mode: 'daemon' | 'foreground' | null;
  readonly daemon: DaemonFiles;
}

const payload = v.looseObject({
  status: v.picklist(['disabled', 'connecting', 'connected', 'errored']),
  serverName: v.optional(v.nullable(v.string()), null),
  installationId: v.optional(v.nullable(v.string()), null),
  environmentId: v.optional(v.nullable(v.string()), null),
});

export interface HostStatusOptions {
  /** Errors before it (epoch ms) are of an earlier daemon. Default: any error of the running one. */
  readonly since?: number;
  /** Patience with the app-server. Default 1 s. */
  readonly timeoutMs?: number;
  /** Ask the app-server itself for the reason, where no log has it: makes one request to the backend. */
  readonly ask?: boolean;
  /** `false`: a look that must leave no trace. Default: what was learned is kept for the next command. */
  readonly remember?: boolean;
}

/** Reads status and reason, and remembers the reason for the next command. */
export async function readHostStatus(
  scope: CodexScope,
  options: HostStatusOptions = {},
): Promise<HostReading> {
  const timeoutMs = options.timeoutMs ?? 1000;
  const [daemon, server] = await Promise.all([
    readDaemonFiles(scope),
    connectAppServer(scope, { timeoutMs }),
  ]);
  const pid = runningPid(daemon);
  if (server.kind === 'unreachable') {
    // Foreground mode listens on a socket of its own that nobody else knows.
    const foreground = pid === null ? await foregroundPid(scope) : null;
    if (foreground !== null) {
      const status = await foregroundStatus(scope, foreground);
      return { status, appServer: null, pid: foreground, mode: 'foreground', daemon };
    }
    const status = await withoutAppServer(scope, daemon, options);
    if (options.remember !== false) await storeError(scope, status.lastError);
    return { status, appServer: null, pid, mode: pid === null ? null : 'daemon', daemon };
  }
  try {
    const said = await server.request('remoteControl/status/read', undefined, timeoutMs);
    const read = said.kind === 'result' ? v.safeParse(payload, said.value) : null;
    const known = read?.success
      ? read.output
      : // A running app-server without a readable status: its method is unknown, or it hangs.
        { ...(await names(scope)), status: 'errored' as const, environmentId: null };
    const lastError =
      read?.success === false || said.kind !== 'result'
        ? ownError('daemon', scope.host.now(), {
            detail: said.kind === 'result' ? 'its status cannot be read' : said.message,
          })
        : await reasonOf(scope, known.status, server, options);
    if (options.remember !== false) await storeError(scope, lastError);
    const { status, serverName, installationId, environmentId } = known;
    return {
      status: { status, serverName, installationId, environmentId, lastError },
      appServer: server.userAgent,
      pid,
      mode: 'daemon',
      daemon,
    };
  } finally {
    server.close();
  }
}

/** The reason by the ranked sources: log of the running daemon, the app-server's own answer, what was remembered. */
async function reasonOf(
  scope: CodexScope,
  status: RemoteStatusName,
  server: AppServer,
  options: HostStatusOptions,
): Promise<LastError | null> {
  if (status === 'connected' || status === 'disabled') return null;
  const { last, fromRunningDaemon } = await readLastRemoteError(scope);
  if (last !== null && (fromRunningDaemon || last.at >= (options.since ?? Number.POSITIVE_INFINITY))) {
    if (last.kind === 'connected') return null;
    if (last.error !== null) return lastErrorOf(last.error, last.at);
  }
  if (options.ask === true && status === 'errored') {
    const asked = await askForReason(scope, server);
    if (asked !== null) return asked;
  }
  const stored = await readStoredError(scope);
  if (stored !== null) return stored;
  return status === 'errored' ? ownError('unknown', scope.host.now()) : null;
}

/**
 * 0.169 answers a request for a pairing code with the backend's refusal, word for word. A code that nobody claims expires by
 * itself, while the other method that tells (`remoteControl/enable`) would switch remote control on for good.
 */
async function askForReason(scope: CodexScope, server: AppServer): Promise<LastError | null> {
  const answer = await server.request('remoteControl/pairing/start', { manualCode: false }, 1500);
  if (answer.kind !== 'error') return null;
  const error = parseEnrollmentError(answer.message);
  return error === null ? null : lastErrorOf(error, scope.host.now());
}

/** Nobody answers at the socket: switched off, or broken. */
async function withoutAppServer(
  scope: CodexScope,
  daemon: DaemonFiles,
  options: HostStatusOptions,
): Promise<HostStatus> {
  const known = { ...(await names(scope)), environmentId: null };
  const enabled = daemon.settings.kind === 'ok' && daemon.settings.value.remoteControlEnabled;
  const broken =
    daemon.records.some((record) => record.role === 'app-server' && isStaleRecord(record)) ||
    isStaleSocket(daemon.socket) ||
    runningPid(daemon) !== null;
  const { last } = await readLastRemoteError(scope);
  if (last?.error && options.since !== undefined && last.at >= options.since) {
    return { ...known, status: 'errored', lastError: lastErrorOf(last.error, last.at) };
  }
  if (enabled && broken) {
    const detail = 'remote control is switched on, and no app-server answers at its socket';
    return { ...known, status: 'errored', lastError: ownError('daemon', scope.host.now(), { detail }) };
  }
  const stored = await readStoredError(scope);
  if (stored !== null) return { ...known, status: 'errored', lastError: stored };
  return { ...known, status: 'disabled', lastError: null };
}

/** `codex remote-control` of this home that is neither `start` nor any other of its subcommands. */
async function foregroundPid(scope: CodexScope): Promise<number | null> {
  const own = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  const found = own.find(
    ({ kind, home, command }) =>
      kind === 'cli' && home !== null && /\sremote-control(?:\s+-\S+)*$/.test(command),
  );
  return found?.pid ?? null;
}

/** What that process last wrote into the log database: late by up to ten seconds (0.169), but its own word. */
async function foregroundStatus(scope: CodexScope, pid: number): Promise<HostStatus> {
  const { last } = await readLastRemoteError(scope);
  const own = last?.pid === pid ? last : null;
  const rows = await readEnrollments(scope);
  const row = rows.kind === 'ok' ? rows.value.findLast(({ clientName }) => clientName === '') : undefined;
  const known = { ...(await names(scope)), environmentId: row?.environmentId ?? null };
  if (own?.kind === 'connected') return { ...known, status: 'connected', lastError: null };
  if (own?.error != null) return { ...known, status: 'errored', lastError: lastErrorOf(own.error, own.at) };
  return { ...known, status: 'connecting', lastError: null };
}

function runningPid(daemon: DaemonFiles): number | null {
  const running = daemon.records.find(({ role, state }) => role === 'app-server' && state === 'running');
  return running?.record.kind === 'ok' ? running.record.value.pid : null;
}

async function names(scope: CodexScope): Promise<Pick<HostStatus, 'serverName' | 'installationId'>> {
  const [serverName, id] = await Promise.all([hostName(scope.host), readInstallationId(scope)]);
  return { serverName, installationId: id.kind === 'ok' ? id.value : null };
}
