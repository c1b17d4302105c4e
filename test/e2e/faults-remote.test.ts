import { REMOTE_FAULTS } from '../faults/remote.ts';
import { describeFaults } from '../support/fault-suite.ts';

describeFaults('remote faults', REMOTE_FAULTS);
