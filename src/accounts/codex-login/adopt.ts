/** Codex refreshes its login itself: what is newer in `auth.json` belongs into the pool before anything is spent. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';

export type AdoptOutcome =
  /** The pool has the newer pair now. */
  { readonly kind: 'adopted'; readonly account: ChatgptAccount } | { readonly kind: 'nothing' };

/** Takes a newer pair from `auth.json` (and from a recovery record) into the pool. Makes no network call. */
export async function adoptCodexLogin(_scope: CodexScope): Promise<AdoptOutcome> {
  throw new Error('under construction');
}
