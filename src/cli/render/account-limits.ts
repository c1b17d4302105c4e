/** An account's limits on a screen: a bar of what is left and the time it comes back. */
import type { Usage, UsageWindow } from '../../accounts/quota/usage-facts.ts';
import { clockTime } from '../../accounts/selection/words.ts';
import type { Terminal } from './terminal.ts';

const BAR_CELLS = 8;

/**
 * `██████░░  75 % Tue 14:00`: what is left, and when it is full again; `–` when it is not known. Bar and time can be left
 * out where there is no room.
 */
export function limitCell(
  window: UsageWindow | undefined,
  now: number,
  { paint }: Pick<Terminal, 'paint'>,
  withBar: boolean,
  withReset = true,
): string {
  if (window === undefined) return paint('dim', '–');
  const { resetsAt } = window;
  const isOver = resetsAt !== null && resetsAt <= now;
  const left = isOver ? 100 : Math.max(0, Math.min(100, 100 - window.usedPercent));
  const full = left > 0 ? Math.max(1, Math.round((left / 100) * BAR_CELLS)) : 0;
  const style = left <= 5 ? 'red' : left <= 25 ? 'yellow' : 'green';
  const bar = withBar
    ? `${paint(style, '█'.repeat(full))}${paint('dim', '░'.repeat(BAR_CELLS - full))} `
    : '';
  const reset = resetsAt === null || isOver || !withReset ? '' : ` ${paint('dim', clockTime(resetsAt, now))}`;
  return `${bar}${`${Math.floor(left)}`.padStart(3)} %${reset}`;
}

/** The names of all limits that the readings have, the fastest first. */
export function limitNames(readings: readonly (Usage | null)[]): readonly string[] {
  const minutes = new Map<string, number>();
  for (const reading of readings) {
    for (const window of reading?.windows ?? []) minutes.set(window.name, window.windowMinutes ?? 0);
  }
  return [...minutes].sort((a, b) => a[1] - b[1]).map(([name]) => name);
}
