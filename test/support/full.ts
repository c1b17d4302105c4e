/**
 * How much the slow matrices run. By default each fault meets one of the two official versions, in turn, and long series are
 * sampled; with `STEWARD_TEST_FULL=1` everything meets everything, as in `npm run bench faults`.
 */
export const FULL = process.env.STEWARD_TEST_FULL === '1';
