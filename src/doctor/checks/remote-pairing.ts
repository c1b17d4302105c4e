/**
 * The desktop app's pairing state: clients that the server has revoked, saved hosts that are gone.
 *
 * The files alone look the same in a healthy home (the environments of other machines are not known here), so a finding
 * needs a word from the server as well, in the app's log or in ours. `steward remote` asks the server itself.
 */
import { type PairingNotes, readPairingNotes } from '../../codex/enrollment-desktop-log.ts';
import { readLastRemoteError } from '../../codex/enrollment-log.ts';
import type { PairingNote } from '../../codex/enrollment-pairing-note.ts';
import {
  type ClientEnrollment,
  type GlobalState,
  type GlobalStateFiles,
  namedEnvironments,
  readGlobalState,
} from '../../codex/global-state.ts';
import { type RemoteEnrollment, readEnrollments } from '../../codex/state-db.ts';
import { type Evidence, finding } from '../../knowledge/finding.ts';
import { causeOfRemoteError } from '../../remote/error-cause.ts';
import { planForgetHosts, planForgetLocalIds, planMinimalReset } from '../../remote/plans/pairing.ts';
import type { Check, CheckContext, CheckResult, FoundProblem } from '../check.ts';

const MINIMAL = 'remote.client_revoked.minimal';
const FORGET_HOSTS = 'remote.stale_environment.forget-hosts';
const FORGET_LOCAL = 'remote.stale_environment.forget-local';
const NOT_HELPING =
  'Reinstalling, signing in again, keychain clean-up or clearing remote_control_enrollments in SQLite do not help: the state is in these two files of this user.';

export const remotePairingCheck: Check = {
  id: 'steward.remote-pairing',
  category: 'remote',
  title: 'Pairing of the desktop app',
  finds: ['remote.client_revoked', 'remote.stale_environment'],
  timeoutMs: 3000,
  run,
};

interface NamedState {
  readonly path: string;
  readonly state: GlobalState;
}

async function run(context: CheckContext): Promise<CheckResult> {
  const files = await context.read(readGlobalState);
  const states = readable(files);
  const none: CheckResult = { summary: 'no desktop pairing state', status: 'ok', details: {}, problems: [] };
  if (states.length === 0) {
    const bad = [files.main, files.backup].find(
      (file) => file.kind === 'unreadable' || file.kind === 'malformed',
    );
    if (bad === undefined) return none;
    return { ...none, status: 'skipped', summary: `${bad.path} cannot be read: ${bad.message}` };
  }
  const clients = states.flatMap(({ state }) => state.enrollments);
  const environments = [...new Set(states.flatMap(({ state }) => namedEnvironments(state)))];
  const rows = await context.read(readEnrollments);
  const local = states.some(({ state }) => state.localEnvironmentId !== null);
  if (clients.length + environments.length === 0 && !local) return none;

  const notes = await context.read(readPairingNotes);
  const problems = [
    ...(await revoked(context, states, notes)),
    ...goneEnvironments(context, states, notes),
    ...localMismatch(context, states, rows.kind === 'ok' ? rows.value : []),
  ];
  return {
    summary:
      problems[0]?.finding.cause ??
      `${distinct(clients).length} client(s), ${environments.length} saved environment(s)`,
    status: problems.length === 0 ? 'ok' : 'problems',
    details: {
      clients: distinct(clients).map((client) => client.clientId ?? 'without an id'),
      environments,
      'logs read': notes.files,
    },
    problems,
  };
}

function readable(files: GlobalStateFiles): readonly NamedState[] {
  return [files.main, files.backup].flatMap((file) =>
    file.kind === 'ok' ? [{ path: file.path, state: file.value }] : [],
  );
}

async function revoked(
  context: CheckContext,
  states: readonly NamedState[],
  { notes }: PairingNotes,
): Promise<readonly FoundProblem[]> {
  const last = (await context.read(readLastRemoteError)).last;
  const ownWord = last?.error && causeOfRemoteError(last.error).id === 'remote.client_revoked' ? last : null;
  const complaints = notes.filter(({ kind }) => kind !== 'environment-gone');
  if (complaints.length === 0 && ownWord === null) return [];

  const clients = distinct(states.flatMap(({ state }) => state.enrollments));
  const named = clients.filter(
    ({ clientId }) => clientId !== null && complaints.some((note) => note.clientIds.includes(clientId)),
  );
  // A complaint that names another client is about an enrolment that has already been replaced.
  const nameless = complaints.filter(({ clientIds }) => clientIds.length === 0);
  const meant = named.length > 0 ? named : nameless.length > 0 || ownWord !== null ? clients : [];
  const said: readonly Evidence[] =
    named.length > 0 || nameless.length > 0
      ? (named.length > 0 ? complaints : nameless).slice(0, 2).map(evidenceOf)
      : [
          {
            source: ownWord?.source ?? 'log',
            where: ownWord?.where ?? 'log',
            what: 'the server says that the client is revoked',
          },
        ];
  return meant.map((client) => {
    const holders = states.filter(({ state }) => state.enrollments.some(({ key }) => key === client.key));
    const keyGone = complaints[0]?.kind === 'key-missing';
    return {
      finding: finding('remote.client_revoked', {
        subject: client.clientId ?? client.key.replaceAll('\n', ' · '),
        confidence: named.length > 0 ? 0.95 : 0.75,
        cause: keyGone
          ? `The app still uses the remote-control client ${client.clientId ?? ''}, whose device key is gone.`
          : `The app still uses the remote-control client ${client.clientId ?? ''}, which the server has revoked.`,
        evidence: [
          ...said,
          ...holders.map(
            ({ path }): Evidence => ({
              source: 'file',
              where: path,
              what: `holds the enrolment of ${client.clientId ?? 'a client without an id'}`,
            }),
          ),
        ],
        steps: [
          'Quit the Codex app fully (it writes its memory back on quit).',
          'steward doctor --fix --only remote.client_revoked',
          'Start the app and pair again; scan the new code.',
          NOT_HELPING,
        ],
        repairId: MINIMAL,
      }),
      plan: () => planMinimalReset(context, ({ key }) => key === client.key),
    };
  });
}

function goneEnvironments(
  context: CheckContext,
  states: readonly NamedState[],
  { notes }: PairingNotes,
): readonly FoundProblem[] {
  const gone = notes.filter(({ kind }) => kind === 'environment-gone');
  const saved = new Set(states.flatMap(({ state }) => namedEnvironments(state)));
  const ids = [...new Set(gone.flatMap((note) => note.environmentIds))].filter((id) => saved.has(id));
  if (ids.length === 0) return [];
  const holders = states.filter(({ state }) => namedEnvironments(state).some((id) => ids.includes(id)));
  return [
    {
      finding: finding('remote.stale_environment', {
        subject: 'saved hosts',
        confidence: 0.85,
        cause: `The app keeps connecting to ${ids.join(', ')}, which the server no longer has.`,
        evidence: [
          ...gone.slice(0, 2).map(evidenceOf),
          ...holders.map(
            ({ path }): Evidence => ({ source: 'file', where: path, what: `names ${ids.join(', ')}` }),
          ),
        ],
        steps: [
          'Quit the Codex app fully.',
          'steward doctor --fix --only remote.stale_environment',
          'Start the app and choose the host again.',
        ],
        repairId: FORGET_HOSTS,
      }),
      plan: () => planForgetHosts(context),
    },
  ];
}

/** Provable here: the app calls an environment its own that its enrolment row no longer names. */
function localMismatch(
  context: CheckContext,
  states: readonly NamedState[],
  rows: readonly RemoteEnrollment[],
): readonly FoundProblem[] {
  const own = rows.filter(({ clientName }) => clientName !== '');
  const holders = states.filter(
    ({ state }) =>
      state.localEnvironmentId !== null && own.every((row) => row.environmentId !== state.localEnvironmentId),
  );
  const [row] = own;
  const [holder] = holders;
  if (row === undefined || holder === undefined) return [];
  const remembered = holder.state.localEnvironmentId ?? '';
  return [
    {
      finding: finding('remote.stale_environment', {
        subject: 'own environment',
        severity: 'warn',
        confidence: 0.7,
        cause: `The app calls ${remembered} its own environment, but this machine is enrolled as ${own.map(({ environmentId }) => environmentId).join(', ')}.`,
        evidence: [
          ...holders.map(
            ({ path, state }): Evidence => ({
              source: 'file',
              where: path,
              what: `own environment ${state.localEnvironmentId ?? ''}`,
            }),
          ),
          {
            source: 'db',
            where: 'remote_control_enrollments',
            what: `${row.clientName}: ${row.environmentId}`,
          },
        ],
        steps: [
          'Quit the Codex app fully.',
          'steward doctor --fix --only remote.stale_environment',
          'Start the app again.',
        ],
        repairId: FORGET_LOCAL,
      }),
      plan: () => planForgetLocalIds(context, FORGET_LOCAL),
    },
  ];
}

/** The same enrolment stands in both files. */
function distinct(clients: readonly ClientEnrollment[]): readonly ClientEnrollment[] {
  return [...new Map(clients.map((client) => [client.key, client])).values()];
}

function evidenceOf(note: PairingNote): Evidence {
  return { source: 'log', where: note.where, what: note.text };
}
