/** Asks limited accounts now and then whether their limit is over earlier than it said: a question that costs no quota. */
import { fetchUsage } from '../../accounts/quota/usage.ts';
import type { CodexScope } from '../../codex/home.ts';
import { takeQuota } from './account-state.ts';
import type { LivePool } from './live-pool.ts';

/** While somebody is being turned away, and while nobody is. */
const ASK_AGAIN_MS = { urgent: 60_000, idle: 15 * 60_000 } as const;
/** A limit that ends by itself this soon is not asked about. */
const SOON_MS = 60_000;

export interface Recovery {
  /** Asks those whose turn it is; resolves when all have answered. Never throws. */
  probe(urgency: keyof typeof ASK_AGAIN_MS): Promise<void>;
}

export function createRecovery(
  scope: CodexScope,
  live: LivePool,
  onRecovered: (key: string) => void,
): Recovery {
  const askedAt = new Map<string, number>();
  const ask = async (key: string): Promise<void> => {
    const account = live.accountAt(live.indexOf(key) ?? -1);
    if (account?.kind !== 'chatgpt') return;
    const outcome = await fetchUsage(scope, account);
    if (outcome.kind !== 'usage') return; // it stays blocked until its time
    live.putAccount(outcome.account);
    const state = live.stateOf(key);
    const wasBlocked = state.blocked !== null;
    takeQuota(state, outcome.usage);
    live.refreshCandidate(key);
    if (wasBlocked && state.blocked === null) onRecovered(key);
  };
  return {
    probe: async (urgency) => {
      const now = scope.host.now();
      const due = live.snapshot.pool.accounts.filter(({ key, kind, isEnabled }) => {
        const { blocked } = live.stateOf(key);
        if (kind !== 'chatgpt' || !isEnabled || blocked?.reason !== 'rate-limit') return false;
        const isLong = blocked.untilMs - now > SOON_MS;
        return isLong && now - (askedAt.get(key) ?? blocked.since) >= ASK_AGAIN_MS[urgency];
      });
      for (const { key } of due) askedAt.set(key, now);
      await Promise.allSettled(due.map(({ key }) => ask(key)));
    },
  };
}
