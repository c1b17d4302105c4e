/** `--live`: what the server knows of this machine and this app, beside what is stored here; the same look as `steward remote status`. */
import { readDaemonFiles } from '../../codex/daemon-files.ts';
import { namedEnvironments, readGlobalState } from '../../codex/global-state.ts';
import { readEnrollments } from '../../codex/state-db.ts';
import { readHostStatus } from '../../remote/host-status.ts';
import { lookAtRemote, type RemoteLook } from '../../remote/look.ts';
import { planDiscardStale } from '../../remote/plans/stale.ts';
import { NOTHING_STALE, type StaleLocal } from '../../remote/reconcile.ts';
import { whyNot } from '../../remote/server-state.ts';
import type { Trouble } from '../../remote/trouble.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

const REPAIR = 'remote.repair.discard-stale';
const QUESTION_MS = 5000;

export const remoteServerCheck: Check = {
  id: 'steward.remote-server',
  category: 'remote',
  title: 'Remote control on the server',
  finds: [
    'remote.mfa_required',
    'remote.workspace_policy',
    'remote.client_revoked',
    'remote.stale_environment',
    'remote.server_unknown',
    'remote.identity_collision',
    'remote.presence_stale',
    'remote.pairing_failed',
    'remote.enrollment_errored',
    'auth.token_expired',
    'network.edge_blocked',
    'network.region_blocked',
    'ratelimit.too_many_requests',
    'server.error',
  ],
  timeoutMs: 20_000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const none: CheckResult = { summary: '', status: 'ok', details: {}, problems: [] };
  if (!context.live)
    return { ...none, status: 'skipped', summary: 'only with --live: it would use the network' };
  if (!(await isUsed(context))) return { ...none, summary: 'remote control was never used here' };
  const host = await readHostStatus(context, { remember: false });
  const look = await lookAtRemote(context, { host, timeoutMs: QUESTION_MS, refresh: false });
  const { server, unavailable, reconciled } = look;
  if (server === null) {
    return { ...none, status: 'skipped', summary: unavailable?.message ?? 'the server was not asked' };
  }
  const problems = reconciled.troubles.map((trouble) => problemOf(context, look, trouble));
  const silent = [server.clients, server.environments].find((answer) => answer.kind === 'failed');
  if (silent?.kind === 'failed' && problems.length === 0) {
    return { ...none, status: 'skipped', summary: `the server could not be asked: ${whyNot(silent)}` };
  }
  return {
    summary: problems[0]?.finding.cause ?? 'the server knows what is stored here',
    status: problems.length === 0 ? 'ok' : 'problems',
    details: {
      environments:
        server.environments.kind === 'ok'
          ? String(server.environments.value.length)
          : whyNot(server.environments),
      clients: server.clients.kind === 'ok' ? String(server.clients.value.length) : whyNot(server.clients),
    },
    problems,
  };
}

/** Without any trace of remote control in the home there is nothing to compare, and nobody is asked. */
async function isUsed(context: CheckContext): Promise<boolean> {
  const [daemon, rows, files] = await Promise.all([
    context.read(readDaemonFiles),
    context.read(readEnrollments),
    context.read(readGlobalState),
  ]);
  const isPaired = [files.main, files.backup].some(
    (file) =>
      file.kind === 'ok' &&
      (file.value.enrollments.length > 0 ||
        file.value.localEnvironmentId !== null ||
        namedEnvironments(file.value).length > 0),
  );
  return daemon.settings.kind === 'ok' || (rows.kind === 'ok' && rows.value.length > 0) || isPaired;
}

/** One client or one environment is discarded alone; the rest is for `steward remote repair`, which stops and starts the daemon. */
function problemOf(context: CheckContext, look: RemoteLook, trouble: Trouble): FoundProblem {
  const { finding } = trouble;
  const meant = staleOf(look, finding.subject);
  if (meant === null) return { finding };
  return {
    finding: { ...finding, fix: { ...finding.fix, repairId: REPAIR } },
    plan: () => planDiscardStale(context, meant),
  };
}

function staleOf({ reconciled: { stale } }: RemoteLook, subject: string): StaleLocal | null {
  const clients = stale.clients.filter(({ clientId }) => clientId === subject);
  const saved = stale.saved.filter(({ environmentId }) => environmentId === subject);
  const ownEnvironment = stale.ownEnvironment?.environmentId === subject ? stale.ownEnvironment : null;
  if (clients.length + saved.length === 0 && ownEnvironment === null) return null;
  return { ...NOTHING_STALE, clients, saved, ownEnvironment };
}
