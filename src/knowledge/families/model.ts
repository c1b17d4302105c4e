import type { FailureEntry } from '../types.ts';

export const MODEL: readonly FailureEntry[] = [
  {
    id: 'model.unsupported_account',
    title: 'Unsupported account',
    fixClass: 'C',
    actor: 'you',
    cause: '"The \'X\' model is not supported when using Codex with a ChatGPT account".',
    fix: { summary: 'Pick a model this plan lists; start a new thread if it is pinned.', steps: [] },
    signals: [],
    references: [],
  },
];
