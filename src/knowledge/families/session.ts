import type { FailureEntry } from '../types.ts';

export const SESSION: readonly FailureEntry[] = [
  {
    id: 'session.encrypted_content',
    title: 'Encrypted content',
    fixClass: 'U',
    actor: 'you',
    cause: '`invalid_encrypted_content`.',
    fix: {
      summary:
        'Continue with the account/provider that made the thread, or new thread; keep threads sticky to one account.',
      steps: [],
    },
    signals: [],
    references: [],
  },
];
