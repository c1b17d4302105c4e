/** `steward auth account disable` and `enable`: whether an account may be chosen at all. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { requireAccount } from '../../../accounts/actions/account-reference.ts';
import { type EnableOutcome, setEnabled } from '../../../accounts/actions/enable-account.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

export interface EnableOptions {
  readonly json?: boolean;
}

/** 0, also when it was so already. Throws a usage error for an account that is not there. */
export async function runEnable(
  wish: 'enable' | 'disable',
  reference: string,
  options: EnableOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: `account ${wish}`, json: options.json });
  const pool = await requirePool(session.scope);
  const target = pool.accounts[requireAccount(pool, reference)];
  if (target === undefined) return EXIT.usage;
  const outcome = await setEnabled(session.scope, target.key, wish === 'enable');
  if (outcome === null) {
    throw new StewardError(
      'ERR_ACCOUNTS_GONE',
      'user',
      'the account was removed by another process meanwhile',
    );
  }
  const { account, index, changed, isPinned, enabledCount } = outcome;
  const label = accountLabel(account, index);
  session.say(`${label} ${changed ? 'is' : 'was already'} ${wish}d.`);
  const warnings = warningsOf(outcome);
  for (const warning of warnings) session.say(`${session.terminal.paint('yellow', '▲')} ${warning}`);
  session.answer({
    index,
    label,
    enabled: account.isEnabled,
    changed,
    pinned: isPinned,
    enabledCount,
    warnings,
  });
  return EXIT.ok;
}

/** What still stands in the way of what the user wants. */
function warningsOf({ account, index, isActive, isPinned, enabledCount }: EnableOutcome): readonly string[] {
  if (account.isEnabled) {
    return account.kind === 'chatgpt' && account.invalidated !== null
      ? ['Its login is dead: `steward auth login` logs it in again.']
      : [];
  }
  return [
    isPinned ? 'It is pinned: nothing goes through the gateway until `steward auth unpin`.' : null,
    isActive && !isPinned
      ? "It stays Codex's own login until `steward auth switch` or `steward auth best`."
      : null,
    enabledCount === 0 ? `No account is enabled now: \`steward auth account enable ${index + 1}\`.` : null,
  ].filter((warning) => warning !== null);
}
