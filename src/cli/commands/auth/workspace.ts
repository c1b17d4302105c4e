/** `steward auth workspace`: the workspaces that a login offered, or use one of them. */
import type { ChatgptAccount } from '../../../accounts/account.ts';
import { accountLabel } from '../../../accounts/account-label.ts';
import { requireAccount } from '../../../accounts/actions/account-reference.ts';
import { chooseWorkspace } from '../../../accounts/actions/workspace.ts';
import { plainText } from '../../../accounts/plain-text.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { columns } from '../../render/layout.ts';
import { writeActiveLogin } from './written-login.ts';

export interface WorkspaceOptions {
  readonly json?: boolean;
}

/** Lists, or chooses. Throws a usage error for an account or workspace that is not there. */
export async function runWorkspace(
  reference: string,
  workspace: string | undefined,
  options: WorkspaceOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'workspace', json: options.json });
  const pool = await requirePool(session.scope);
  const index = requireAccount(pool, reference);
  const account = pool.accounts[index];
  if (account === undefined || account.kind !== 'chatgpt') {
    throw new StewardError('ERR_ACCOUNTS_WORKSPACE', 'user', 'an API key has no workspaces to choose from', {
      exitCode: EXIT.usage,
    });
  }
  if (workspace === undefined) return list(session, account, index);

  const outcome = await chooseWorkspace(session.scope, account.key, workspace);
  if (outcome === null) {
    throw new StewardError('ERR_ACCOUNTS_GONE', 'user', 'the account was removed meanwhile');
  }
  const name = plainText(outcome.workspace.name ?? outcome.workspace.id);
  session.say(
    outcome.changed
      ? `${accountLabel(outcome.account, index)} now uses the workspace ${name}.`
      : `${accountLabel(outcome.account, index)} already uses the workspace ${name}.`,
  );
  const login = outcome.changed ? await writeActiveLogin(session, outcome.account) : null;
  session.answer({
    index,
    label: accountLabel(outcome.account, index),
    changed: outcome.changed,
    workspace: { index: outcome.index, id: outcome.workspace.id, name: outcome.workspace.name },
    codexLogin: login,
  });
  return EXIT.ok;
}

function list(session: AuthSession, account: ChatgptAccount, index: number): number {
  const rows = account.workspaces.map((workspace, at) => ({
    index: at,
    id: workspace.id,
    name: workspace.name,
    enabled: workspace.isEnabled,
    isDefault: workspace.isDefault,
    current: workspace.id === account.accountId,
  }));
  session.say(
    `${accountLabel(account, index)}: ${rows.length === 0 ? 'no workspaces were named at login' : 'workspaces'}`,
  );
  const lines = rows.map(({ index: at, name, id, enabled, isDefault, current }) => {
    const marks = [current ? 'current' : '', isDefault ? 'default' : '', enabled ? '' : 'disabled'];
    return [`${at + 1}.`, plainText(name ?? id) ?? '', marks.filter((mark) => mark !== '').join(', ')];
  });
  for (const line of columns(lines)) session.say(line);
  session.answer({ index, label: accountLabel(account, index), workspaces: rows });
  return EXIT.ok;
}
