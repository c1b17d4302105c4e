/**
 * Waits that the pool still holds although they are over: the server was asked after the account was last used, and it
 * had room; or the wait is longer than any that the server or a gateway sets.
 */
import type { Account } from '../account.ts';
import type { QuotaCache, QuotaEntry } from '../store/quota-cache.ts';

const HOUR_MS = 3_600_000;
/** The longest limit is a month's. */
const LONGEST_LIMIT_MS = 32 * 24 * HOUR_MS;
/** Cool-downs after failures are minutes. */
const LONGEST_COOLDOWN_MS = 24 * HOUR_MS;

export interface StaleWait {
  readonly index: number;
  readonly account: Account;
  /** Members of `rateLimitResetTimes`. */
  readonly limitKeys: readonly string[];
  readonly hasCooldown: boolean;
  /** What proves it, for people. */
  readonly proof: string;
}

/** The stale waits of enabled accounts. `now`: epoch ms. */
export function findStaleWaits(
  accounts: readonly Account[],
  quota: QuotaCache,
  now: number,
): readonly StaleWait[] {
  return accounts.flatMap((account, index) => {
    if (!account.isEnabled) return [];
    const limits = Object.entries(account.rateLimitResetTimes).filter(([, at]) => at > now);
    const cooldownUntil = account.cooldown?.untilMs ?? 0;
    const tooLong = limits.filter(([, at]) => at > now + LONGEST_LIMIT_MS).map(([key]) => key);
    const hasLongCooldown = cooldownUntil > now + LONGEST_COOLDOWN_MS;
    const entry = limits.length > 0 || cooldownUntil > now ? quota.entryOf(account) : null;
    if (entry !== null && entry.updatedAt > account.lastUsed && hasRoom(entry, now)) {
      const proof = `asked at ${new Date(entry.updatedAt).toISOString()}, after its last use, it had room: ${roomOf(entry)}`;
      const hasCooldown = cooldownUntil > now && account.cooldown?.reason === 'rate-limit';
      if (limits.length > 0 || hasCooldown || hasLongCooldown) {
        const limitKeys = limits.map(([key]) => key);
        return [{ index, account, limitKeys, hasCooldown: hasCooldown || hasLongCooldown, proof }];
      }
    }
    if (tooLong.length === 0 && !hasLongCooldown) return [];
    return [
      {
        index,
        account,
        limitKeys: tooLong,
        hasCooldown: hasLongCooldown,
        proof: 'it would last longer than any limit there is',
      },
    ];
  });
}

function hasRoom(entry: QuotaEntry, now: number): boolean {
  const windows = [entry.primary, entry.secondary].filter((window) => window.usedPercent !== null);
  return (
    entry.status === 200 &&
    windows.length > 0 &&
    windows.every(({ usedPercent, resetAtMs }) => (usedPercent ?? 100) < 100 || (resetAtMs ?? now) < now)
  );
}

function roomOf(entry: QuotaEntry): string {
  return [entry.primary, entry.secondary]
    .flatMap(({ usedPercent }) => (usedPercent === null ? [] : [`${Math.round(usedPercent)} % used`]))
    .join(', ');
}
