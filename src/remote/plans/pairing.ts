/**
 * Resets the pairing state of the desktop app, as the public write-ups describe it: both global-state files together, the
 * app closed, everything else in them left as it is. Reinstalling, or clearing the database table alone, does not do this.
 */
import {
  type ClientEnrollment,
  type GlobalState,
  type GlobalStateFiles,
  PAIRING_KEYS,
  readGlobalState,
} from '../../codex/global-state.ts';
import type { CodexScope } from '../../codex/home.ts';
import type { Reading } from '../../codex/reading.ts';
import { type RemoteEnrollment, readEnrollments } from '../../codex/state-db.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { JsonEdit, RepairPlan, RepairRefusal, Step } from '../../storage/steps.ts';

import { deleteRowsStep } from './rows.ts';

/** Flat keys of a full reset without an owner's name; a file has some of them. */
export const SHARED_KEYS: readonly string[] = [
  PAIRING_KEYS.localEnvironment,
  PAIRING_KEYS.localInstallation,
  PAIRING_KEYS.mobileSetUp,
  PAIRING_KEYS.mobileConnected,
  PAIRING_KEYS.selectedHost,
  PAIRING_KEYS.autoConnect,
  PAIRING_KEYS.addedEnvironments,
];

/** All flat keys of a full reset. */
const FULL_KEYS: readonly string[] = [PAIRING_KEYS.enrollments, ...SHARED_KEYS];

/** Saved hosts only: what names environments that are gone. */
const HOST_KEYS: readonly string[] = [
  PAIRING_KEYS.selectedHost,
  PAIRING_KEYS.autoConnect,
  PAIRING_KEYS.addedEnvironments,
];

/** Removes the enrolments that `isMeant` picks, and nothing else: the fix for one revoked client of one account. */
export function planMinimalReset(
  scope: CodexScope,
  isMeant: (enrollment: ClientEnrollment) => boolean,
): Promise<RepairPlan | RepairRefusal> {
  return planGlobalState(scope, {
    repairId: 'remote.client_revoked.minimal',
    summary: 'Remove the revoked client from both global-state files, so that the app enrols anew.',
    edits: (state) => {
      const meant = state.enrollments.filter(isMeant);
      // An app that finds no key starts from nothing, as on its first day; an empty object is not known to do that.
      if (meant.length > 0 && meant.length === state.enrollments.length)
        return [remove(PAIRING_KEYS.enrollments)];
      return meant.map(({ key }) => remove(PAIRING_KEYS.enrollments, key));
    },
  });
}

/** Removes saved hosts, auto-connect map and added environments: the app asks the server for the list again. */
export function planForgetHosts(scope: CodexScope): Promise<RepairPlan | RepairRefusal> {
  return planGlobalState(scope, {
    repairId: 'remote.stale_environment.forget-hosts',
    summary: 'Forget the saved remote hosts in both global-state files; the app lists the live ones again.',
    edits: (state) => HOST_KEYS.filter((key) => Object.hasOwn(state.all, key)).map((key) => remove(key)),
  });
}

/** Removes what the app remembers of its own environment and installation; it learns both anew at the next start. */
export function planForgetLocalIds(scope: CodexScope, repairId: string): Promise<RepairPlan | RepairRefusal> {
  return planGlobalState(scope, {
    repairId,
    summary: "Remove the app's remembered environment and installation ids from both global-state files.",
    edits: localIdEdits,
  });
}

/**
 * Removes all pairing state, whoever it belongs to: the listed keys, the matching UI atoms, and rows of the state database (by
 * default the app's own).
 */
export async function planFullReset(
  scope: CodexScope,
  wanted?: readonly RemoteEnrollment[],
): Promise<RepairPlan | RepairRefusal> {
  const files = await readGlobalState(scope);
  const plan = await planGlobalState(
    scope,
    {
      repairId: 'remote.reset.full',
      summary: 'Remove all pairing state from both global-state files, and the enrolments that belong to it.',
      edits: fullEdits,
    },
    files,
  );
  const rows = wanted ?? (await desktopRows(scope, files));
  if ('refused' in plan && (rows.length === 0 || plan.refused !== NOTHING_TO_REMOVE)) return plan;
  if (rows.length === 0) return plan;
  return {
    repairId: 'remote.reset.full',
    summary: 'Remove all pairing state from both global-state files, and the enrolments that belong to it.',
    steps: [...('refused' in plan ? [] : plan.steps), ...(await deleteRowsStep(scope, rows))],
    requiresStopped: 'all',
  };
}

/** The edits that drop the app's own ids; used by a rotation of the installation id too. */
export function localIdEdits(state: GlobalState): readonly JsonEdit[] {
  return [PAIRING_KEYS.localEnvironment, PAIRING_KEYS.localInstallation]
    .filter((key) => Object.hasOwn(state.all, key))
    .map((key) => remove(key));
}

/** One `json-edit` a file that has something to remove; a broken backup is moved aside, or the app would restore it. */
export async function globalStateSteps(
  files: GlobalStateFiles,
  edits: (state: GlobalState) => readonly JsonEdit[],
): Promise<readonly Step[] | RepairRefusal> {
  const blocked = blockedBy(files.main, 'main') ?? blockedBy(files.backup, 'backup');
  if (blocked !== null) return { refused: blocked };
  const steps: Step[] = [];
  for (const file of [files.main, files.backup]) {
    if (file.kind === 'ok') {
      const wanted = edits(file.value);
      if (wanted.length > 0) {
        steps.push({
          kind: 'json-edit',
          path: file.path,
          expect: await fingerprint(file.path),
          edits: wanted,
        });
      }
    } else if (file.kind === 'malformed' && steps.length > 0) {
      steps.push({ kind: 'move-aside', path: file.path, expect: await fingerprint(file.path), sidecars: [] });
    }
  }
  return steps;
}

const NOTHING_TO_REMOVE = 'there is nothing to remove any more';

interface GlobalStateRepair {
  readonly repairId: string;
  readonly summary: string;
  readonly edits: (state: GlobalState) => readonly JsonEdit[];
}

async function planGlobalState(
  scope: CodexScope,
  repair: GlobalStateRepair,
  known?: GlobalStateFiles,
): Promise<RepairPlan | RepairRefusal> {
  const steps = await globalStateSteps(known ?? (await readGlobalState(scope)), repair.edits);
  if ('refused' in steps) return steps;
  if (steps.length === 0) return { refused: NOTHING_TO_REMOVE };
  return { repairId: repair.repairId, summary: repair.summary, steps, requiresStopped: 'app' };
}

function blockedBy(file: Reading<GlobalState>, which: 'main' | 'backup'): string | null {
  if (file.kind === 'unreadable') return `${file.path} cannot be read (${file.code}): ${file.message}`;
  if (which === 'main' && file.kind === 'malformed') {
    return `${file.path} is damaged (${file.message}): repair state.global_state_corrupt first`;
  }
  return null;
}

function fullEdits(state: GlobalState): readonly JsonEdit[] {
  return [
    ...FULL_KEYS.filter((key) => Object.hasOwn(state.all, key)).map((key) => remove(key)),
    ...state.pairingAtoms.map((atom) => remove(PAIRING_KEYS.atoms, atom)),
  ];
}

/** The app's rows: by its client name, or by the environment it calls its own. The daemon's row (`''`) is not pairing state. */
async function desktopRows(scope: CodexScope, files: GlobalStateFiles): Promise<readonly RemoteEnrollment[]> {
  const rows = await readEnrollments(scope);
  if (rows.kind !== 'ok') return [];
  const own = [files.main, files.backup].map((file) =>
    file.kind === 'ok' ? file.value.localEnvironmentId : null,
  );
  return rows.value.filter((row) => row.clientName !== '' || own.includes(row.environmentId));
}

function remove(...path: readonly string[]): JsonEdit {
  return { op: 'delete', path };
}
