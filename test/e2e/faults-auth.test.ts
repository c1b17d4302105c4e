import { AUTH_FAULTS } from '../faults/auth.ts';
import { describeFaults } from '../support/fault-suite.ts';

describeFaults('auth faults', AUTH_FAULTS);
