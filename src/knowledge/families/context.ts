import type { FailureEntry } from '../types.ts';

export const CONTEXT: readonly FailureEntry[] = [
  {
    id: 'context.window_exceeded',
    title: 'Window exceeded',
    fixClass: 'U',
    actor: 'you',
    cause: '"ran out of room in the model\'s context window".',
    fix: { summary: 'Compact or new thread.', steps: [] },
    signals: [],
    references: [],
  },
];
