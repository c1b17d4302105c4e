/** Every check of Codex's local state. */
import type { Check } from '../check.ts';
import { stateBackfillCheck } from './state-backfill.ts';
import { stateDatabasesCheck } from './state-databases.ts';
import { stateDesktopCheck } from './state-desktop.ts';
import { stateDiskCheck } from './state-disk.ts';
import { stateLocksCheck } from './state-locks.ts';
import { stateLogGrowthCheck } from './state-log-growth.ts';
import { statePermissionCheck } from './state-permission.ts';
import { stateThreadsCheck } from './state-threads.ts';
import { stateWslCheck } from './state-wsl.ts';

export const STATE_CHECKS: readonly Check[] = [
  stateDiskCheck,
  statePermissionCheck,
  stateDatabasesCheck,
  stateLocksCheck,
  stateBackfillCheck,
  stateLogGrowthCheck,
  stateThreadsCheck,
  stateDesktopCheck,
  stateWslCheck,
];
