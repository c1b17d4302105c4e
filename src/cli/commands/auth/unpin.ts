/** `steward auth unpin`: the gateway chooses again. */
import { accountLabel } from '../../../accounts/account-label.ts';
import { unpinAccount } from '../../../accounts/actions/unpin.ts';
import { EXIT } from '../../../errors.ts';
import { openAuthSession } from '../../auth-session.ts';
import type { CommandDeps } from '../../main.ts';

export interface UnpinOptions {
  readonly json?: boolean;
}

/** Takes the pin away; 0 also when there was none. Throws `ERR_ACCOUNTS_NONE` for an empty pool. */
export async function runUnpin(options: UnpinOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'unpin', json: options.json });
  const { unpinned, affinityGeneration } = await unpinAccount(session.scope);
  const label = unpinned === null ? null : accountLabel(unpinned.account, unpinned.index);
  session.say(
    label === null
      ? 'No account was pinned.'
      : `${label} is no longer pinned. It stays Codex's own login until another one is chosen.`,
  );
  session.answer({
    unpinned: unpinned !== null,
    previousPinnedAccountIndex: unpinned?.index ?? null,
    previousLabel: label,
    pinnedAccountIndex: null,
    affinityGeneration,
  });
  return EXIT.ok;
}
