import type { FailureEntry } from '../types.ts';

/** Failures of steward's own checks: they say that something is not known, never that Codex is broken. */
export const DOCTOR: readonly FailureEntry[] = [
  {
    id: 'doctor.check_failed',
    title: 'A check could not be completed',
    fixClass: 'U',
    actor: 'you',
    cause: 'One of the checks crashed or did not end in time, so nothing is known about what it looks at.',
    fix: {
      summary: 'Run that check alone; if it fails again, report it with the output.',
      steps: [
        'Run `steward doctor --only CHECK --json` with the id of the check.',
        'Open an issue with that output.',
      ],
    },
    signals: [],
    references: [],
  },
];
