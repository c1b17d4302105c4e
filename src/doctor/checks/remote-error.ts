/** The last error of remote control on this host, which neither `codex remote-control start` nor `codex doctor` shows. */

import { readAuth } from '../../codex/auth-file.ts';
import { type RemoteEvent, readLastRemoteError } from '../../codex/enrollment-log.ts';
import { readGlobalState } from '../../codex/global-state.ts';
import type { CodexProcess } from '../../codex/processes.ts';
import { type RemoteEnrollment, readEnrollments } from '../../codex/state-db.ts';
import { type Evidence, type FindingInput, finding, type Severity } from '../../knowledge/finding.ts';
import { causeOfRemoteError, type RemoteCause } from '../../remote/error-cause.ts';
import { planStopProcesses } from '../../remote/plans/daemon.ts';
import { planDropRows } from '../../remote/plans/rows.ts';
import { readSecondOwners } from '../../remote/second-owners.ts';
import { redact } from '../../storage/redact.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

/** Older errors tell nothing about today. */
const FORGOTTEN_MS = 14 * 24 * 3600 * 1000;
const RECENT_MS = 24 * 3600 * 1000;
/** Codex mends a lost enrolment by itself; an error that came this often shows that it did not. */
const UNHEALED_TIMES = 3;

export const remoteErrorCheck: Check = {
  id: 'steward.remote-error',
  category: 'remote',
  title: 'Last error of remote control',
  finds: [
    'remote.mfa_required',
    'remote.workspace_policy',
    'remote.server_unknown',
    'remote.server_conflict',
    'remote.requires_chatgpt_login',
    'remote.enrollment_errored',
    'remote.client_revoked',
    'auth.token_expired',
    'network.proxy',
    'network.tls_ca',
    'network.dns',
    'network.edge_blocked',
    'network.region_blocked',
    'ratelimit.too_many_requests',
    'server.error',
  ],
  timeoutMs: 3000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const report = await context.read(readLastRemoteError);
  const details = {
    ...(report.last === null ? {} : { 'last event': describe(report.last), 'seen in': report.last.where }),
    ...(report.unreadable.length === 0
      ? {}
      : { unreadable: report.unreadable.map(({ where, message }) => `${where}: ${message}`) }),
  };
  const { last } = report;
  if (last === null) {
    if (report.unreadable.length > 0) {
      return {
        summary: `the logs cannot be read: ${report.unreadable[0]?.message}`,
        status: 'skipped',
        details,
        problems: [],
      };
    }
    return { summary: 'no remote-control error in the logs', status: 'ok', details, problems: [] };
  }
  if (last.kind === 'connected' || last.error === null) {
    return { summary: `remote control connected at ${clock(last.at)}`, status: 'ok', details, problems: [] };
  }
  if (context.host.now() - last.at > FORGOTTEN_MS) {
    return {
      summary: `the last error is of ${clock(last.at)}, too old to tell`,
      status: 'ok',
      details,
      problems: [],
    };
  }
  const cause = causeOfRemoteError(last.error);
  const problems = await problemsOf(context, last, cause, report.times, report.fromRunningDaemon);
  if (problems.length === 0) {
    return { summary: `an error of ${clock(last.at)} is over`, status: 'ok', details, problems };
  }
  return { summary: cause.cause, status: 'problems', details, problems };
}

async function problemsOf(
  context: CheckContext,
  last: RemoteEvent,
  cause: RemoteCause,
  times: number,
  running: boolean,
): Promise<readonly FoundProblem[]> {
  const severity = await severityNow(context, last, cause, running);
  const input: FindingInput = {
    subject: redact(last.error?.url ?? 'remote control'),
    severity,
    confidence: running ? cause.confidence : Math.min(cause.confidence, 0.8),
    cause: `${cause.cause} (${clock(last.at)}${times > 1 ? `, ${times} times in a row` : ''}${running ? ', the daemon still tries' : ''}).`,
    evidence: evidenceOf(last),
    ...(cause.steps === undefined ? {} : { steps: cause.steps }),
    ...(cause.command === undefined ? {} : { command: cause.command }),
  };
  if (cause.id === 'remote.server_unknown') return serverUnknown(context, last, times, input);
  if (cause.id === 'remote.server_conflict') return serverConflict(context, last, input);
  // With a stored client the pairing check says it, together with the repair.
  if (cause.id === 'remote.client_revoked' && (await hasClients(context))) return [];
  return [{ finding: finding(cause.id, input) }];
}

async function hasClients(context: CheckContext): Promise<boolean> {
  const { main, backup } = await context.read(readGlobalState);
  return [main, backup].some((file) => file.kind === 'ok' && file.value.enrollments.length > 0);
}

/** An error of a process that has ended, before a newer login, is history; one that repeats now is not. */
async function severityNow(
  context: CheckContext,
  last: RemoteEvent,
  cause: RemoteCause,
  running: boolean,
): Promise<Severity> {
  if (running) return cause.severity;
  const auth = await context.read(readAuth);
  if (auth.kind === 'ok' && auth.value.modifiedAt > last.at) return 'info';
  return context.host.now() - last.at <= RECENT_MS ? cause.severity : 'info';
}

/** Without a stored row there is nothing left to drop: the next start enrols anew. */
async function serverUnknown(
  context: CheckContext,
  last: RemoteEvent,
  times: number,
  input: FindingInput,
): Promise<readonly FoundProblem[]> {
  const rows = await rowsBehind(context, last);
  if (rows.length === 0) return [];
  if (times < UNHEALED_TIMES) {
    const steps = ['codex remote-control stop', 'codex remote-control start   (Codex enrols anew by itself)'];
    return [{ finding: finding('remote.server_unknown', { ...input, severity: 'warn', steps }) }];
  }
  const repairId = 'remote.server_unknown.drop-row';
  const summary = 'Drop the enrolment that the server has lost; Codex enrols anew.';
  return [
    {
      finding: finding('remote.server_unknown', { ...input, repairId }),
      plan: () => planDropRows(context, rows, { repairId, summary }),
    },
  ];
}

/** First the second owner is stopped; only if the conflict stays without one is the enrolment dropped. */
async function serverConflict(
  context: CheckContext,
  last: RemoteEvent,
  input: FindingInput,
): Promise<readonly FoundProblem[]> {
  const others = await context.read(readSecondOwners);
  if (others.length > 0) return others.map((other) => secondOwner(other, input));
  const rows = await rowsBehind(context, last);
  if (rows.length === 0) {
    // A conflict is about a stored server id. With its row gone the error is history; a newer row has its own id.
    const left = await context.read(readEnrollments);
    if (last.error?.kind === 'enroll') return [{ finding: finding('remote.server_conflict', input) }];
    if (left.kind !== 'ok' || left.value.length === 0) return [];
    const steps = ['codex remote-control stop', 'codex remote-control start', 'steward doctor --only remote'];
    const subject = 'an earlier enrolment'; // another subject than the conflict itself, whose repair is verified by its absence
    return [{ finding: finding('remote.server_conflict', { ...input, subject, severity: 'info', steps }) }];
  }
  const repairId = 'remote.server_conflict.drop-row';
  const summary = 'Drop the stored enrolment: the next start gets a server id that nobody else holds.';
  return [
    {
      finding: finding('remote.server_conflict', { ...input, repairId }),
      plan: () => planDropRows(context, rows, { repairId, summary }),
    },
  ];
}

function secondOwner(other: CodexProcess, input: FindingInput): FoundProblem {
  const repairId = 'remote.server_conflict.stop-second';
  const evidence: Evidence = { source: 'process', where: `pid ${other.pid}`, what: other.command };
  const summary = `Ask the second app-server of this home, pid ${other.pid}, to end.`;
  return {
    finding: finding('remote.server_conflict', {
      ...input,
      subject: `pid ${other.pid}`,
      summary,
      evidence: [...input.evidence, evidence],
      repairId,
    }),
    plan: async () => planStopProcesses([other], { repairId, summary }),
  };
}

/** The stored enrolments that the failing request used: same backend, not newer than the error. */
async function rowsBehind(context: CheckContext, last: RemoteEvent): Promise<readonly RemoteEnrollment[]> {
  const rows = await context.read(readEnrollments);
  if (rows.kind !== 'ok') return [];
  const base = last.error?.url?.replace(/\/wham\/.*$/, '').replace(/^http/, 'ws') ?? '';
  // The row's time has whole seconds.
  return rows.value.filter((row) => row.websocketUrl.startsWith(base) && row.updatedAtMs <= last.at + 1000);
}

function evidenceOf(last: RemoteEvent): readonly Evidence[] {
  const { error } = last;
  if (error === null) return [];
  const status =
    error.httpStatus === null ? null : `HTTP ${error.httpStatus} ${error.statusText ?? ''}`.trim();
  const ids = [error.requestId && `request-id ${error.requestId}`, error.cfRay && `cf-ray ${error.cfRay}`];
  const parts = [
    error.url,
    status,
    ...ids,
    excerpt(error.body) ?? error.reason ?? (status === null ? error.kind : null),
  ];
  const what = parts.filter((part) => part !== null && part !== '').join(', ');
  return [{ source: last.source, where: last.where, what: redact(`${clock(last.at)}: ${what}`) }];
}

function excerpt(body: string | null): string | null {
  if (body === null) return null;
  const line = body.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function describe(event: RemoteEvent): string {
  return event.kind === 'connected'
    ? `connected at ${clock(event.at)}`
    : `${event.error?.kind} error at ${clock(event.at)}`;
}

function clock(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
