import { INSTALL_FAULTS } from '../faults/install.ts';
import { describeFaults } from '../support/fault-suite.ts';

describeFaults('install faults', INSTALL_FAULTS);
