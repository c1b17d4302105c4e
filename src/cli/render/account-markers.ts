/** What stands in brackets behind an account: whether it is in use, and why it cannot be. */
import { waitWords } from '../../accounts/selection/words.ts';
import type { AccountsView } from '../accounts-view.ts';
import type { Style } from './terminal.ts';

export interface Marker {
  /** As `status --json` names it. */
  readonly name: string;
  /** As a person reads it. */
  readonly text: string;
  readonly style: Style;
}

/** The markers of the account at that position, the most important first. */
export function markersOf(
  { reading: { pool }, forecast, input, now }: AccountsView,
  index: number,
): readonly Marker[] {
  const markers: Marker[] = [];
  const add = (name: string, style: Style, text = name) => markers.push({ name, text, style });
  if (pool.activeIndex === index) add('current', 'green');
  if (pool.pinnedIndex === index) add('pinned', 'cyan');
  const availability = forecast.accounts[index]?.availability;
  const candidate = input.candidates[index];
  if (availability?.kind === 'unavailable') {
    add(
      availability.cause,
      availability.cause === 'needs-login' ? 'red' : 'dim',
      BLOCKED_TEXT[availability.cause],
    );
  }
  if (availability?.kind === 'delayed') {
    const name =
      availability.cause === 'limit' || availability.cause === 'rate-limit' ? 'rate-limited' : 'cooling-down';
    add(name, 'yellow', `${name} ${waitWords(availability.untilMs - now)}`);
  }
  if (availability?.kind === 'ready' && availability.tier === 'deferred')
    add('nearly-used-up', 'yellow', 'nearly used up');
  if (
    availability?.kind === 'ready' &&
    candidate?.account.kind === 'chatgpt' &&
    availability.tier === 'paid'
  ) {
    add('on-credits', 'yellow', 'on credits');
  }
  if (candidate?.isDrained === true) add('drained', 'dim');
  return markers;
}

const BLOCKED_TEXT = {
  disabled: 'disabled',
  'needs-login': 'needs login',
  'workspace-disabled': 'workspace disabled',
  paused: 'paused',
  'model-not-allowed': 'model not allowed here',
  'model-refused': 'model refused',
} as const;
