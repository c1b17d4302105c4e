import type { FailureEntry } from '../types.ts';

export const POOL: readonly FailureEntry[] = [
  {
    id: 'pool.exhausted',
    title: 'Exhausted',
    fixClass: 'C',
    actor: 'you',
    cause: 'A rotation proxy has no eligible account though some are healthy.',
    fix: {
      summary: 'Show the skip reason per account; lift the cap/restart the proxy; never answer by re-login.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'pool.stale_cooldown',
    title: 'Stale cooldown',
    fixClass: 'A',
    actor: 'steward',
    cause: 'An account stays cooled down after upstream accepts it again.',
    fix: { summary: 'Probe once, then clear that cooldown.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'pool.store_corrupt',
    title: 'Store corrupt',
    fixClass: 'C',
    actor: 'you',
    cause: 'The account pool file is unreadable.',
    fix: { summary: 'Recover from its write-ahead file or a backup; never start empty over it.', steps: [] },
    signals: [],
    references: [],
  },
];
