import type { FailureEntry } from '../types.ts';

export const NONE: readonly FailureEntry[] = [
  {
    id: 'none',
    title: 'None',
    fixClass: 'X',
    actor: 'nobody',
    cause: 'Not OpenAI Codex, or too little to say.',
    fix: { summary: 'Say so, ask for more, change nothing.', steps: [] },
    signals: [],
    references: [],
  },
];
