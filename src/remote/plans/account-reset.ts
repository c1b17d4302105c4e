/**
 * The full clean start for one account: its clients, the app's saved hosts and own ids, the matching UI atoms, its rows. What
 * names another account stays; what names nobody goes only where one account alone uses these files, or all are meant.
 */
import { type GlobalState, PAIRING_KEYS, readGlobalState } from '../../codex/global-state.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { JsonEdit, RepairPlan, RepairRefusal } from '../../storage/steps.ts';
import type { LocalState } from '../local-state.ts';
import { globalStateSteps, planFullReset, SHARED_KEYS } from './pairing.ts';
import { deleteRowsStep } from './rows.ts';

/** The repair. `allAccounts`: everything of remote control in these files, whoever it belongs to. */
export async function planAccountReset(
  scope: CodexScope,
  local: LocalState,
  options: { readonly allAccounts: boolean },
): Promise<RepairPlan | RepairRefusal> {
  if (options.allAccounts) return await planFullReset(scope, [...local.rows, ...local.otherRows]);
  const keys = new Set(local.clients.map(({ key }) => key));
  const isShared = local.otherClients > 0 || local.otherRows.length > 0;
  const files = await globalStateSteps(await readGlobalState(scope), (state) =>
    resetEdits(state, keys, isShared),
  );
  if ('refused' in files) return files;
  const steps = [...files, ...(await deleteRowsStep(scope, local.rows))];
  if (steps.length === 0) return { refused: 'nothing of remote control is stored here for this account' };
  return {
    repairId: 'remote.reset.account',
    summary: isShared
      ? 'Remove the clients and enrolments of this account; what may belong to another account stays.'
      : 'Remove all remote-control state of this account: clients, saved hosts, own ids, set-up flags, enrolments.',
    steps,
    requiresStopped: 'all',
  };
}

function resetEdits(state: GlobalState, keys: ReadonlySet<string>, isShared: boolean): readonly JsonEdit[] {
  const own = state.enrollments.filter(({ key }) => keys.has(key));
  const clients =
    own.length === state.enrollments.length
      ? own.length === 0
        ? []
        : [remove(PAIRING_KEYS.enrollments)]
      : own.map(({ key }) => remove(PAIRING_KEYS.enrollments, key));
  if (isShared) return clients;
  return [
    ...clients,
    ...SHARED_KEYS.filter((key) => Object.hasOwn(state.all, key)).map((key) => remove(key)),
    ...state.pairingAtoms.map((atom) => remove(PAIRING_KEYS.atoms, atom)),
  ];
}

function remove(...path: readonly string[]): JsonEdit {
  return { op: 'delete', path };
}
