import type { FailureEntry } from '../types.ts';

export const SAFETY: readonly FailureEntry[] = [
  {
    id: 'safety.flagged',
    title: 'Flagged',
    fixClass: 'X',
    actor: 'nobody',
    cause: 'Account/content flagged for cyber or policy.',
    fix: { summary: 'Trusted-access / appeal. Never route around it with another account.', steps: [] },
    signals: [],
    references: [],
  },
];
