/** The answer for a text that is not about Codex, or that says too little. No signal leads here: it is what is left. */
import type { FailureEntry } from '../types.ts';

export const NONE: readonly FailureEntry[] = [
  {
    id: 'none',
    title: 'No failure of Codex',
    fixClass: 'X',
    actor: 'nobody',
    cause: 'The text comes from another program, or says too little to name a cause.',
    fix: {
      summary: 'Change nothing; look at more of the output first.',
      steps: [
        'Paste the whole output, from the command to its last line.',
        'Or let steward read the logs of Codex itself: `steward explain --last`.',
        'If another program printed it, ask there.',
      ],
    },
    signals: [],
    references: [],
  },
];
