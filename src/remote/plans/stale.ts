/** Discards exactly what the server has revoked or lost, from both global-state files and the enrolment table, as one repair. */
import {
  environmentOfHost,
  type GlobalState,
  PAIRING_KEYS,
  readGlobalState,
} from '../../codex/global-state.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { JsonEdit, RepairPlan, RepairRefusal } from '../../storage/steps.ts';
import type { StaleLocal } from '../reconcile.ts';
import { globalStateSteps } from './pairing.ts';
import { deleteRowsStep } from './rows.ts';

/** The repair; refused where there is nothing to discard, or a file that it needs is damaged. */
export async function planDiscardStale(
  scope: CodexScope,
  stale: StaleLocal,
): Promise<RepairPlan | RepairRefusal> {
  const files = await globalStateSteps(await readGlobalState(scope), (state) => staleEdits(state, stale));
  const needsFiles = stale.clients.length + stale.saved.length > 0 || stale.ownEnvironment !== null;
  if ('refused' in files && needsFiles) return files;
  const rows = await deleteRowsStep(scope, stale.rows);
  const steps = [...('refused' in files ? [] : files), ...rows];
  if (steps.length === 0) return { refused: 'there is nothing to discard any more' };
  return {
    repairId: 'remote.repair.discard-stale',
    summary: `Discard ${wordsOf(stale)}, which the server has revoked or lost.`,
    steps,
    requiresStopped: rows.length > 0 ? 'all' : 'app',
  };
}

/** The edits that take the stale ids out of one file, and leave their neighbours. */
export function staleEdits(state: GlobalState, stale: StaleLocal): readonly JsonEdit[] {
  const keys = new Set(stale.clients.map(({ key }) => key));
  const ids = new Set(stale.saved.map(({ environmentId }) => environmentId));
  const isGone = (hostId: string) => ids.has(environmentOfHost(hostId) ?? '');
  const clients = state.enrollments.filter(({ key }) => keys.has(key));
  const hosts = Object.keys(state.autoConnect).filter(isGone);
  const added = state.addedEnvironmentIds.filter((id) => !ids.has(id));
  return [
    ...removeMembers(
      PAIRING_KEYS.enrollments,
      clients.map(({ key }) => key),
      state.enrollments.length,
    ),
    ...(isGone(state.selectedHostId ?? '') ? [remove(PAIRING_KEYS.selectedHost)] : []),
    ...removeMembers(PAIRING_KEYS.autoConnect, hosts, Object.keys(state.autoConnect).length),
    ...(added.length === state.addedEnvironmentIds.length ? [] : [keepOnly(added)]),
    ...(stale.ownEnvironment !== null && state.localEnvironmentId === stale.ownEnvironment.environmentId
      ? [remove(PAIRING_KEYS.localEnvironment)]
      : []),
  ];
}

/** An app that finds no key starts from nothing, as on its first day; an empty object is not known to do that. */
function removeMembers(key: string, members: readonly string[], of: number): readonly JsonEdit[] {
  if (members.length === 0) return [];
  return members.length === of ? [remove(key)] : members.map((member) => remove(key, member));
}

function keepOnly(added: readonly string[]): JsonEdit {
  return added.length === 0
    ? remove(PAIRING_KEYS.addedEnvironments)
    : { op: 'set', path: [PAIRING_KEYS.addedEnvironments], value: added };
}

function remove(...path: readonly string[]): JsonEdit {
  return { op: 'delete', path };
}

function wordsOf({ clients, saved, ownEnvironment, rows }: StaleLocal): string {
  const parts = [
    clients.length > 0
      ? `the remote-control client ${clients.map(({ clientId }) => clientId).join(', ')}`
      : null,
    saved.length > 0 ? `the saved host ${saved.map(({ environmentId }) => environmentId).join(', ')}` : null,
    ownEnvironment !== null ? `the app's own environment ${ownEnvironment.environmentId}` : null,
    rows.length > 0 ? `the enrolment ${rows.map(({ environmentId }) => environmentId).join(', ')}` : null,
  ].filter((part) => part !== null);
  return parts.join(', and ');
}
