/** Selection in plain words: limits, times and reasons, as every command and the gateway's log print them. */
import type { UsageWindow } from '../quota/usage-facts.ts';
import type { Availability } from './availability.ts';
import type { BlockedFor } from './candidate.ts';

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const DAY_MS = 86_400_000;

/** `14:00` today, `Tue 14:00` within six days, `28 Nov 14:00` beyond; the machine's own time. */
export function clockTime(at: number, now: number): string {
  const date = new Date(at);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (Math.abs(at - now) < DAY_MS && date.getDate() === new Date(now).getDate()) return time;
  if (at > now && at - now < 6 * DAY_MS) return `${DAYS[date.getDay()]} ${time}`;
  return `${date.getDate()} ${MONTHS[date.getMonth()]} ${time}`;
}

/** `29 min`, `2 h 13 min`, `3 d 4 h`: rounded up, because nobody should come back too early. */
export function waitWords(ms: number): string {
  const minutes = Math.max(1, Math.ceil(ms / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  if (days > 0) return hours > 0 ? `${days} d ${hours} h` : `${days} d`;
  if (hours > 0) return minutes % 60 > 0 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${minutes} min`;
}

/** `weekly limit 82 % used, resets Tue 14:00`; once the reset is over, that it is. */
export function quotaWords(window: UsageWindow, now: number): string {
  const { name, resetsAt } = window;
  if (resetsAt !== null && resetsAt <= now) return `${name} limit was reset ${clockTime(resetsAt, now)}`;
  const used = `${name} limit ${Math.round(window.usedPercent)} % used`;
  return resetsAt === null ? used : `${used}, resets ${clockTime(resetsAt, now)}`;
}

/** Why an account cannot serve now: `weekly limit used up, resets Tue 14:00 (in 2 d 3 h)`. `null` when it can. */
export function unavailableWords(availability: Availability, now: number): string | null {
  switch (availability.kind) {
    case 'ready':
      return null;
    case 'unavailable':
      return BLOCKED_WORDS[availability.cause];
    case 'delayed': {
      const { untilMs, what } = availability;
      const until = `${clockTime(untilMs, now)} (in ${waitWords(untilMs - now)})`;
      switch (availability.cause) {
        case 'limit':
          return `${what} limit used up, resets ${until}`;
        case 'rate-limit':
          return `rate limit (${what}) resets ${until}`;
        case 'cooldown':
          return `left alone after ${COOLDOWN_WORDS[what] ?? what} until ${until}`;
        case 'gateway':
          return `left alone by the gateway until ${until}: ${COOLDOWN_WORDS[what] ?? what}`;
      }
    }
  }
}

const BLOCKED_WORDS: Readonly<Record<BlockedFor, string>> = {
  disabled: 'account is disabled',
  'needs-login': 'login is no longer valid: log that account in again (`steward auth login`)',
  'workspace-disabled': 'its workspace is disabled',
  paused: 'paused by you',
  'model-not-allowed': "the project's profile does not allow this model",
  'model-refused': 'the server refuses this model for this account',
};

const COOLDOWN_WORDS: Readonly<Record<string, string>> = {
  'auth-failure': 'a refused login',
  'network-error': 'a network error',
  'server-error': 'a server error',
  'rate-limit': 'a rate limit',
};

function two(value: number): string {
  return String(value).padStart(2, '0');
}
