/** Asks how much of its limits an account has used: the usage endpoint, never a model call. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';
import type { RefreshOutcome } from '../refresh/outcome.ts';
import type { Usage } from './usage-facts.ts';

export type { Usage, UsageWindow } from './usage-facts.ts';

export type UsageOutcome =
  /** `account`: with the tokens that were used, which may be newer than those given. */
  | { readonly kind: 'usage'; readonly usage: Usage; readonly account: ChatgptAccount }
  /** The backend refused this login, also after a refresh, or the issuer refused the refresh. */
  | {
      readonly kind: 'refused';
      readonly status: number;
      readonly code: string | null;
      readonly message: string;
      /** The login is dead: only a new one helps. */
      readonly isPermanent: boolean;
      readonly refresh: Extract<RefreshOutcome, { readonly kind: 'refused' }> | null;
      readonly account: ChatgptAccount;
    }
  /** 429: asked too often; `retryAt` epoch ms. */
  | {
      readonly kind: 'limited';
      readonly retryAt: number | null;
      readonly message: string;
      readonly account: ChatgptAccount;
    }
  | {
      readonly kind: 'failed';
      /** `edge`: a page that asks for a browser, in place of the backend. */
      readonly reason: 'network' | 'timeout' | 'edge' | 'server' | 'malformed' | 'refresh';
      readonly code: string | null;
      readonly status: number | null;
      readonly message: string;
      readonly account: ChatgptAccount;
    };

/** Refreshes first when the access token has expired; a 401 leads to one forced refresh and one more question. */
export async function fetchUsage(_scope: CodexScope, _account: ChatgptAccount): Promise<UsageOutcome> {
  throw new Error('under construction');
}
