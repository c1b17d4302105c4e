/** Which workspace of a login is used: the `chatgpt-account-id` that goes out with every request. */

import type { CodexScope } from '../../codex/home.ts';
import { EXIT, StewardError } from '../../errors.ts';
import type { ChatgptAccount, Workspace } from '../account.ts';
import { updatePool } from '../store/pool-store.ts';

export interface WorkspaceOutcome {
  readonly account: ChatgptAccount;
  readonly workspace: Workspace;
  readonly index: number;
  readonly changed: boolean;
}

/**
 * Uses that workspace (position from 1, id or name) from now on. The choice is the user's own: no token's claim replaces
 * it later. Throws `ERR_ACCOUNTS_WORKSPACE` (usage) for one that the login did not offer or that is disabled.
 */
export async function chooseWorkspace(
  scope: CodexScope,
  accountKey: string,
  reference: string,
): Promise<WorkspaceOutcome | null> {
  return await updatePool<WorkspaceOutcome | null>(scope, (pool) => {
    const position = pool.accounts.findIndex(({ key }) => key === accountKey);
    const account = pool.accounts[position];
    if (account === undefined || account.kind !== 'chatgpt') return { pool, result: null };
    const index = requireWorkspace(account.workspaces, reference);
    const workspace = account.workspaces[index];
    if (workspace === undefined) return { pool, result: null };
    if (account.accountId === workspace.id && account.currentWorkspaceIndex === index) {
      return { pool, result: { account, workspace, index, changed: false } };
    }
    const changed: ChatgptAccount = {
      ...account,
      accountId: workspace.id,
      accountIdSource: 'manual',
      currentWorkspaceIndex: index,
    };
    const accounts = pool.accounts.map((each, at) => (at === position ? changed : each));
    return {
      pool: { ...pool, accounts, affinityGeneration: pool.affinityGeneration + 1 },
      result: { account: changed, workspace, index, changed: true },
    };
  });
}

function requireWorkspace(workspaces: readonly Workspace[], reference: string): number {
  const wanted = reference.trim().toLowerCase();
  const index = /^[0-9]{1,4}$/.test(wanted)
    ? Number(wanted) - 1
    : workspaces.findIndex(({ id, name }) => id.toLowerCase() === wanted || name?.toLowerCase() === wanted);
  const found = workspaces[index];
  if (found?.isEnabled === true) return index;
  const listed = workspaces.map(({ id, name }, at) => `${at + 1} ${name ?? id}`).join('; ');
  throw new StewardError(
    'ERR_ACCOUNTS_WORKSPACE',
    'user',
    found !== undefined
      ? `workspace ${index + 1} is disabled`
      : workspaces.length === 0
        ? 'this login named no workspaces'
        : `no workspace is "${reference}"; there are: ${listed}`,
    {
      hint:
        workspaces.length === 0
          ? 'Log that account in again; with --org ID it takes that workspace.'
          : 'Use its number.',
      exitCode: EXIT.usage,
    },
  );
}
