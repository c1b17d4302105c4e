/** What an account is called across files: keys that survive refreshes, new logins and changes of position. */
import { hash } from 'node:crypto';
import type { Account } from '../account.ts';

/** What names an account. */
export type AccountIdentity =
  | {
      readonly kind: 'chatgpt';
      readonly accountId: string | null;
      readonly email: string | null;
      readonly addedAt: number;
    }
  | { readonly kind: 'api-key'; readonly apiKey: string };

/** The stable key of an account, `sha256:` and hex. Two seats of one team (same account id) have different keys. */
export function accountKey(identity: AccountIdentity): string {
  if (identity.kind === 'api-key') return hashed('api-key', identity.apiKey);
  const { accountId, email, addedAt } = identity;
  if (accountId === null && email === null) return hashed('added', String(addedAt));
  return hashed('chatgpt', accountId ?? '', email ?? '');
}

/**
 * The accounts with keys that are right for what they hold and differ from one another. (Rows without an e-mail may
 * share an account id; when they were added, and last their order, tells them apart.)
 */
export function withKeys<A extends Account>(accounts: readonly A[]): readonly A[] {
  const taken = new Set<string>();
  return accounts.map((account) => {
    let key = accountKey(account);
    if (taken.has(key)) key = hashed(key, String(account.addedAt));
    for (let twin = 2; taken.has(key); twin++) key = hashed(key, String(twin));
    taken.add(key);
    return account.key === key ? account : { ...account, key };
  });
}

/** The key codex-multi-auth 2.8 files policies and weights under; the seats of one team share it. */
export function policyKey(account: Account): string {
  if (account.kind === 'api-key') return account.key;
  const identity = account.accountId?.trim() || account.email?.trim().toLowerCase() || 'unknown';
  return `sha256:${hash('sha256', identity)}`;
}

function hashed(...parts: readonly string[]): string {
  return `sha256:${hash('sha256', parts.join('\0'))}`;
}
