/** When a used-up quota comes back, as the server said it: the client prints local times without a zone, so the number is read. */

const RESETS_AT = /["']?resets?_at["']?\s*[:=]\s*["']?(\d{10}|\d{13})\b/i;
const RESETS_IN = /["']?resets_in_seconds["']?\s*[:=]\s*["']?(\d{1,8})\b/i;

/** Epoch ms of the reset named in that text (`resets_at` in s or ms, else `resets_in_seconds` from `now`); `null` without one. */
export function readResetTime(text: string, now: number): number | null {
  const at = RESETS_AT.exec(text)?.[1];
  if (at !== undefined) return at.length === 13 ? Number(at) : Number(at) * 1000;
  const within = RESETS_IN.exec(text)?.[1];
  return within === undefined ? null : now + Number(within) * 1000;
}

/** `Sat 21 Nov, 16:05 (in 2 h 13 min)`, in the given zone (default: the machine's); `… (since then: over)` for the past. */
export function describeReset(at: number, now: number, timeZone?: string): string {
  const when = new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    ...(timeZone === undefined ? {} : { timeZone }),
  }).format(at);
  const minutes = Math.ceil((at - now) / 60_000);
  if (minutes <= 0) return `${when} (that is over)`;
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const parts = [
    days > 0 ? `${days} d` : '',
    hours > 0 ? `${hours} h` : '',
    days === 0 ? `${minutes % 60} min` : '',
  ];
  return `${when} (in ${parts.filter((part) => part !== '').join(' ')})`;
}
