/** Takes dead logins out of use: disabled in the pool, and flagged with the reason so that they can be tried again. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, ChatgptAccount, FlaggedAccount, Pool } from '../account.ts';
import { updatePoolAndFlagged } from '../store/flagged-store.ts';

/** The documented reason of a flagged row. */
const REASON = 'token-invalid';

export interface DeadLogin {
  readonly accountKey: string;
  /** The server's code and words. */
  readonly error: string;
}

export interface FlagOutcome {
  /** Keys of the accounts that were disabled. */
  readonly disabled: ReadonlySet<string>;
  /** The dead account that stays enabled because no other is; it is marked as dead all the same. */
  readonly kept: string | null;
}

/**
 * Disables and flags those accounts. One account always stays enabled, so that a wrong answer of the server never leaves a
 * pool with nothing in it; the active one is the last to go. An account that got new tokens meanwhile is left alone.
 */
export async function flagDeadLogins(scope: CodexScope, dead: readonly DeadLogin[]): Promise<FlagOutcome> {
  const errors = new Map(dead.map(({ accountKey, error }) => [accountKey, error]));
  const now = scope.host.now();
  return await updatePoolAndFlagged<FlagOutcome>(scope, (pool, flagged) => {
    const candidates = pool.accounts.flatMap((account, index) =>
      isDead(account, errors) ? [{ account, index }] : [],
    );
    const ordered = [...candidates].sort(
      (a, b) => Number(isActive(pool, a.index)) - Number(isActive(pool, b.index)),
    );
    const othersEnabled = pool.accounts.filter(({ isEnabled }) => isEnabled).length - ordered.length;
    const kept = othersEnabled === 0 ? ordered.pop() : undefined;
    const disabled = new Set(ordered.map(({ account }) => account.key));
    const result = { disabled, kept: kept?.account.key ?? null };
    if (disabled.size === 0) return { pool, flagged, result };
    const rows = ordered.map(({ account }): FlaggedAccount => {
      const lastError = errors.get(account.key) ?? null;
      return { account: { ...account, isEnabled: false }, flaggedAt: now, reason: REASON, lastError };
    });
    const tokens = new Set(rows.map(({ account }) => account.refreshToken));
    return {
      pool: {
        ...pool,
        accounts: pool.accounts.map((account) =>
          disabled.has(account.key) ? { ...account, isEnabled: false } : account,
        ),
      },
      flagged: [...flagged.filter(({ account }) => !tokens.has(account.refreshToken)), ...rows],
      result,
    };
  });
}

function isDead(account: Account, errors: ReadonlyMap<string, string>): account is ChatgptAccount {
  return (
    account.kind === 'chatgpt' && account.isEnabled && errors.has(account.key) && account.invalidated !== null
  );
}

function isActive(pool: Pool, index: number): boolean {
  return index === (pool.pinnedIndex ?? pool.activeIndex);
}
