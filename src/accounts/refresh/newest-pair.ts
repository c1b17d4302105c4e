/** The newest pair of an account, from every place that may have one. Reads only. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';
import { accountOf, readSettledAuth } from '../codex-login/codex-login.ts';
import { readFlagged } from '../store/flagged-store.ts';
import { requirePool } from '../store/pool-store.ts';
import { readAnswerRecord } from './answer-record.ts';
import { positionOf } from './store-pair.ts';
import { isNewerPair, isSameLogin, type TokenPair } from './token-pair.ts';

export interface NewestPair {
  /** The account as the pool has it now; as it was given where the pool does not have it. */
  readonly account: ChatgptAccount;
  /** A pair newer than the account's own, and where it is; `null` when there is none. */
  readonly newer: { readonly pair: TokenPair; readonly from: 'codex' | 'record' } | null;
  /** A pair of the same login with another refresh token, whatever its age: the last hope when the own one is dead. */
  readonly other: TokenPair | null;
}

/** Looks into the pool, at an answer that a killed process left, and into Codex's `auth.json`. */
export async function findNewestPair(scope: CodexScope, given: ChatgptAccount): Promise<NewestPair> {
  const account = await storedAccount(scope, given);
  const [record, codex] = await Promise.all([
    readAnswerRecord(scope, account.refreshToken),
    codexPair(scope, account),
  ]);
  let newer: NewestPair['newer'] = null;
  // It came out of this very token, so it is newer whatever the clocks say.
  if (record !== null && record.accessToken !== account.accessToken) newer = { pair: record, from: 'record' };
  if (codex !== null && (await isNewerPair(codex, newer?.pair ?? account))) {
    newer = { pair: codex, from: 'codex' };
  }
  const other = codex !== null && codex.refreshToken !== account.refreshToken ? codex : null;
  return { account, newer, other };
}

async function storedAccount(scope: CodexScope, given: ChatgptAccount): Promise<ChatgptAccount> {
  const pool = await requirePool(scope);
  const row = pool.accounts[positionOf(pool, given)];
  if (row?.kind === 'chatgpt') return (await isNewerPair(given, row)) ? given : row;
  const flagged = await readFlagged(scope);
  if (flagged.kind === 'corrupt') return given;
  const found = flagged.accounts.find(({ account }) => account.refreshToken === given.refreshToken);
  return found?.account ?? given;
}

async function codexPair(scope: CodexScope, account: ChatgptAccount): Promise<TokenPair | null> {
  const auth = await readSettledAuth(scope);
  const held = auth.kind === 'ok' ? accountOf(auth.value, scope.host.now()) : null;
  if (held?.kind !== 'chatgpt' || !(await isSameLogin(held, account))) return null;
  return held;
}
