/** Brings answers of the issuer that a killed process left to where they belong: the pool, and Codex if it has that login. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount, Pool } from '../account.ts';
import { accountOf, readSettledAuth } from '../codex-login/codex-login.ts';
import { handOverPair } from '../codex-login/hand-over.ts';
import { readFlagged } from '../store/flagged-store.ts';
import { requirePool } from '../store/pool-store.ts';
import { type AnswerRecord, listAnswerRecords, removeAnswerRecord } from './answer-record.ts';
import { storePair } from './store-pair.ts';
import { isSameLogin, tokenHash } from './token-pair.ts';

/** An answer that nobody's token led to is kept so long, in case the pool is restored from a copy. */
const KEEP_MS = 7 * 24 * 3600 * 1000;

/** Makes no network call. Safe beside a process that is at it: both store the same. Throws as `requirePool` does. */
export async function recoverAnswers(scope: CodexScope): Promise<void> {
  const records = await listAnswerRecords(scope);
  if (records.length === 0) return;
  const pool = await requirePool(scope);
  for (const record of records) {
    if (await isSettled(scope, pool, record)) await removeAnswerRecord(scope, record.spent);
  }
}

async function isSettled(scope: CodexScope, pool: Pool, record: AnswerRecord): Promise<boolean> {
  const owner = await ownerOf(scope, pool, record.spent);
  if (owner !== null) {
    const stored = await storePair(scope, owner, record.pair);
    return (await handOverPair(scope, stored, owner.refreshToken)).kind !== 'failed';
  }
  // The pool has it, or something newer; Codex may still hold the spent token.
  const auth = await readSettledAuth(scope);
  const held = auth.kind === 'ok' ? accountOf(auth.value, scope.host.now()) : null;
  if (held?.kind === 'chatgpt' && tokenHash(held.refreshToken) === record.spent) {
    const current = await sameLoginIn(pool, held);
    if (current === null) return false;
    return (await handOverPair(scope, current, held.refreshToken)).kind !== 'failed';
  }
  const isStored = pool.accounts.some(
    (account) => account.kind === 'chatgpt' && account.refreshToken === record.pair.refreshToken,
  );
  return isStored || scope.host.now() - record.savedAt > KEEP_MS;
}

async function ownerOf(scope: CodexScope, pool: Pool, spent: string): Promise<ChatgptAccount | null> {
  const flagged = await readFlagged(scope);
  const accounts = [
    ...pool.accounts.filter((account) => account.kind === 'chatgpt'),
    ...(flagged.kind === 'ok' ? flagged.accounts.map(({ account }) => account) : []),
  ];
  return accounts.find(({ refreshToken }) => tokenHash(refreshToken) === spent) ?? null;
}

async function sameLoginIn(pool: Pool, held: ChatgptAccount): Promise<ChatgptAccount | null> {
  for (const account of pool.accounts) {
    if (account.kind === 'chatgpt' && (await isSameLogin(account, held))) return account;
  }
  return null;
}
