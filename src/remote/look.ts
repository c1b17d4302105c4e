/** One look at remote control, both roles: this machine, this app, and the server beside them. Changes nothing on either side. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DaemonFiles } from '../codex/daemon-files.ts';
import type { CodexScope } from '../codex/home.ts';
import { type Evidence, finding } from '../knowledge/finding.ts';
import { type BackendUnavailable, openRemoteBackend, type RemoteBackend } from './backend/backend.ts';
import { readCloneSigns } from './clone-signs.ts';
import { type HostReading, readHostStatus } from './host-status.ts';
import { type LocalState, readLocalState } from './local-state.ts';
import { isStaleRecord, isStaleSocket } from './plans/daemon.ts';
import { NOTHING_STALE, type Reconciliation, reconcile } from './reconcile.ts';
import { readSecondOwners } from './second-owners.ts';
import { readServerState, type ServerState } from './server-state.ts';
import { type Trouble, type TroubleKind, troubleOfError } from './trouble.ts';

export interface RemoteLook {
  readonly host: HostReading;
  /** Who asked; `null` where there is no login that could. */
  readonly login: RemoteBackend['login'] | null;
  readonly base: URL | null;
  readonly local: LocalState | null;
  readonly server: ServerState | null;
  /** Why the server was not asked. */
  readonly unavailable: BackendUnavailable | null;
  readonly reconciled: Reconciliation;
  /** All troubles, the machine's own first; no failure twice. */
  readonly troubles: readonly Trouble[];
}

export interface LookOptions {
  /** `false`: only what this machine knows. */
  readonly server?: boolean;
  /** Patience with each question. Default 8 s. */
  readonly timeoutMs?: number;
  /** `false`: an expired login is not renewed. */
  readonly refresh?: boolean;
  /** The machine's status, where it was just read. */
  readonly host?: HostReading;
}

const TIMEOUT_MS = 8000;
/** The server's list of machines may lag a moment behind their connections. */
const PRESENCE_LAG_MS = 700;

/** Looks. Never throws for what a server answers. */
export async function lookAtRemote(scope: CodexScope, options: LookOptions = {}): Promise<RemoteLook> {
  const host = options.host ?? (await readHostStatus(scope, { ask: true }));
  const own = [...(await troublesOfHost(scope, host)), ...(await cloned(scope))];
  const empty: Reconciliation = {
    troubles: [],
    stale: NOTHING_STALE,
    cleanup: { pendingClients: [], deadEnvironments: [] },
  };
  const nothing = {
    host,
    login: null,
    base: null,
    local: null,
    server: null,
    reconciled: empty,
    troubles: own,
  };
  if (options.server === false) return { ...nothing, unavailable: null };
  const backend = await openRemoteBackend(scope, {
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    ...(options.refresh === undefined ? {} : { refresh: options.refresh }),
  });
  if (backend.kind === 'unavailable') return { ...nothing, unavailable: backend };
  try {
    const { login, base } = backend;
    const local = await readLocalState(scope, login, base);
    const ask = async () => {
      const server = await readServerState(backend, local);
      return { server, reconciled: reconcile(local, server, host.status, login) };
    };
    let seen = await ask();
    if (seen.reconciled.troubles.some(({ kind }) => kind === 'presence-stale')) {
      await sleep(PRESENCE_LAG_MS, undefined, { signal: scope.signal });
      seen = await ask();
    }
    return {
      host,
      login,
      base,
      local,
      unavailable: null,
      ...seen,
      troubles: merge(own, seen.reconciled.troubles),
    };
  } finally {
    await backend.close();
  }
}

/** Of these there may be several, or the server says more than Codex does (which row, which client). */
const MANY: ReadonlySet<TroubleKind> = new Set(['other', 'client-revoked', 'server-unknown']);

/** The machine's own error and the server's word are often one and the same; the closer one stays. */
function merge(own: readonly Trouble[], server: readonly Trouble[]): readonly Trouble[] {
  const collides = server.some(({ kind }) => kind === 'identity-collision');
  // Who holds the place is the better half of "somebody holds it".
  const kept = collides ? own.filter(({ kind }) => kind !== 'server-conflict') : own;
  const kinds = new Set(kept.map(({ kind }) => kind));
  return [...kept, ...server.filter(({ kind }) => !kinds.has(kind) || MANY.has(kind))];
}

/** The machine's own error, with what can be seen here and Codex does not say. */
async function troublesOfHost(scope: CodexScope, host: HostReading): Promise<readonly Trouble[]> {
  if (host.status.lastError === null) return [];
  const trouble = troubleOfError(host.status.lastError);
  if (trouble.kind === 'daemon') return [withDaemonFacts(trouble, host.daemon)];
  return [trouble.kind === 'server-conflict' ? await withOwners(scope, trouble) : trouble];
}

/** Who holds the place, as far as it can be seen from here. */
async function withOwners(scope: CodexScope, trouble: Trouble): Promise<Trouble> {
  const owners = await readSecondOwners(scope);
  const seen = owners.map(
    ({ pid, command }): Evidence => ({ source: 'process', where: `pid ${pid}`, what: command }),
  );
  const nobody: Evidence = {
    source: 'process',
    where: 'this Codex home',
    what: 'no second app-server runs here: another machine, or a connection that the server has not given up yet',
  };
  const { finding } = trouble;
  const evidence = [...finding.evidence, ...(seen.length > 0 ? seen : [nobody])];
  return { ...trouble, finding: { ...finding, evidence } };
}

/** Told, and never acted upon by itself: after a move to a new machine the copy is the one that should live on. */
async function cloned(scope: CodexScope): Promise<readonly Trouble[]> {
  const signs = await readCloneSigns(scope);
  if (signs?.kind !== 'copied') return [];
  return [
    {
      kind: 'other',
      finding: finding('remote.identity_collision', {
        subject: scope.home.path,
        severity: 'warn',
        confidence: 0.8,
        cause: `This Codex home was copied from ${signs.names}: both would be online under one installation id.`,
        evidence: [
          {
            source: 'db',
            where: 'remote_control_enrollments',
            what: `enrolled as ${signs.names}, this machine is ${signs.hostName}`,
          },
        ],
        command: 'steward doctor --fix --only remote.identity_collision',
        steps: [
          `If ${signs.names} is still in use: steward doctor --fix --only remote.identity_collision`,
          'If this machine has taken its place: nothing; it keeps the pairings.',
        ],
      }),
    },
  ];
}

/** What stands in the daemon's way: Codex only says that it did not become ready. */
function withDaemonFacts(trouble: Trouble, { socket, records }: DaemonFiles): Trouble {
  const blocked = isStaleSocket(socket)
    ? [{ path: socket.path, what: SOCKET_WORDS[socket.kind] ?? socket.kind }]
    : [];
  const dead = records
    .filter((record) => record.role === 'app-server' && isStaleRecord(record))
    .map(({ path, state }) => ({
      path,
      what: state === null ? 'a damaged pid record' : `its process is ${state}`,
    }));
  const facts = [...blocked, ...dead];
  const [first] = facts;
  if (first === undefined) return trouble;
  const { finding } = trouble;
  return {
    ...trouble,
    finding: {
      ...finding,
      cause: `${finding.cause} In its way: ${first.path} (${first.what}).`,
      evidence: [
        ...finding.evidence,
        ...facts.map(({ path, what }) => ({ source: 'file' as const, where: path, what })),
      ],
    },
  };
}

const SOCKET_WORDS: Readonly<Record<string, string>> = {
  deserted: 'a socket on which nobody listens',
  dangling: 'a link that leads nowhere',
  'not-a-socket': 'not a socket',
};
