/** Accounts that a verification found dead: `openai-codex-flagged-accounts.json`. */
import type { CodexScope } from '../../codex/home.ts';
import type { FlaggedAccount } from '../account.ts';
import type { PoolChange } from './pool-store.ts';

export type FlaggedReading =
  | {
      readonly kind: 'ok';
      readonly accounts: readonly FlaggedAccount[];
      readonly recoveredFrom: string | null;
    }
  | { readonly kind: 'corrupt'; readonly path: string; readonly message: string };

/** Reads the flagged accounts; a missing file is none. Never writes. */
export async function readFlagged(_scope: CodexScope): Promise<FlaggedReading> {
  throw new Error('under construction');
}

/** Changes the flagged accounts under the pool's lock; as `updatePool`. */
export async function updateFlagged<T>(
  _scope: CodexScope,
  _change: (accounts: readonly FlaggedAccount[]) => {
    readonly accounts: readonly FlaggedAccount[];
    readonly result: T;
  },
): Promise<T> {
  throw new Error('under construction');
}

/** Changes pool and flagged accounts together; what moves between them is in one or both files after a crash, never in none. */
export async function updatePoolAndFlagged<T>(
  _scope: CodexScope,
  _change: (
    pool: PoolChange<unknown>['pool'],
    flagged: readonly FlaggedAccount[],
  ) => PoolChange<T> & { readonly flagged: readonly FlaggedAccount[] },
): Promise<T> {
  throw new Error('under construction');
}
