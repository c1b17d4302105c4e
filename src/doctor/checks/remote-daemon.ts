/** The app-server daemon of this home: its records, its socket, and whether it can enrol at all. */
import { readAuth } from '../../codex/auth-file.ts';
import {
  type ControlSocket,
  type DaemonFiles,
  type DaemonRecord,
  readDaemonFiles,
} from '../../codex/daemon-files.ts';
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../../codex/processes.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import {
  isStaleRecord,
  isStaleSocket,
  planClearLeftover,
  planStopProcesses,
} from '../../remote/plans/daemon.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

const CLEAR = 'remote.socket_or_daemon.clear';
const STOP = 'remote.socket_or_daemon.stop-orphan';

export const remoteDaemonCheck: Check = {
  id: 'steward.remote-daemon',
  category: 'remote',
  title: 'App-server daemon',
  finds: ['remote.socket_or_daemon', 'remote.requires_chatgpt_login'],
  timeoutMs: 3000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const [files, processes] = await Promise.all([
    context.read(readDaemonFiles),
    context.read(readCodexProcesses),
  ]);
  const own = processesOfHome(processes, context.home.path).filter(
    ({ kind, home }) => kind === 'daemon' && home !== null,
  );
  const problems = [
    ...files.records.filter(isStaleRecord).map((record) => staleRecord(context, files, record)),
    ...staleSocket(context, files, own),
    ...orphans(files, own),
    ...twoGenerations(files),
    ...badSettings(files),
    ...(await keyLogin(context, files)),
  ];
  const running = files.records.find((record) => record.role === 'app-server' && record.state === 'running');
  const summary =
    problems[0]?.finding.cause ??
    (running === undefined
      ? files.settings.kind === 'missing'
        ? 'the daemon was never set up'
        : 'the daemon is not running'
      : 'the daemon is running');
  return {
    summary,
    status: problems.length === 0 ? 'ok' : 'problems',
    details: {
      'control socket': `${files.socket.kind} (${files.socket.path})`,
      records: files.records.map((record) => `${record.path}: ${describe(record)}`),
      ...(files.settings.kind === 'ok'
        ? { 'remote control enabled': String(files.settings.value.remoteControlEnabled) }
        : {}),
    },
    problems,
  };
}

/** A dead updater's record hinders nobody; a record that Codex cannot parse stops every command of the daemon. */
function staleRecord(context: CheckContext, files: DaemonFiles, record: DaemonRecord): FoundProblem {
  const broken = record.record.kind === 'malformed';
  const wanted = files.settings.kind === 'ok' && files.settings.value.remoteControlEnabled;
  return {
    finding: finding('remote.socket_or_daemon', {
      subject: record.path,
      severity: broken ? 'fail' : record.role === 'updater' ? 'info' : wanted ? 'warn' : 'info',
      cause: broken
        ? `${record.path} is damaged, and Codex refuses to start the daemon with it.`
        : record.state === 'gone'
          ? `${record.path} names a process that has ended without cleaning up.`
          : `${record.path} names a process id that now belongs to another program.`,
      evidence: [{ source: 'file', where: record.path, what: describe(record) }],
      steps: [`steward doctor --fix --only remote.socket_or_daemon`, 'codex remote-control start'],
      repairId: CLEAR,
    }),
    plan: () => planClearLeftover(context, record.path),
  };
}

function staleSocket(
  context: CheckContext,
  files: DaemonFiles,
  own: readonly CodexProcess[],
): readonly FoundProblem[] {
  const { socket } = files;
  // While an app-server runs, a socket without a listener may be one that is just being made.
  if (!isStaleSocket(socket) || (own.length > 0 && socket.kind !== 'not-a-socket')) return [];
  return [
    {
      finding: finding('remote.socket_or_daemon', {
        subject: socket.path,
        severity: socket.kind === 'not-a-socket' ? 'fail' : 'warn',
        cause: socketCause(socket),
        evidence: [{ source: 'file', where: socket.path, what: socket.kind.replaceAll('-', ' ') }],
        steps: ['steward doctor --fix --only remote.socket_or_daemon', 'codex remote-control start'],
        repairId: CLEAR,
      }),
      plan: () => planClearLeftover(context, socket.path),
    },
  ];
}

function socketCause(socket: ControlSocket): string {
  switch (socket.kind) {
    case 'not-a-socket':
      return `${socket.path} is not a socket, and no app-server can listen there ("app server did not become ready").`;
    case 'dangling':
      return `${socket.path} leads to ${socket.target}, which is gone.`;
    default:
      return `${socket.path} was left behind: nobody listens on it.`;
  }
}

/** An app-server of this home that can no longer be reached: its socket was deleted or belongs to nobody. */
function orphans(files: DaemonFiles, own: readonly CodexProcess[]): readonly FoundProblem[] {
  if (files.socket.kind === 'listening' || files.socket.kind === 'unknown') return [];
  // Foreground mode (`codex remote-control`) listens on a private socket; only the daemon's command line names `unix://`.
  const unreachable = own.filter(({ command }) => /--listen[ =]unix:\/\/(\s|$)/.test(command));
  return unreachable.map((process): FoundProblem => {
    const summary = `Ask the unreachable app-server, pid ${process.pid}, to end.`;
    const evidence: readonly Evidence[] = [
      { source: 'process', where: `pid ${process.pid}`, what: process.command },
      {
        source: 'file',
        where: files.socket.path,
        what: `${files.socket.kind}: no command can reach that process`,
      },
    ];
    return {
      finding: finding('remote.socket_or_daemon', {
        subject: `pid ${process.pid}`,
        cause: `The app-server with pid ${process.pid} runs, but its control socket ${files.socket.path} is gone, so no command reaches it.`,
        evidence,
        summary,
        steps: ['steward doctor --fix --only remote.socket_or_daemon', 'codex remote-control start'],
        repairId: STOP,
      }),
      plan: async () => planStopProcesses([process], { repairId: STOP, summary }),
    };
  });
}

function twoGenerations(files: DaemonFiles): readonly FoundProblem[] {
  const running = files.records.filter(
    (record) => record.role === 'app-server' && record.state === 'running',
  );
  if (running.length < 2) return [];
  return [
    {
      finding: finding('remote.socket_or_daemon', {
        subject: 'two daemons',
        severity: 'warn',
        cause:
          'Two daemons of different Codex versions run in this home and take turns on the same enrolment.',
        evidence: running.map((record) => ({ source: 'file', where: record.path, what: describe(record) })),
        steps: [
          'codex remote-control stop, once with each codex that is installed',
          'codex remote-control start',
        ],
      }),
    },
  ];
}

function badSettings(files: DaemonFiles): readonly FoundProblem[] {
  if (files.settings.kind !== 'malformed') return [];
  return [
    {
      finding: finding('remote.socket_or_daemon', {
        subject: files.settings.path,
        severity: 'warn',
        cause: `${files.settings.path} is damaged: ${files.settings.message}.`,
        evidence: [{ source: 'file', where: files.settings.path, what: files.settings.message }],
        steps: [`Move ${files.settings.path} aside`, 'codex remote-control start'],
      }),
    },
  ];
}

async function keyLogin(context: CheckContext, files: DaemonFiles): Promise<readonly FoundProblem[]> {
  if (files.settings.kind !== 'ok' || !files.settings.value.remoteControlEnabled) return [];
  const auth = await context.read(readAuth);
  if (auth.kind !== 'ok' || auth.value.mode !== 'apikey') return [];
  return [
    {
      finding: finding('remote.requires_chatgpt_login', {
        subject: auth.path,
        cause:
          'Remote control is switched on, but this home is logged in with an API key, and a key cannot enrol.',
        evidence: [
          { source: 'file', where: auth.path, what: 'an API-key login' },
          { source: 'file', where: files.settings.path, what: 'remoteControlEnabled is true' },
        ],
        steps: ['codex logout', 'codex login', 'codex remote-control stop', 'codex remote-control start'],
      }),
    },
  ];
}

function describe(record: DaemonRecord): string {
  if (record.record.kind !== 'ok') return record.record.kind === 'missing' ? 'gone' : record.record.message;
  const state = {
    running: 'running',
    gone: 'no such process any more',
    foreign: 'now another program',
    unknown: 'state unknown',
  } as const;
  return `pid ${record.record.value.pid}, ${record.state === null ? 'unknown' : state[record.state]}`;
}
