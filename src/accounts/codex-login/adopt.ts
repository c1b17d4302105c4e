/** Codex refreshes its login itself: what is newer in `auth.json` belongs into the pool before anything is spent. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount, Pool } from '../account.ts';
import { storePair } from '../refresh/store-pair.ts';
import { readPool } from '../store/pool-store.ts';
import { readCodexLogin } from './codex-login.ts';

export type AdoptOutcome =
  /** The pool has the newer pair now. */
  { readonly kind: 'adopted'; readonly account: ChatgptAccount } | { readonly kind: 'nothing' };

/** Takes a newer pair from `auth.json` into the pool. Makes no network call; a corrupt pool is left alone. */
export async function adoptCodexLogin(scope: CodexScope): Promise<AdoptOutcome> {
  const reading = await readPool(scope);
  if (reading.kind === 'corrupt') return { kind: 'nothing' };
  return await adoptInto(scope, reading.pool);
}

async function adoptInto(scope: CodexScope, pool: Pool): Promise<AdoptOutcome> {
  const login = await readCodexLogin(scope, pool);
  if (login.kind !== 'pool' || !login.isNewer) return { kind: 'nothing' };
  const { account, held } = login;
  if (account.kind !== 'chatgpt' || held.kind !== 'chatgpt') return { kind: 'nothing' };
  return { kind: 'adopted', account: await storePair(scope, account, held) };
}
