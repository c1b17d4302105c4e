import type { FailureEntry } from '../types.ts';

export const SERVER: readonly FailureEntry[] = [
  {
    id: 'server.error',
    title: 'Error',
    fixClass: 'W',
    actor: 'wait',
    cause:
      '"An error occurred while processing your request… request ID", 404/5xx from the backend for everyone.',
    fix: { summary: 'Retry, status page, keep the id. Nothing local.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'server.overloaded',
    title: 'Overloaded',
    fixClass: 'W',
    actor: 'wait',
    cause: '"Selected model is at capacity", `server_overloaded`.',
    fix: { summary: 'Wait or another model. Not a reason to rotate accounts or log in.', steps: [] },
    signals: [],
    references: [],
  },
];
