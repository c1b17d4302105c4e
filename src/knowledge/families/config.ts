/** Settings: the files, their values and the rules set by others. */
import type { FailureEntry } from '../types.ts';
import { CONFIG_FILE } from './config-file.ts';
import { CONFIG_NAMES } from './config-names.ts';
import { CONFIG_SCOPE } from './config-scope.ts';

export const CONFIG: readonly FailureEntry[] = [...CONFIG_FILE, ...CONFIG_NAMES, ...CONFIG_SCOPE];
