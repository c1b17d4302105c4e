/** Whether this machine's remote-control identity is its own: the installation id, and the accounts it is enrolled for. */
import { realpath } from 'node:fs/promises';
import { readAuth } from '../../codex/auth-file.ts';
import { readGlobalState } from '../../codex/global-state.ts';
import { readInstallationId, readInstallationIdOf, windowsHomes } from '../../codex/installation-id.ts';
import { type RemoteEnrollment, readEnrollments } from '../../codex/state-db.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { readCloneSigns } from '../../remote/clone-signs.ts';
import { planRotateInstallationId } from '../../remote/plans/identity.ts';
import { planForgetLocalIds } from '../../remote/plans/pairing.ts';
import { planDropRows } from '../../remote/plans/rows.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

const ROTATE = 'remote.identity_collision.rotate';
const FORGET = 'remote.identity_collision.forget';
const DROP = 'remote.stale_environment.drop-rows';

export const remoteIdentityCheck: Check = {
  id: 'steward.remote-identity',
  category: 'remote',
  title: 'Remote-control identity',
  finds: ['remote.identity_collision', 'remote.stale_environment'],
  timeoutMs: 3000,
  run,
};

async function run(context: CheckContext): Promise<CheckResult> {
  const [id, rows] = await Promise.all([context.read(readInstallationId), context.read(readEnrollments)]);
  const enrolled = rows.kind === 'ok' ? rows.value : [];
  const problems = [
    ...(id.kind === 'malformed' ? [noId(context, id.path, enrolled)] : []),
    ...(id.kind === 'ok' ? await copied(context, id.value) : []),
    ...(id.kind === 'ok' ? await sharedWithWindows(context, id.value, enrolled) : []),
    ...(id.kind === 'ok' ? await appDisagrees(context, id.value, enrolled) : []),
    ...(await otherAccounts(context, enrolled)),
  ];
  return {
    summary: problems[0]?.finding.cause ?? `${enrolled.length} enrolment(s)`,
    status:
      problems.length > 0 ? 'problems' : rows.kind === 'ok' || rows.kind === 'missing' ? 'ok' : 'skipped',
    details: {
      'installation id': id.kind === 'ok' ? id.value : id.kind,
      enrolments: enrolled.map(
        (row) => `${row.clientName || 'daemon'} as ${row.serverName}: ${row.environmentId}`,
      ),
    },
    problems,
  };
}

/** Codex 0.133 and 0.169 replace such a file by a new id at the next start (measured): the enrolments then are another host's. */
function noId(context: CheckContext, path: string, rows: readonly RemoteEnrollment[]): FoundProblem {
  return {
    finding: finding('remote.identity_collision', {
      subject: path,
      severity: rows.length > 0 ? 'warn' : 'info',
      confidence: 0.9,
      cause: `${path} holds no installation id; Codex will make a new one, and what was enrolled under the old one no longer fits.`,
      evidence: [{ source: 'file', where: path, what: 'not a uuid' }],
      steps: rotateSteps('writes a new id and clears the enrolments of the lost one'),
      repairId: ROTATE,
    }),
    plan: () => planRotateInstallationId(context),
  };
}

/** The name alone proves no more than a rename. */
async function copied(context: CheckContext, id: string): Promise<readonly FoundProblem[]> {
  const signs = await context.read(readCloneSigns);
  if (signs === null) return [];
  const { names, hostName: name, writtenAt, madeAt } = signs;
  const younger = signs.kind === 'copied';
  return [
    {
      finding: finding('remote.identity_collision', {
        subject: context.home.path,
        severity: younger ? 'fail' : 'info',
        confidence: younger ? 0.8 : 0.4,
        cause: younger
          ? `This Codex home was copied from ${names}: ${name} would come online under the same installation id.`
          : `This home was enrolled as ${names}, and the machine is now called ${name}: it was renamed, or the home was copied.`,
        evidence: [
          {
            source: 'db',
            where: 'remote_control_enrollments',
            what: `server_name ${names}, written ${iso(writtenAt)}`,
          },
          {
            source: 'file',
            where: `${context.home.path}/installation_id`,
            what: `${id}${madeAt === null ? '' : `, made on this disk ${iso(madeAt)}`}`,
          },
        ],
        steps: rotateSteps('if the home was copied'),
        repairId: ROTATE,
      }),
      plan: () => planRotateInstallationId(context),
    },
  ];
}

async function sharedWithWindows(
  context: CheckContext,
  id: string,
  rows: readonly RemoteEnrollment[],
): Promise<readonly FoundProblem[]> {
  const own = await realpath(context.home.path).catch(() => context.home.path); // unreadable: compared as it is spelled
  const problems: FoundProblem[] = [];
  for (const home of await windowsHomes(context.host)) {
    const other = await readInstallationIdOf(home);
    if (other.kind !== 'ok' || other.value !== id) continue;
    if ((await realpath(home).catch(() => home)) === own) continue; // one home, used from both sides
    problems.push({
      finding: finding('remote.identity_collision', {
        subject: home,
        severity: rows.length > 0 ? 'fail' : 'warn',
        confidence: 0.9,
        cause: `The Windows side (${home}) and this home share one installation id, so the backend takes them for one host.`,
        evidence: [
          { source: 'file', where: other.path, what: id },
          { source: 'file', where: `${context.home.path}/installation_id`, what: id },
        ],
        steps: rotateSteps('on one of the two sides'),
        repairId: ROTATE,
      }),
      plan: () => planRotateInstallationId(context),
    });
  }
  return problems;
}

async function appDisagrees(
  context: CheckContext,
  id: string,
  rows: readonly RemoteEnrollment[],
): Promise<readonly FoundProblem[]> {
  const files = await context.read(readGlobalState);
  const holders = [files.main, files.backup].flatMap((file) =>
    file.kind === 'ok' && file.value.localInstallationId !== null && file.value.localInstallationId !== id
      ? [{ path: file.path, remembered: file.value.localInstallationId }]
      : [],
  );
  const [holder] = holders;
  if (holder === undefined) return [];
  return [
    {
      finding: finding('remote.identity_collision', {
        subject: 'the app’s installation id',
        severity: 'warn',
        confidence: rows.some(({ clientName }) => clientName !== '') ? 0.7 : 0.5,
        cause: `The desktop app remembers the installation id ${holder.remembered}, but this home's is ${id}.`,
        evidence: [
          ...holders.map(
            ({ path, remembered }): Evidence => ({ source: 'file', where: path, what: remembered }),
          ),
          { source: 'file', where: `${context.home.path}/installation_id`, what: id },
        ],
        summary:
          'App closed, remove the remembered ids from both global-state files; the app learns the present one.',
        steps: [
          'Quit the Codex app fully.',
          'steward doctor --fix --only remote.identity_collision',
          'Start the app again.',
        ],
        repairId: FORGET,
      }),
      plan: () => planForgetLocalIds(context, FORGET),
    },
  ];
}

/** Harmless by itself (rows are keyed by account), but it keeps a dead host in the former account's list. */
async function otherAccounts(
  context: CheckContext,
  rows: readonly RemoteEnrollment[],
): Promise<readonly FoundProblem[]> {
  if (rows.length === 0) return [];
  const auth = await context.read(readAuth);
  if (auth.kind !== 'ok') return [];
  const account = auth.value.tokens?.accountId ?? auth.value.identity?.accountId ?? null;
  if (account === null) return [];
  const others = rows.filter((row) => row.accountId !== account);
  if (others.length === 0) return [];
  const summary = 'Drop the enrolments of the other accounts from this machine.';
  return [
    {
      finding: finding('remote.stale_environment', {
        subject: 'enrolments of other accounts',
        severity: 'info',
        confidence: 0.9,
        cause: `${others.length} of ${rows.length} enrolments belong to an account that is not logged in here; its host list shows this machine as offline.`,
        evidence: others.map(
          (row): Evidence => ({
            source: 'db',
            where: 'remote_control_enrollments',
            what: `account …${row.accountId.slice(-4)}, ${row.environmentId}, written ${iso(row.updatedAtMs)}`,
          }),
        ),
        summary,
        steps: [
          'Nothing to do if you switch between these accounts.',
          'Else: steward doctor --fix --only remote.stale_environment',
        ],
        repairId: DROP,
      }),
      plan: () => planDropRows(context, others, { repairId: DROP, summary }),
    },
  ];
}

function rotateSteps(where: string): readonly string[] {
  return [
    'Quit the Codex app, and: codex remote-control stop',
    `steward doctor --fix --only remote.identity_collision   (${where})`,
    'codex remote-control start, then pair again.',
  ];
}

function iso(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
