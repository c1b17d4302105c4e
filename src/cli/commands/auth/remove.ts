/** `steward auth remove`: takes an account out of the pool, after asking. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { requireAccount } from '../../../accounts/actions/account-reference.ts';
import { removeFromPool } from '../../../accounts/actions/remove-account.ts';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

export interface RemoveOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Asks on a terminal; elsewhere `--yes` is needed (`ERR_ACCOUNTS_CONSENT`, usage). 0 when it is out of the pool. */
export async function runRemove(
  reference: string,
  options: RemoveOptions,
  deps: CommandDeps,
): Promise<number> {
  const session = await openAuthSession(deps, { command: 'remove', json: options.json });
  const pool = await requirePool(session.scope);
  const index = requireAccount(pool, reference);
  const account = pool.accounts[index];
  if (account === undefined) return EXIT.usage;
  const label = accountLabel(account, index);
  if (options.yes !== true && !(await isWanted(session, label))) {
    session.say('Nothing was removed.');
    return EXIT.ok;
  }
  const outcome = await removeFromPool(session.scope, account.key);
  if (outcome === null) {
    throw new StewardError('ERR_ACCOUNTS_GONE', 'user', `${label} was removed by another process meanwhile`);
  }
  const { poolFile } = await resolveAccountPaths(session.scope);
  const undo =
    account.kind === 'chatgpt'
      ? `steward auth import ${poolFile}.bak`
      : 'steward auth login --with-api-key (with the same key)';
  session.say(`${label} is out of the pool; ${outcome.remaining} left.`);
  session.say('Its login was not revoked on the server, and auth.json was not touched.');
  session.say(`To take it back before anything else changes: ${undo}`);
  session.answer({
    index,
    label,
    removed: true,
    wasActive: outcome.wasActive,
    wasPinned: outcome.wasPinned,
    remaining: outcome.remaining,
    revoked: false,
    undo,
  });
  return EXIT.ok;
}

async function isWanted(session: AuthSession, label: string): Promise<boolean> {
  if (!session.terminal.interactive || session.json) {
    throw new StewardError(
      'ERR_ACCOUNTS_CONSENT',
      'user',
      `${label} was not removed: nobody can be asked here`,
      {
        hint: 'Add --yes.',
        exitCode: EXIT.usage,
      },
    );
  }
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({
    message: `Take ${label} out of the pool?`,
    initialValue: false,
    output: process.stderr,
  });
  if (isCancel(answer)) {
    throw new StewardError('ERR_INTERRUPTED', 'user', 'Interrupted; nothing was removed.', {
      exitCode: EXIT.interrupted,
    });
  }
  return answer;
}
