/** `steward auth switch`: this account from now on, until `unpin`. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { requireAccount } from '../../../accounts/actions/account-reference.ts';
import { refusalWords } from '../../../accounts/actions/refusal-words.ts';
import { type SwitchOutcome, switchAccount } from '../../../accounts/actions/switch-account.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';
import { startProgress } from '../../render/progress.ts';
import { exitCodeOf, reportLogin, sayLogin } from './written-login.ts';

export interface SwitchCommandOptions {
  readonly json?: boolean;
}

/**
 * 0: the account is in use; 1: it is pinned, but Codex's own login could not be changed. Throws `ERR_ACCOUNTS_REFUSED`
 * (1: log in again) or `ERR_ACCOUNTS_UNREACHABLE` (3) with nothing switched.
 */
export async function runSwitch(
  reference: string,
  options: SwitchCommandOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'switch', json: options.json });
  const pool = await requirePool(session.scope);
  const target = pool.accounts[requireAccount(pool, reference)];
  if (target === undefined) return EXIT.usage;
  const progress = startProgress(session.terminal, 'switching');
  let outcome: SwitchOutcome;
  try {
    outcome = await switchAccount(session.scope, target.key, { reason: 'manual', pin: true, enables: true });
  } finally {
    progress.stop();
  }
  if (outcome.kind !== 'switched') throw switchFailure(outcome);

  const { account, index, imported, wasDisabled } = outcome;
  const label = accountLabel(account, index);
  const login = reportLogin(outcome.login);
  session.say(
    `${session.terminal.paint('green', '✔')} Switched to ${label}; pinned until \`steward auth unpin\`.`,
  );
  if (wasDisabled) session.say('It was disabled, and is enabled again because you named it.');
  if (imported !== null) {
    session.say(
      `Codex was logged in as ${accountLabel(imported.account, imported.index)}: kept in the pool.`,
    );
  }
  sayLogin(session, login);
  session.answer({
    ok: login.synced || outcome.login.kind !== 'refused' || outcome.login.reason === 'sync-disabled',
    index,
    accountIndex: index + 1,
    label,
    previousIndex: outcome.previousIndex,
    pinnedAccountIndex: index,
    affinityGeneration: outcome.affinityGeneration,
    wasDisabled,
    credential: outcome.tokens ?? 'api-key',
    imported:
      imported === null
        ? null
        : { index: imported.index, label: accountLabel(imported.account, imported.index) },
    ...login,
  });
  return exitCodeOf(outcome.login);
}

/** Why nothing was switched; also for `best`. The server's own code stays in the message and in `details`. */
export function switchFailure(outcome: Exclude<SwitchOutcome, { readonly kind: 'switched' }>): StewardError {
  if (outcome.kind === 'gone') {
    return new StewardError(
      'ERR_ACCOUNTS_GONE',
      'user',
      'the account was removed by another process meanwhile',
    );
  }
  if (outcome.kind === 'disabled') {
    return new StewardError('ERR_ACCOUNTS_DISABLED', 'user', 'the account is disabled', {
      hint: 'Name it to enable it again: steward auth switch <account>.',
    });
  }
  const { account, index, tokens } = outcome;
  const label = accountLabel(account, index);
  if (tokens.kind === 'refused') {
    const code = tokens.code ?? `HTTP ${tokens.status}`;
    return new StewardError('ERR_ACCOUNTS_REFUSED', 'user', `${label}: ${refusalWords(tokens)}`, {
      hint: `${tokens.action} Nothing was switched, and auth.json is as it was.`,
      details: { index, serverCode: code, status: tokens.status, failure: tokens.catalogueId },
    });
  }
  return new StewardError('ERR_ACCOUNTS_UNREACHABLE', 'environment', `${label}: ${tokens.message}`, {
    hint: `${tokens.action} Nothing was switched, and auth.json is as it was.`,
    details: { index, reason: tokens.reason },
  });
}
