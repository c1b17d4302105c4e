/**
 * Compares what is stored here with what the server knows. Pure: facts in, troubles and clean-up out. Only a word of the
 * server's own makes something stale; what it did not answer, and what belongs to another account, stays as it is.
 */

import type { RemoteEnrollment } from '../codex/state-db.ts';
import { type Evidence, finding } from '../knowledge/finding.ts';
import type { BackendRefusal } from './backend/answer.ts';
import type { RemoteClient, RemoteEnvironment } from './backend/backend.ts';
import type { RemoteLogin } from './backend/login.ts';
import { causeOfRemoteError } from './error-cause.ts';
import type { HostStatus } from './host-status.ts';
import type { LocalClient, LocalState, SavedEnvironment } from './local-state.ts';
import type { ServerState, Verdict } from './server-state.ts';
import { type Trouble, troubleKindOf } from './trouble.ts';

/** What the server has revoked or lost, and this home still keeps. */
export interface StaleLocal {
  readonly clients: readonly LocalClient[];
  readonly saved: readonly SavedEnvironment[];
  readonly ownEnvironment: SavedEnvironment | null;
  readonly rows: readonly RemoteEnrollment[];
}

/** What piles up on the server; removed only where the user says so. */
export interface ServerCleanup {
  readonly pendingClients: readonly RemoteClient[];
  /** Offline entries under this machine's name that it does not use any more. */
  readonly deadEnvironments: readonly RemoteEnvironment[];
}

export interface Reconciliation {
  readonly troubles: readonly Trouble[];
  readonly stale: StaleLocal;
  readonly cleanup: ServerCleanup;
}

export const NOTHING_STALE: StaleLocal = { clients: [], saved: [], ownEnvironment: null, rows: [] };

/** This many unfinished enrolments are more than a pairing that is under way. */
const PILED_UP = 3;
const SKEW_MS = 5 * 60_000;
const NOT_HELPING =
  'Reinstalling, signing in again, keychain clean-up or clearing the SQLite table alone do not help: this user’s Codex home keeps the dead client, so another user of this computer and the phone work.';

/** Compares. `host` is the machine's own status. */
export function reconcile(
  local: LocalState,
  server: ServerState,
  host: HostStatus,
  login: RemoteLogin,
): Reconciliation {
  const gone = (verdicts: ReadonlyMap<string, Verdict>, id: string | null) =>
    id !== null && verdicts.get(id)?.kind === 'gone';
  // Ids without an owner's name: with a second account in the same files nobody can say whose they are.
  const isShared = local.otherClients > 0 || local.otherRows.length > 0;
  const stale: StaleLocal = {
    clients: local.clients.filter(({ clientId }) => gone(server.clientVerdicts, clientId)),
    saved: isShared
      ? []
      : local.saved.filter(({ environmentId }) => gone(server.environmentVerdicts, environmentId)),
    ownEnvironment:
      !isShared && gone(server.environmentVerdicts, local.ownEnvironment?.environmentId ?? null)
        ? local.ownEnvironment
        : null,
    rows: local.rows.filter(({ environmentId }) => gone(server.environmentVerdicts, environmentId)),
  };
  const cleanup = cleanupOf(local, server, host);
  return {
    stale,
    cleanup,
    troubles: [
      ...refusals(server),
      ...mfa(server, login, host),
      ...stale.clients.map((client) => revokedClient(client, server)),
      ...staleSaved(stale, server),
      ...lostRows(stale, server),
      ...conflict(local, server, host),
      ...presence(server, host),
      ...piledUp(cleanup),
      ...clock(server),
    ],
  };
}

/** The server refuses every question: that refusal is the trouble, and it is told once. */
function refusals({ clients, environments }: ServerState): readonly Trouble[] {
  const refused = [clients, environments].find((answer) => answer.kind === 'refused');
  return refused?.kind === 'refused' ? [troubleOfRefusal(refused)] : [];
}

/** The cause behind the server's refusal of a question of ours. */
export function troubleOfRefusal(refusal: BackendRefusal): Trouble {
  const { url, httpStatus, statusText, detail, body, requestId, cfRay } = refusal;
  const cause = causeOfRemoteError({
    ...{ kind: 'enroll', url, httpStatus, statusText, detail, body, requestId, cfRay },
    ...{ reason: null, at: null, retryInMs: null },
  });
  const skew = refusal.clockSkewMs;
  const time = skew === null || Math.abs(skew) < SKEW_MS ? '' : ` This computer's clock is ${offBy(skew)}.`;
  return {
    kind: troubleKindOf(cause.id),
    finding: finding(cause.id, {
      subject: 'server',
      severity: cause.severity,
      confidence: cause.confidence,
      cause: `${cause.cause}.${time}`,
      evidence: [
        {
          source: 'http',
          where: `${refusal.method} ${url}`,
          what: [`HTTP ${httpStatus} ${statusText ?? ''}`.trim(), body]
            .filter((part) => part !== null)
            .join(', '),
        },
      ],
      ...(cause.steps === undefined ? {} : { steps: cause.steps }),
      ...(cause.command === undefined ? {} : { command: cause.command }),
    }),
  };
}

/** Required, and this very session has not passed it: every enrolment will be refused. */
function mfa(server: ServerState, login: RemoteLogin, host: HostStatus): readonly Trouble[] {
  const { mfaRequired } = server;
  if (mfaRequired.kind !== 'ok' || mfaRequired.value.required !== true) return [];
  if (login.authMethods.length === 0 || login.authMethods.includes('mfa')) return [];
  return [
    {
      kind: 'mfa',
      finding: finding('remote.mfa_required', {
        subject: 'server',
        severity: host.status === 'connected' ? 'warn' : 'fail',
        cause:
          'The account must use multi-factor authentication for remote control, and this login was made without it.',
        evidence: [
          { source: 'http', where: 'mfa_requirement', what: 'required' },
          {
            source: 'file',
            where: 'auth.json',
            what: `this session signed in with ${login.authMethods.join(', ')}`,
          },
        ],
      }),
    },
  ];
}

function revokedClient(client: LocalClient, server: ServerState): Trouble {
  const id = client.clientId ?? 'without an id';
  return {
    kind: 'client-revoked',
    finding: finding('remote.client_revoked', {
      subject: id,
      cause: `This app still uses the remote-control client ${id}, which the server has revoked or lost.`,
      evidence: [
        ...proofOf(server.clientVerdicts.get(id)),
        ...client.paths.map((path): Evidence => ({ source: 'file', where: path, what: `names ${id}` })),
      ],
      summary:
        'Remove that client from both global-state files, the app closed; it enrols anew and can be paired again.',
      command: 'steward remote repair',
      steps: [
        'Quit the Codex app fully.',
        'steward remote repair',
        'Start the app and pair again.',
        NOT_HELPING,
      ],
      actor: 'steward',
    }),
  };
}

function staleSaved({ saved, ownEnvironment }: StaleLocal, server: ServerState): readonly Trouble[] {
  const all = [...saved, ...(ownEnvironment === null ? [] : [ownEnvironment])];
  const ids = [...new Set(all.map(({ environmentId }) => environmentId))];
  return ids.map((id): Trouble => {
    const places = all.filter(({ environmentId }) => environmentId === id).flatMap((one) => one.places);
    return {
      kind: 'stale-environment',
      finding: finding('remote.stale_environment', {
        subject: id,
        cause: `This app keeps the environment ${id}, which the server no longer has.`,
        evidence: [
          ...proofOf(server.environmentVerdicts.get(id)),
          ...places.map((place): Evidence => ({ source: 'file', where: place, what: `names ${id}` })),
        ],
        summary: 'Forget exactly that environment in both global-state files, the app closed.',
        command: 'steward remote repair',
        steps: [
          'Quit the Codex app fully.',
          'steward remote repair',
          'Start the app and choose the host again.',
        ],
        actor: 'steward',
      }),
    };
  });
}

function lostRows({ rows }: StaleLocal, server: ServerState): readonly Trouble[] {
  return rows.map((row) => ({
    kind: 'server-unknown' as const,
    finding: finding('remote.server_unknown', {
      subject: row.environmentId,
      cause: `This machine is stored as ${row.environmentId}, which the server no longer knows.`,
      evidence: [
        ...proofOf(server.environmentVerdicts.get(row.environmentId)),
        {
          source: 'db',
          where: 'remote_control_enrollments',
          what: `${row.clientName || 'daemon'}: ${row.environmentId}`,
        },
      ],
      command: 'steward remote repair',
      steps: ['steward remote repair   (drops that row and enrols anew)'],
      actor: 'steward',
    }),
  }));
}

/** 409: the server says who is online under this id. Another machine's name there means that both share one identity. */
function conflict(local: LocalState, { environments }: ServerState, host: HostStatus): readonly Trouble[] {
  const { lastError, environmentId } = host;
  if (lastError?.httpStatus !== 409 || environments.kind !== 'ok') return [];
  const ids = [environmentId, ...local.rows.map((row) => row.environmentId)];
  const holder = environments.value.find((one) => ids.includes(one.environmentId));
  if (holder?.hostName == null || holder.hostName === local.hostName) return [];
  return [
    {
      kind: 'identity-collision',
      finding: finding('remote.identity_collision', {
        subject: holder.environmentId,
        confidence: 0.9,
        cause: `${holder.hostName} is online under this machine's installation id: one of the two was cloned from the other.`,
        evidence: [
          {
            source: 'http',
            where: lastError.url ?? 'websocket',
            what: `HTTP 409, ${lastError.detail ?? 'conflict'}`,
          },
          {
            source: 'http',
            where: 'environments',
            what: `${holder.environmentId} is ${holder.hostName}, ${holder.online === true ? 'online' : 'offline'}; this machine is ${local.hostName}`,
          },
        ],
        command: 'steward remote repair',
        steps: [
          `If ${holder.hostName} is a former name of this machine, stop the other process instead.`,
          'Quit the Codex app, then: steward remote repair   (gives this machine an installation id of its own)',
          'Pair the phone again; the other machine keeps its pairing.',
        ],
        actor: 'steward',
      }),
    },
  ];
}

function presence({ environments }: ServerState, host: HostStatus): readonly Trouble[] {
  if (host.status !== 'connected' || environments.kind !== 'ok') return [];
  const listed = environments.value.find(({ environmentId }) => environmentId === host.environmentId);
  if (listed === undefined || listed.online !== false) return [];
  return [
    {
      kind: 'presence-stale',
      finding: finding('remote.presence_stale', {
        subject: listed.environmentId,
        cause: `This machine is connected, and the server lists ${listed.environmentId} as offline.`,
        evidence: [
          { source: 'process', where: 'app-server', what: `connected as ${listed.environmentId}` },
          {
            source: 'http',
            where: 'environments',
            what: `online: false, last seen ${when(listed.lastSeenAt)}`,
          },
        ],
        summary:
          'Stop and start remote control, which registers it anew. The enrolment and the pairings stay.',
        command: 'steward remote repair',
        actor: 'steward',
      }),
    },
  ];
}

function cleanupOf(local: LocalState, server: ServerState, host: HostStatus): ServerCleanup {
  // A machine that is trying to enrol makes such entries, and may be about to use one.
  const isSettled = host.status === 'connected' || host.status === 'disabled';
  const used = new Set([host.environmentId, ...local.rows.map(({ environmentId }) => environmentId)]);
  const stored = new Set(local.clients.map(({ clientId }) => clientId));
  return {
    pendingClients:
      server.clients.kind === 'ok'
        ? server.clients.value.filter(
            ({ status, clientId }) => status === 'pending_enrollment' && !stored.has(clientId),
          )
        : [],
    deadEnvironments:
      server.environments.kind === 'ok' && isSettled
        ? server.environments.value.filter(
            (one) => one.online === false && one.hostName === local.hostName && !used.has(one.environmentId),
          )
        : [],
  };
}

function piledUp({ pendingClients, deadEnvironments }: ServerCleanup): readonly Trouble[] {
  const troubles: Trouble[] = [];
  if (pendingClients.length > 0) {
    const severity = pendingClients.length >= PILED_UP ? 'warn' : 'info';
    troubles.push({
      kind: 'other',
      finding: finding('remote.pairing_failed', {
        subject: 'pending clients',
        severity,
        cause: `${pendingClients.length} client${pendingClients.length === 1 ? '' : 's'} began to enrol and never finished; piled up, they keep new ones from pairing.`,
        evidence: [
          { source: 'http', where: 'clients', what: `${pendingClients.length} × pending_enrollment` },
        ],
        summary: 'Remove the unfinished clients from the server, after a look at the list.',
        command: 'steward remote repair',
        steps: ['steward remote clients', 'steward remote repair'],
        actor: 'steward',
      }),
    });
  }
  if (deadEnvironments.length > 0) {
    troubles.push({
      kind: 'stale-environment',
      finding: finding('remote.stale_environment', {
        subject: 'dead environments on the server',
        severity: 'info',
        cause: `The server lists ${deadEnvironments.length} offline environment${deadEnvironments.length === 1 ? '' : 's'} under this machine's name that it no longer uses.`,
        evidence: deadEnvironments.map((one) => ({
          source: 'http',
          where: 'environments',
          what: `${one.environmentId}, last seen ${when(one.lastSeenAt)}`,
        })),
        command: 'steward remote repair',
        steps: ['steward remote environments', 'steward remote repair'],
        actor: 'steward',
      }),
    });
  }
  return troubles;
}

/** A clock that is far off makes tokens look expired or not yet valid. */
function clock({ clockSkewMs, clients, environments }: ServerState): readonly Trouble[] {
  if (clockSkewMs === null || Math.abs(clockSkewMs) < SKEW_MS) return [];
  if (clients.kind === 'refused' || environments.kind === 'refused') return []; // said there
  return [
    {
      kind: 'other',
      finding: finding('remote.enrollment_errored', {
        subject: 'clock',
        severity: 'warn',
        confidence: 0.9,
        cause: `This computer's clock is ${offBy(clockSkewMs)}: logins and pairing codes look expired, or not valid yet.`,
        evidence: [
          {
            source: 'http',
            where: 'Date header',
            what: `${Math.round(clockSkewMs / 1000)} s against our clock`,
          },
        ],
        summary: 'Set the clock by the network.',
        steps: ['Turn on automatic time (timedatectl set-ntp true), then: steward remote status'],
        command: null,
        actor: 'you',
      }),
    },
  ];
}

function offBy(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const much = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `${much} ${skewMs > 0 ? 'behind' : 'ahead'}`;
}

function proofOf(verdict: Verdict | undefined): readonly Evidence[] {
  return verdict?.kind === 'gone' ? [{ source: 'http', where: verdict.where, what: verdict.what }] : [];
}

function when(at: number | null): string {
  return at === null ? 'unknown' : new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
