/**
 * Makes remote control well again: what is stale here is discarded with a backup, what piles up on the server is removed where the
 * user says so, and the machine enrols anew. Everything is named before it happens; nothing happens while the app runs.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodexScope } from '../codex/home.ts';
import { processesOfHome, readCodexProcesses } from '../codex/processes.ts';
import type { ApplyOutcome, Journal } from '../storage/journal.ts';
import type { RepairPlan } from '../storage/steps.ts';
import { isIdle, type LocalRepair, planActions, type RemoteActions } from './actions.ts';
import type { BackendAnswer } from './backend/answer.ts';
import { openRemoteBackend, type RemoteBackend } from './backend/backend.ts';
import { lookAtRemote, type RemoteLook } from './look.ts';
import { requireOfficialCodex, runOfficial } from './official.ts';
import { type StartResult, startHost } from './start.ts';

export type RemoteEvent =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'applied'; readonly plan: RepairPlan; readonly outcome: ApplyOutcome }
  | {
      readonly kind: 'removed';
      readonly what: 'client' | 'environment';
      readonly id: string;
      readonly answer: BackendAnswer<true>;
    }
  | { readonly kind: 'starting' };

/** What the user allows of it. */
export interface Consent {
  readonly local: boolean;
  readonly server: boolean;
}

export interface RepairRemoteOptions {
  readonly journal: Journal;
  /** Asked once a round, before anything is done; with `--dry-run` it answers no to both. */
  consent(actions: RemoteActions, look: RemoteLook): Promise<Consent>;
  onEvent?(event: RemoteEvent): void;
  /** Found already, a moment ago. */
  readonly look?: RemoteLook;
  /** Start remote control afterwards even where it was off. */
  readonly start: boolean;
  /** Leave the server's side alone. */
  readonly localOnly?: boolean;
}

export type RepairRemoteResult = {
  readonly actions: RemoteActions;
  readonly events: readonly RemoteEvent[];
  /** The official start at the end; `null` where none was made. */
  readonly started: StartResult | null;
  /** The state afterwards. */
  readonly look: RemoteLook;
} & (
  | { readonly kind: 'nothing' }
  | { readonly kind: 'declined' }
  /** Something that was wanted was not done: the events, or `reason`, say what and why. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'done' }
);

const STOP_TIMEOUT_MS = 60_000;
const OFFLINE_TRIES = 4;
const OFFLINE_WAIT_MS = 500;

/** Repairs. A conflict that a fresh enrolment does not end gets a second round, in which the identity itself is renewed. */
export async function repairRemote(
  scope: CodexScope,
  options: RepairRemoteOptions,
): Promise<RepairRemoteResult> {
  const first = await repairOnce(scope, options, {});
  const isHeld = (look: RemoteLook) => look.troubles.some(({ kind }) => kind === 'server-conflict');
  const dropped = first.events.some(
    (event) => event.kind === 'applied' && event.plan.repairId === 'remote.repair.drop-row',
  );
  if (first.kind !== 'done' || !dropped || !isHeld(first.look)) return first;
  const second = await repairOnce(scope, { ...options, look: first.look }, { reenrolled: true });
  return { ...second, events: [...first.events, ...second.events] };
}

async function repairOnce(
  scope: CodexScope,
  options: RepairRemoteOptions,
  how: { readonly reenrolled?: boolean },
): Promise<RepairRemoteResult> {
  const look = options.look ?? (await lookAtRemote(scope));
  const planned = await planActions(scope, look, how);
  const actions = options.localOnly ? { ...planned, removeClients: [], removeEnvironments: [] } : planned;
  const none = { actions, events: [], started: null, look };
  if (isIdle(actions)) {
    const [reason] = actions.refused;
    return reason === undefined ? { ...none, kind: 'nothing' } : { ...none, kind: 'refused', reason };
  }
  const obstacle = inTerminal(look, actions) ?? (await obstacleTo(scope, actions.local));
  if (obstacle !== null) return { ...none, kind: 'refused', reason: obstacle };
  const consent = await options.consent(actions, look);
  if (!consent.local && !consent.server) return { ...none, kind: 'declined' };
  return await carryOut(scope, options, actions, consent, look);
}

/** Does what was allowed, in the order that leaves a way back longest: here first, then on the server. */
export async function carryOut(
  scope: CodexScope,
  options: Pick<RepairRemoteOptions, 'journal' | 'onEvent' | 'start'>,
  actions: RemoteActions,
  consent: Consent,
  before: RemoteLook,
): Promise<RepairRemoteResult> {
  const events: RemoteEvent[] = [];
  const tell = (event: RemoteEvent) => {
    events.push(event);
    options.onEvent?.(event);
  };
  const local = consent.local ? actions.local : [];
  const wasRunning = before.host.pid !== null;
  const needsStop =
    local.some(({ plan }) => plan.requiresStopped === 'all') || (consent.local && actions.restart !== null);
  if (needsStop && wasRunning) {
    const stopped = await stopDaemon(scope);
    if (stopped !== null)
      return { kind: 'refused', reason: stopped, actions, events, started: null, look: before };
    tell({ kind: 'stopped' });
  }
  let failure: string | null = null;
  for (const { replan, verify } of local) {
    const plan = await replan();
    if ('refused' in plan) {
      failure = plan.refused;
      break;
    }
    const outcome = await options.journal.apply(plan, { verify });
    tell({ kind: 'applied', plan, outcome });
    if (outcome.kind !== 'repaired') failure ??= outcome.reason;
    if (outcome.kind !== 'repaired') break;
  }
  if (failure === null && consent.server) failure = await cleanServer(scope, actions, tell);
  const wasErrored = before.host.status.status === 'errored' || before.host.status.lastError !== null;
  const isStopped = needsStop && wasRunning;
  let started: StartResult | null = null;
  // What was stopped is started again whatever happened; files of the app alone need no new start.
  const isDue = isStopped || (failure === null && (options.start || (local.length > 0 && wasErrored)));
  if (consent.local && isDue) {
    tell({ kind: 'starting' });
    started = await startHost(scope);
  }
  const look = await lookAtRemote(scope, started === null ? {} : { host: started.host });
  const after = { actions, events, started, look };
  return failure === null ? { ...after, kind: 'done' } : { ...after, kind: 'refused', reason: failure };
}

async function cleanServer(
  scope: CodexScope,
  { removeClients, removeEnvironments }: RemoteActions,
  tell: (event: RemoteEvent) => void,
): Promise<string | null> {
  if (removeClients.length + removeEnvironments.length === 0) return null;
  const backend = await openRemoteBackend(scope, { timeoutMs: 10_000 });
  if (backend.kind === 'unavailable') return backend.message;
  let failure: string | null = null;
  try {
    for (const { clientId } of removeClients) {
      const answer = await backend.removeClient(clientId);
      tell({ kind: 'removed', what: 'client', id: clientId, answer });
      if (!isRemoved(answer)) failure ??= `the server did not remove ${clientId}`;
    }
    for (const { environmentId } of removeEnvironments) {
      const answer = await removeOffline(backend, environmentId, scope.signal);
      tell({ kind: 'removed', what: 'environment', id: environmentId, answer });
      if (!isRemoved(answer)) failure ??= `the server did not remove ${environmentId}`;
    }
  } finally {
    await backend.close();
  }
  return failure;
}

/** A machine that was stopped a moment ago may still be listed as online, and is then not removed. */
async function removeOffline(
  backend: RemoteBackend,
  environmentId: string,
  signal: AbortSignal,
): Promise<BackendAnswer<true>> {
  for (let tries = 1; ; tries += 1) {
    const answer = await backend.removeEnvironment(environmentId);
    if (answer.kind !== 'refused' || answer.httpStatus !== 409 || tries === OFFLINE_TRIES) return answer;
    await sleep(OFFLINE_WAIT_MS, undefined, { signal });
  }
}

/** What is not there any more is removed, whoever did it. */
export function isRemoved(answer: BackendAnswer<true>): boolean {
  return (
    answer.kind === 'ok' || (answer.kind === 'refused' && answer.httpStatus === 404 && answer.detail !== null)
  );
}

/** What runs in somebody's terminal is not ours to stop, and a daemon beside it would only fight with it. */
function inTerminal({ host }: RemoteLook, { local, restart }: RemoteActions): string | null {
  if (host.mode !== 'foreground') return null;
  if (restart === null && local.every(({ plan }) => plan.requiresStopped !== 'all')) return null;
  return `remote control runs in a terminal (pid ${host.pid}); end it there with Ctrl-C first`;
}

/** Why nothing may be touched now: the app writes its memory back when it quits, and undoes the repair. */
async function obstacleTo(scope: CodexScope, local: readonly LocalRepair[]): Promise<string | null> {
  const needs = new Set(local.map(({ plan }) => plan.requiresStopped));
  if (!needs.has('app') && !needs.has('all')) return null;
  const ours = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  const stopped = new Set(
    local.flatMap(({ plan }) =>
      plan.steps.flatMap((step) => (step.kind === 'stop-process' ? [step.pid] : [])),
    ),
  );
  const disturbing = ours.filter(({ kind, pid }) => {
    if (kind === 'desktop') return true;
    // The daemon is stopped by us, the updater writes nothing.
    return needs.has('all') && kind !== 'daemon' && kind !== 'updater' && !stopped.has(pid);
  });
  if (disturbing.length === 0) return null;
  const list = disturbing.map(({ pid, command }) => `${command} (pid ${pid})`).join(', ');
  const isApp = disturbing.some(({ kind }) => kind === 'desktop');
  return isApp
    ? `the Codex app runs and writes its memory back when it quits; quit it fully first: ${list}`
    : `close Codex first, it uses what would be changed: ${list}`;
}

async function stopDaemon(scope: CodexScope): Promise<string | null> {
  const codex = await requireOfficialCodex(scope);
  const ran = await runOfficial(scope, codex, ['stop', '--json'], { timeoutMs: STOP_TIMEOUT_MS });
  return ran.exitCode === 0 ? null : `remote control could not be stopped: ${ran.stderr}`;
}

/** The plan's preconditions and the app, for callers with actions of their own. */
export { obstacleTo };
