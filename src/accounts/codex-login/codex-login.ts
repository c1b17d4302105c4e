/** Which account Codex itself is logged in with: `auth.json` seen with the pool beside it. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, Pool } from '../account.ts';

/** The login in `auth.json`. */
export type CodexLogin =
  /** Codex is logged out, or keeps its login elsewhere. */
  | { readonly kind: 'none' }
  /** An account of the pool; `isNewer`: its tokens are newer than the pool's. */
  | { readonly kind: 'pool'; readonly account: Account; readonly index: number; readonly isNewer: boolean }
  /** A login that the pool does not have; as it would stand there. */
  | { readonly kind: 'stranger'; readonly account: Account }
  /** An agent identity, personal access token, …: nothing that a pool can hold. */
  | { readonly kind: 'other'; readonly mode: string }
  /** Cannot be read. `message` names file and reason, no secrets. */
  | { readonly kind: 'unreadable'; readonly message: string };

/** Reads only. */
export async function readCodexLogin(_scope: CodexScope, _pool: Pool): Promise<CodexLogin> {
  throw new Error('under construction');
}
