/** Which rows and logins are the same account, and how a fresh login is merged into what is there. */
import type { Account, ApiKeyAccount, ChatgptAccount, Pool } from '../account.ts';

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
export function accountKey(_identity: AccountIdentity): string {
  throw new Error('under construction');
}

/** The key codex-multi-auth 2.8 files policies under; the seats of one team share it. */
export function policyKey(_account: Account): string {
  throw new Error('under construction');
}

/** Position in the pool of the account that `candidate` is; `null` when it is a new one. */
export function findSameAccount(_pool: Pool, _candidate: Account): number | null {
  throw new Error('under construction');
}

/** `existing` after logging in again: tokens and claims of `fresh`, decisions of the user and history of `existing`. */
export function mergeAccount<A extends ChatgptAccount | ApiKeyAccount>(_existing: A, _fresh: A): A {
  throw new Error('under construction');
}

/** The pool with that login in it, merged or added; selection, pin and affinity stay with their accounts. */
export function addAccount(_pool: Pool, _account: Account): { readonly pool: Pool; readonly index: number } {
  throw new Error('under construction');
}

/** The pool without that position; selection and pin stay with their accounts. */
export function removeAccount(_pool: Pool, _index: number): Pool {
  throw new Error('under construction');
}

/** A pool with nothing in it. */
export const EMPTY_POOL: Pool = {
  accounts: [],
  activeIndex: 0,
  activeIndexByFamily: {},
  pinnedIndex: null,
  affinityGeneration: 0,
  rest: {},
};
