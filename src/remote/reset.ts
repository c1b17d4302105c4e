/** The full clean start: everything of remote control that this account keeps here, and its unfinished clients and own environments on the server. */

import { readGlobalState } from '../codex/global-state.ts';
import type { CodexScope } from '../codex/home.ts';
import { readEnrollments } from '../codex/state-db.ts';
import { StewardError } from '../errors.ts';
import type { Verification } from '../storage/journal.ts';
import { isIdle, type RemoteActions } from './actions.ts';
import type { RemoteEnvironment } from './backend/backend.ts';
import { lookAtRemote, type RemoteLook } from './look.ts';
import { planAccountReset } from './plans/account-reset.ts';
import { carryOut, obstacleTo, type RepairRemoteOptions, type RepairRemoteResult } from './repair.ts';

export interface ResetRemoteOptions extends RepairRemoteOptions {
  /** Also what belongs to other accounts that used this home. */
  readonly allAccounts: boolean;
}

/** Resets and starts anew. Throws `ERR_REMOTE_LOGIN` where no login says which account is meant. */
export async function resetRemote(
  scope: CodexScope,
  options: ResetRemoteOptions,
): Promise<RepairRemoteResult> {
  const look = options.look ?? (await lookAtRemote(scope));
  const { local } = look;
  if (local === null) {
    throw new StewardError(
      'ERR_REMOTE_LOGIN',
      'user',
      `Nothing says which account is to be reset: ${look.unavailable?.message ?? 'there is no login'}.`,
      { hint: 'codex login, then: steward remote reset' },
    );
  }
  const replan = () => planAccountReset(scope, local, { allAccounts: options.allAccounts });
  const plan = await replan();
  const actions: RemoteActions = {
    local: 'refused' in plan ? [] : [{ plan, replan, verify: () => isClean(scope, plan) }],
    removeClients: look.reconciled.cleanup.pendingClients,
    removeEnvironments: ownEnvironments(look),
    restart: null,
    refused: 'refused' in plan ? [plan.refused] : [],
  };
  const none = { actions, events: [], started: null, look };
  if (isIdle(actions)) return { ...none, kind: 'nothing' };
  const obstacle = await obstacleTo(scope, actions.local);
  if (obstacle !== null) return { ...none, kind: 'refused', reason: obstacle };
  const consent = await options.consent(actions, look);
  if (!consent.local) return { ...none, kind: 'declined' };
  return await carryOut(scope, { ...options, start: true }, actions, consent, look);
}

/** Offline ones under this machine's name, and the one it uses now: by then it is stopped. */
function ownEnvironments(look: RemoteLook): readonly RemoteEnvironment[] {
  const { server, local, reconciled } = look;
  if (server?.environments.kind !== 'ok' || local === null) return reconciled.cleanup.deadEnvironments;
  const used = new Set([look.host.status.environmentId, ...local.rows.map((row) => row.environmentId)]);
  const mine = server.environments.value.filter(
    (one) => used.has(one.environmentId) && one.hostName === local.hostName && look.host.pid !== null,
  );
  return [...reconciled.cleanup.deadEnvironments, ...mine];
}

async function isClean(
  scope: CodexScope,
  plan: Exclude<Awaited<ReturnType<typeof planAccountReset>>, { readonly refused: string }>,
): Promise<Verification> {
  const files = await readGlobalState(scope);
  for (const file of [files.main, files.backup]) {
    const step = plan.steps.find((one) => one.kind === 'json-edit' && one.path === file.path);
    if (step?.kind !== 'json-edit' || file.kind === 'missing') continue;
    if (file.kind !== 'ok') return { kind: 'not-verified', reason: `${file.path}: ${file.message}` };
    const back = step.edits.find(({ path }) => isThere(file.value.all, path));
    if (back !== undefined)
      return { kind: 'not-verified', reason: `${file.path} has ${back.path.join(' › ')} again` };
  }
  const rows = await readEnrollments(scope);
  if (rows.kind === 'unreadable' || rows.kind === 'malformed')
    return { kind: 'not-verified', reason: rows.message };
  const gone = new Set(
    plan.steps.flatMap((step) =>
      step.kind === 'sqlite' ? step.statements.map(({ params }) => params.join('\n')) : [],
    ),
  );
  const left = rows.kind === 'ok' ? rows.value : [];
  const isBack = left.some((row) => gone.has([row.websocketUrl, row.accountId, row.clientName].join('\n')));
  return isBack ? { kind: 'not-verified', reason: 'an enrolment is stored again' } : { kind: 'verified' };
}

function isThere(value: unknown, path: readonly (string | number)[]): boolean {
  let current: unknown = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return false;
    current = Object.getOwnPropertyDescriptor(current, key)?.value;
  }
  return true;
}
