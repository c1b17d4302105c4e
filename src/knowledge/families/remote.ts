/** Remote control, host and controller. */
import type { FailureEntry } from '../types.ts';
import { REMOTE_ACCOUNT } from './remote-account.ts';
import { REMOTE_DAEMON } from './remote-daemon.ts';
import { REMOTE_ENROLLMENT } from './remote-enrollment.ts';
import { REMOTE_IDENTITY } from './remote-identity.ts';
import { REMOTE_PAIRING } from './remote-pairing.ts';
import { REMOTE_PRESENCE } from './remote-presence.ts';

export const REMOTE: readonly FailureEntry[] = [
  ...REMOTE_ACCOUNT,
  ...REMOTE_ENROLLMENT,
  ...REMOTE_IDENTITY,
  ...REMOTE_PAIRING,
  ...REMOTE_PRESENCE,
  ...REMOTE_DAEMON,
];
