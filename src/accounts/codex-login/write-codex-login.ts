/** Logs Codex in as an account of the pool: `auth.json`, written through the journal and only on a real change. */
import type { CodexScope } from '../../codex/home.ts';
import type { CodexProcess } from '../../codex/processes.ts';
import type { Account } from '../account.ts';
import type { RefreshOutcome } from '../refresh/outcome.ts';

export type LoginRefusalReason =
  | 'credential-store'
  | 'forced-login-method'
  | 'forced-workspace'
  | 'config-unreadable'
  | 'auth-unreadable'
  /** The login in `auth.json` is not in the pool: import it first, or it is lost. */
  | 'stranger'
  /** It needed a token, and the issuer did not give one: see `refresh`. */
  | 'refresh'
  | 'sync-disabled'
  | 'no-home'
  | 'journal';

export type WriteLoginOutcome =
  /** `restart`: running processes of this home that go on with the login they have in memory. */
  | { readonly kind: 'written'; readonly account: Account; readonly restart: readonly CodexProcess[] }
  | { readonly kind: 'unchanged'; readonly account: Account; readonly restart: readonly CodexProcess[] }
  | {
      readonly kind: 'refused';
      readonly reason: LoginRefusalReason;
      readonly message: string;
      /** What to do now, with the command if there is one. */
      readonly hint: string;
      /** For `stranger`: the login that would be lost, as it would stand in the pool. */
      readonly stranger: Account | null;
      readonly refresh: Exclude<RefreshOutcome, { readonly kind: 'fresh' | 'adopted' | 'refreshed' }> | null;
    };

export interface WriteLoginOptions {
  /** Overwrite a login that is not in the pool. */
  readonly replaceStranger?: boolean;
}

export async function writeCodexLogin(
  _scope: CodexScope,
  _account: Account,
  _options: WriteLoginOptions = {},
): Promise<WriteLoginOutcome> {
  throw new Error('under construction');
}
