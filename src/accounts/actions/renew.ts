/**
 * Good tokens for an account, also for one that the server has called dead: it is asked again, except with a token that
 * is known to be spent. A spent token is never sent twice: the issuer takes that for theft, and may end all sessions.
 */
import type { CodexScope } from '../../codex/home.ts';
import type { ChatgptAccount } from '../account.ts';
import { adoptCodexLogin } from '../codex-login/adopt.ts';
import { ensureFreshTokens, type RefreshOutcome } from '../refresh/refresh-account.ts';
import { requirePool } from '../store/pool-store.ts';

const SPENT = 'refresh_token_reused';

/** The server has said that this very token was used up. */
export function isKnownSpent({ invalidated }: ChatgptAccount): boolean {
  return invalidated?.code === SPENT;
}

/** As `ensureFreshTokens`; what comes back is on the disk already. */
export async function renewTokens(scope: CodexScope, account: ChatgptAccount): Promise<RefreshOutcome> {
  if (account.invalidated === null) return await ensureFreshTokens(scope, account);
  if (!isKnownSpent(account)) return await ensureFreshTokens(scope, account, { force: true });
  await adoptCodexLogin(scope);
  const current = (await requirePool(scope)).accounts.find(({ key }) => key === account.key);
  const isNewer = current?.kind === 'chatgpt' && current.refreshToken !== account.refreshToken;
  if (isNewer) return await ensureFreshTokens(scope, current);
  return {
    kind: 'refused',
    status: 401,
    code: SPENT,
    catalogueId: 'auth.refresh_token_reused',
    isPermanent: true,
    message: 'its refresh token was used up before; it is not sent again',
    action: 'Log that account in again: steward auth login.',
    account,
  };
}
