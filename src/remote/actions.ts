/**
 * What would put remote control right, as data: repairs of this home (with undo), removals on the server (without), a restart.
 * Each cause has its own; a presence fault never clears an enrolment, and what only a person, an admin or time can mend has none.
 */
import { access } from 'node:fs/promises';
import { readDaemonFiles } from '../codex/daemon-files.ts';
import type { CodexScope } from '../codex/home.ts';
import { readInstallationId } from '../codex/installation-id.ts';
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../codex/processes.ts';
import { type RemoteEnrollment, readEnrollments } from '../codex/state-db.ts';
import type { Verification } from '../storage/journal.ts';
import type { RepairPlan, RepairRefusal } from '../storage/steps.ts';
import type { RemoteClient, RemoteEnvironment } from './backend/backend.ts';
import type { RemoteLook } from './look.ts';
import { requireOfficialCodex } from './official.ts';
import { isStaleRecord, isStaleSocket, planClearLeftover, planStopProcesses } from './plans/daemon.ts';
import { planRotateInstallationId } from './plans/identity.ts';
import {
  isManagedInstallMissing,
  managedInstallPath,
  planLinkManagedInstall,
} from './plans/managed-install.ts';
import { planDropRows } from './plans/rows.ts';
import { planDiscardStale } from './plans/stale.ts';
import type { StaleLocal } from './reconcile.ts';
import { readSecondOwners } from './second-owners.ts';
import type { TroubleKind } from './trouble.ts';
import { isStaleGone } from './verify.ts';

export interface LocalRepair {
  /** As it stands now: what is shown. */
  readonly plan: RepairPlan;
  /** The same from what stands on disk then; a daemon that is stopped first writes its files once more. */
  replan(): Promise<RepairPlan | RepairRefusal>;
  verify(): Promise<Verification>;
}

export interface RemoteActions {
  readonly local: readonly LocalRepair[];
  readonly removeClients: readonly RemoteClient[];
  readonly removeEnvironments: readonly RemoteEnvironment[];
  /** Why the daemon is to be stopped and started, where no repair asks for it anyway. */
  readonly restart: string | null;
  /** Repairs that exist and cannot be planned here. */
  readonly refused: readonly string[];
}

type AddRepair = (replan: LocalRepair['replan'], verify: LocalRepair['verify']) => Promise<void>;

/** Plans for what that look has found. `reenrolled`: a fresh enrolment has not ended the conflict. */
export async function planActions(
  scope: CodexScope,
  look: RemoteLook,
  options: { readonly reenrolled?: boolean } = {},
): Promise<RemoteActions> {
  const kinds = new Set<TroubleKind>(look.troubles.map(({ kind }) => kind));
  const local: LocalRepair[] = [];
  const refused: string[] = [];
  const add: AddRepair = async (replan, verify) => {
    const plan = await replan();
    if ('refused' in plan) refused.push(plan.refused);
    else local.push({ plan, replan, verify });
  };
  const rows = look.local?.rows ?? [];
  const drop = () => dropRows(scope, rows);
  const { stale, cleanup } = look.reconciled;
  const reenrols = kinds.has('identity-collision') || (kinds.has('server-conflict') && options.reenrolled);

  if (kinds.has('daemon')) await addDaemonRepairs(scope, look, add);
  if (reenrols) {
    const before = await readInstallationId(scope);
    const rotate = () => planRotateInstallationId(scope, rows);
    await add(rotate, async () => {
      const after = await readInstallationId(scope);
      const isNew = after.kind === 'ok' && (before.kind !== 'ok' || before.value !== after.value);
      return isNew ? await areRowsGone(scope, rows) : notVerified('the old installation id is back');
    });
  } else if (kinds.has('server-conflict')) {
    const others = await readSecondOwners(scope);
    if (others.length > 0)
      await add(
        async () => stopPlan(others),
        () => areEnded(scope, others),
      );
    else await add(drop, () => areRowsGone(scope, rows));
  } else if (kinds.has('server-unknown') && stale.rows.length === 0 && rows.length > 0) {
    // The server's word came through Codex: "Remote app server not found".
    await add(drop, () => areRowsGone(scope, rows));
  }
  if (look.local !== null && !isEmpty(stale)) {
    // Rows that a rotation clears anyway are not cleared twice.
    const left: StaleLocal = reenrols ? { ...stale, rows: [] } : stale;
    const discard = () => planDiscardStale(scope, left);
    if (!isEmpty(left)) await add(discard, () => isStaleGone(scope, left));
  }
  return {
    local,
    removeClients: cleanup.pendingClients,
    removeEnvironments: cleanup.deadEnvironments,
    restart: kinds.has('presence-stale') ? 'registers this machine anew; enrolment and pairings stay' : null,
    refused,
  };
}

/** Whether there is anything to do at all. */
export function isIdle(actions: RemoteActions): boolean {
  const { local, removeClients, removeEnvironments, restart } = actions;
  return local.length + removeClients.length + removeEnvironments.length === 0 && restart === null;
}

async function addDaemonRepairs(scope: CodexScope, look: RemoteLook, add: AddRepair): Promise<void> {
  const words = look.host.status.lastError?.detail ?? '';
  if (isManagedInstallMissing(words)) {
    const link = async () => planLinkManagedInstall(scope, await requireOfficialCodex(scope));
    await add(link, async () => {
      const leads = await access(managedInstallPath(scope.home.path)).then(
        () => true,
        () => false, // the link, or what it leads to, is not there
      );
      return leads ? { kind: 'verified' } : notVerified('the link leads nowhere');
    });
  }
  const files = await readDaemonFiles(scope);
  const orphans = await unreachable(scope);
  const leftovers = [
    ...files.records
      .filter((record) => record.role === 'app-server' && isStaleRecord(record))
      .map(({ path }) => path),
    ...(isStaleSocket(files.socket) && orphans.length === 0 ? [files.socket.path] : []),
  ];
  for (const path of leftovers) {
    const clear = () => planClearLeftover(scope, path);
    await add(clear, async () => {
      const again = await clear();
      return 'refused' in again ? { kind: 'verified' } : notVerified(`${path} is stale again`);
    });
  }
  if (orphans.length > 0 && files.socket.kind !== 'listening') {
    const stop = async () => stopPlan(orphans);
    await add(stop, () => areEnded(scope, orphans));
  }
}

/** App-servers of this home that listen at the well-known place, as the daemon does. */
async function unreachable(scope: CodexScope): Promise<readonly CodexProcess[]> {
  const own = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  return own.filter(
    ({ kind, home, command }) =>
      kind === 'daemon' && home !== null && /--listen[ =]unix:\/\/(\s|$)/.test(command),
  );
}

function stopPlan(processes: readonly CodexProcess[]): RepairPlan {
  const pids = processes.map(({ pid }) => pid).join(', ');
  return planStopProcesses(processes, {
    repairId: 'remote.repair.stop-second',
    summary: `Ask the other app-server of this home, pid ${pids}, to end.`,
  });
}

async function areEnded(scope: CodexScope, processes: readonly CodexProcess[]): Promise<Verification> {
  const alive = new Set((await readCodexProcesses(scope)).map(({ pid, startTime }) => `${pid} ${startTime}`));
  const left = processes.find(({ pid, startTime }) => alive.has(`${pid} ${startTime}`));
  return left === undefined ? { kind: 'verified' } : notVerified(`pid ${left.pid} still runs`);
}

function dropRows(scope: CodexScope, rows: readonly RemoteEnrollment[]): Promise<RepairPlan | RepairRefusal> {
  return planDropRows(scope, rows, {
    repairId: 'remote.repair.drop-row',
    summary: 'Drop the stored enrolment of this account; the next start gets a fresh one.',
  });
}

async function areRowsGone(scope: CodexScope, rows: readonly RemoteEnrollment[]): Promise<Verification> {
  const now = await readEnrollments(scope);
  if (now.kind === 'unreadable' || now.kind === 'malformed') return notVerified(now.message);
  const left = now.kind === 'ok' ? now.value : [];
  const back = rows.find((row) =>
    left.some((one) => one.serverId === row.serverId && one.accountId === row.accountId),
  );
  return back === undefined ? { kind: 'verified' } : notVerified(`${back.environmentId} is stored again`);
}

function notVerified(reason: string): Verification {
  return { kind: 'not-verified', reason };
}

function isEmpty({ clients, saved, ownEnvironment, rows }: StaleLocal): boolean {
  return clients.length + saved.length + rows.length === 0 && ownEnvironment === null;
}
