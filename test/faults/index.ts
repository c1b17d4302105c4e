/** Every fault that the e2e test and the benchmark inject, one file a family. */
import type { Fault } from '../support/fault-runner.ts';
import { AUTH_FAULTS } from './auth.ts';
import { CONFIG_FAULTS } from './config.ts';
import { INSTALL_FAULTS } from './install.ts';
import { LOCAL_STATE_FAULTS } from './local-state.ts';
import { REMOTE_FAULTS } from './remote.ts';

export const FAULTS: readonly Fault[] = [
  ...CONFIG_FAULTS,
  ...AUTH_FAULTS,
  ...LOCAL_STATE_FAULTS,
  ...INSTALL_FAULTS,
  ...REMOTE_FAULTS,
];
