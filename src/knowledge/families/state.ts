/** What Codex keeps on disk: its databases, logs, sessions and the files of the desktop app. */
import type { FailureEntry } from '../types.ts';
import { STATE_ACCESS } from './state-access.ts';
import { STATE_DATABASE } from './state-database.ts';
import { STATE_PERMISSION } from './state-permission.ts';
import { STATE_SESSIONS } from './state-sessions.ts';
import { STATE_STORAGE } from './state-storage.ts';

export const STATE: readonly FailureEntry[] = [
  ...STATE_DATABASE,
  ...STATE_ACCESS,
  ...STATE_STORAGE,
  ...STATE_PERMISSION,
  ...STATE_SESSIONS,
];
