/** Device-code logins: a code that a person types elsewhere, and a client that polls until they did. */
import type { LabIds } from '../ids.ts';
import type { LabSettings } from '../settings.ts';

export interface DeviceLogin {
  readonly deviceAuthId: string;
  readonly userCode: string;
  /** PKCE verifier, made by the server and handed to the client on success. */
  readonly verifier: string;
  polls: number;
  state: 'pending' | 'approved' | 'denied' | 'done';
}

export type DevicePoll = 'pending' | 'approved' | 'denied' | 'expired' | 'unknown';

export interface DeviceLogins {
  start(): DeviceLogin;
  /** What the client hears; `approved` only once. */
  poll(
    deviceAuthId: string,
    userCode: string,
  ): { readonly outcome: DevicePoll; readonly login: DeviceLogin | undefined };
  /** The user codes that nobody has decided on yet. */
  waiting(): readonly string[];
  /** The person's decision; false when no such code is waiting. */
  decide(userCode: string, decision: 'approved' | 'denied'): boolean;
}

export function createDeviceLogins(world: { readonly ids: LabIds; settings(): LabSettings }): DeviceLogins {
  const logins = new Map<string, DeviceLogin>();

  const outcomeOf = (login: DeviceLogin): DevicePoll => {
    if (login.state !== 'pending') return login.state === 'done' ? 'unknown' : login.state;
    const { deviceCode, devicePolls } = world.settings();
    switch (deviceCode) {
      case 'approve':
        return 'approved';
      case 'slow':
        return login.polls > devicePolls ? 'approved' : 'pending';
      case 'deny':
        return login.polls > devicePolls ? 'denied' : 'pending';
      case 'expire':
        return login.polls > devicePolls ? 'expired' : 'pending';
      case 'ask':
      case 'off':
        return 'pending';
    }
  };

  return {
    start: () => {
      const login: DeviceLogin = {
        deviceAuthId: `deviceauth_${world.ids.hex(32)}`,
        userCode: world.ids.code(),
        verifier: world.ids.hex(64),
        polls: 0,
        state: 'pending',
      };
      logins.set(login.deviceAuthId, login);
      return login;
    },
    poll: (deviceAuthId, userCode) => {
      const login = logins.get(deviceAuthId);
      if (login === undefined || login.userCode !== userCode) return { outcome: 'unknown', login: undefined };
      login.polls += 1;
      const outcome = outcomeOf(login);
      if (outcome === 'approved') login.state = 'done';
      return { outcome, login };
    },
    waiting: () =>
      [...logins.values()].filter((login) => login.state === 'pending').map((login) => login.userCode),
    decide: (userCode, decision) => {
      const waiting = [...logins.values()].find(
        (login) => login.userCode === userCode && login.state === 'pending',
      );
      if (waiting === undefined) return false;
      waiting.state = decision;
      return true;
    },
  };
}
