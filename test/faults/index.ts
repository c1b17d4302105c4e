/** Every fault that the e2e test and the benchmark inject, one file a family. */
import type { Fault } from '../support/fault-runner.ts';

export const FAULTS: readonly Fault[] = [];
