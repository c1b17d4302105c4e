/** After a refresh: when Codex has the same login, its old pair is spent, so it gets the new one at once. */
import { join } from 'node:path';
import { withAuthLock } from '../../codex/auth-lock.ts';
import type { CodexScope } from '../../codex/home.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { ChatgptAccount } from '../account.ts';
import { isNewerPair, isSameLogin } from '../refresh/token-pair.ts';
import { applyAuthChange } from './auth-change.ts';
import { accountOf, readSettledAuth } from './codex-login.ts';

/** `not-its`: Codex has another login, none, or a newer pair than this. */
export type HandOver =
  | { readonly kind: 'not-its' | 'done' }
  | { readonly kind: 'failed'; readonly message: string };

const BUSY = 'a Codex process has been holding its lock on auth.json for 10 seconds';

/** Gives Codex the account's new pair if `auth.json` holds the same login with `spentToken`, or an older pair. */
export async function handOverPair(
  scope: CodexScope,
  account: ChatgptAccount,
  spentToken: string,
): Promise<HandOver> {
  if (!(await isIts(scope, account, spentToken))) return { kind: 'not-its' };
  for (let tries = 1; ; tries++) {
    const locked = await withAuthLock(scope, () => writeLocked(scope, account, spentToken));
    if (locked.kind === 'busy') return { kind: 'failed', message: BUSY };
    if (locked.value.kind !== 'changed') return locked.value;
    // Codex 0.133 writes without a lock: what it wrote is looked at, not overwritten.
    if (tries === 3) return { kind: 'failed', message: locked.value.message };
  }
}

/** The cheap look before any lock: most accounts are not the one that Codex has. */
async function isIts(scope: CodexScope, account: ChatgptAccount, spentToken: string): Promise<boolean> {
  const auth = await readSettledAuth(scope);
  const held = auth.kind === 'ok' ? accountOf(auth.value, scope.host.now()) : null;
  if (held?.kind !== 'chatgpt') return false;
  if (held.refreshToken === spentToken) return true;
  return (await isSameLogin(held, account)) && (await isNewerPair(account, held));
}

async function writeLocked(
  scope: CodexScope,
  account: ChatgptAccount,
  spentToken: string,
): Promise<HandOver | { readonly kind: 'changed'; readonly message: string }> {
  const expect = await fingerprint(join(scope.home.path, 'auth.json'));
  const auth = await readSettledAuth(scope);
  if (auth.kind !== 'ok' || !(await isIts(scope, account, spentToken))) return { kind: 'not-its' };
  const idToken = account.idToken ?? auth.value.tokens?.idToken;
  if (account.accessToken === null || idToken === undefined) return { kind: 'not-its' };
  const { accessToken, refreshToken } = account;
  const outcome = await applyAuthChange(scope, {
    repairId: 'auth.login.refresh',
    summary: 'Give Codex the refreshed tokens of its login',
    // Which workspace Codex works in is its own choice.
    wanted: {
      kind: 'chatgpt',
      idToken,
      accessToken,
      refreshToken,
      accountId: auth.value.tokens?.accountId ?? account.accountId,
    },
    before: auth.value,
    expect,
    sameLogin: true,
  });
  if (outcome.kind === 'repaired') return { kind: 'done' };
  const isChanged = outcome.kind === 'refused' && outcome.refusal.kind === 'changed';
  return { kind: isChanged ? 'changed' : 'failed', message: outcome.reason };
}
