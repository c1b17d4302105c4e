import { LOCAL_STATE_FAULTS } from '../faults/local-state.ts';
import { describeFaults } from '../support/fault-suite.ts';

describeFaults('state faults', LOCAL_STATE_FAULTS);
