/** Fills in what a fault written as data cannot know: times by the lab's clock, and who is asking. */
import type { LabAccount } from './accounts.ts';
import type { LabClock } from './clock.ts';

const WHOLE_NUMBER = /^\{\{unix([+-]\d+)?\}\}$/;
const ANY = /\{\{(?:(unix|iso)([+-]\d+)?|(plan|account))\}\}/g;

/**
 * A deep copy of `value` in which `{{unix+60}}` (seconds from now), `{{iso+60}}`, `{{plan}}` and `{{account}}` are
 * replaced. A string that is nothing but `{{unix…}}` becomes a number.
 */
export function fillIn(value: unknown, clock: LabClock, account: LabAccount | undefined): unknown {
  if (typeof value === 'string') {
    const number = WHOLE_NUMBER.exec(value);
    return number === null ? fillText(value, clock, account) : clock.unixSeconds() + Number(number[1] ?? 0);
  }
  if (Array.isArray(value)) return value.map((item) => fillIn(item, clock, account));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, fillIn(member, clock, account)]),
    );
  }
  return value;
}

/** The same for one text, such as a header's value. */
export function fillText(text: string, clock: LabClock, account: LabAccount | undefined): string {
  return text.replace(
    ANY,
    (_all, time: string | undefined, seconds: string | undefined, who: string | undefined) => {
      if (who === 'plan') return account?.plan ?? 'unknown';
      if (who === 'account') return account?.name ?? 'nobody';
      const offset = Number(seconds ?? 0);
      return time === 'iso' ? clock.iso(offset * 1000) : String(clock.unixSeconds() + offset);
    },
  );
}
