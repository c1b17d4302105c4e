import { CONFIG_FAULTS } from '../faults/config.ts';
import { describeFaults } from '../support/fault-suite.ts';

describeFaults('config faults', CONFIG_FAULTS);
