/** Codex refreshes its login itself: what is newer in `auth.json` belongs into the pool before anything is spent. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';
import { recoverAnswers } from '../refresh/recover-answers.ts';
import { storePair } from '../refresh/store-pair.ts';
import { readPool, requirePool } from '../store/pool-store.ts';
import { readCodexLogin } from './codex-login.ts';

export type AdoptOutcome =
  /** The pool has the newer pair now. */
  { readonly kind: 'adopted'; readonly account: ChatgptAccount } | { readonly kind: 'nothing' };

/**
 * Takes a newer pair from `auth.json` into the pool, after bringing home what a killed process had been answered. Makes
 * no network call; a corrupt pool is left alone.
 */
export async function adoptCodexLogin(scope: CodexScope): Promise<AdoptOutcome> {
  if ((await readPool(scope)).kind === 'corrupt') return { kind: 'nothing' };
  await recoverAnswers(scope);
  const login = await readCodexLogin(scope, await requirePool(scope));
  if (login.kind !== 'pool' || !login.isNewer) return { kind: 'nothing' };
  const { account, held } = login;
  if (account.kind !== 'chatgpt' || held.kind !== 'chatgpt') return { kind: 'nothing' };
  return { kind: 'adopted', account: await storePair(scope, account, held) };
}
