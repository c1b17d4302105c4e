/** Tokens that are good now, with one writer a token: see `outcome.ts` for what may come of it. */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';
import type { RefreshOutcome } from './outcome.ts';

export type { RefreshOutcome } from './outcome.ts';

export interface RefreshOptions {
  /** The access token in hand was refused by a server: get another one, even if it has not expired. */
  readonly force?: boolean;
  /** How long the access token has to be good for; default 60,000. */
  readonly minValidityMs?: number;
}

export async function ensureFreshTokens(
  _scope: CodexScope,
  _account: ChatgptAccount,
  _options: RefreshOptions = {},
): Promise<RefreshOutcome> {
  throw new Error('under construction');
}
