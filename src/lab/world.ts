/** Everything one lab knows: its people, sessions, machines, switches and clock. In memory, and gone when it stops. */
import { createAccounts, type LabAccount, type LabAccountName } from './accounts.ts';
import type { Caller } from './caller.ts';
import { createLabClock, type LabClock } from './clock.ts';
import { createIds, type LabIds } from './ids.ts';
import { type AuthorizationCodes, createAuthorizationCodes } from './issuer/codes.ts';
import { createDeviceLogins, type DeviceLogins } from './issuer/devices.ts';
import { createSessions, type Sessions } from './issuer/sessions.ts';
import { createRemoteStore, type RemoteStore } from './remote/store.ts';
import { HEALTHY_SETTINGS, type LabSettings, type LabSettingsPatch } from './settings.ts';
import { createTokenMint, type TokenMint } from './tokens.ts';

export interface LabWorld {
  /** `http://127.0.0.1:PORT`, without a slash. */
  readonly baseUrl: string;
  readonly clock: LabClock;
  readonly ids: LabIds;
  readonly accounts: readonly LabAccount[];
  readonly mint: TokenMint;
  readonly sessions: Sessions;
  readonly codes: AuthorizationCodes;
  readonly devices: DeviceLogins;
  readonly remote: RemoteStore;
  settings(): LabSettings;
  change(patch: LabSettingsPatch): void;
  account(name: LabAccountName): LabAccount;
  /** The caller behind an `authorization` header. */
  identify(authorization: string | undefined): Promise<Caller>;
}

export interface WorldOptions {
  readonly baseUrl: string;
  readonly seed: string;
  /** Epoch ms. */
  now(): number;
}

export function createWorld(options: WorldOptions): LabWorld {
  const ids = createIds(options.seed);
  const clock = createLabClock(options.now);
  const accounts = createAccounts(ids);
  let settings = HEALTHY_SETTINGS;
  const current = () => settings;
  const mint = createTokenMint({ ids, clock, issuer: options.baseUrl });
  const sessions = createSessions({ ids, clock, mint, accounts, settings: current });
  const remote = createRemoteStore({ ids, clock, settings: current });

  return {
    baseUrl: options.baseUrl,
    clock,
    ids,
    accounts,
    mint,
    sessions,
    remote,
    codes: createAuthorizationCodes({ ids, clock }),
    devices: createDeviceLogins({ ids, settings: current }),
    settings: current,
    change: (patch) => {
      settings = { ...settings, ...patch };
    },
    account: (name) => {
      const found = accounts.find((account) => account.name === name);
      if (found === undefined) throw new RangeError(`the lab has no account ${name}`);
      return found;
    },
    identify: async (authorization) => {
      const token = /^Bearer\s+(\S+)/i.exec(authorization ?? '')?.[1];
      if (token === undefined) return { kind: 'nobody', why: 'missing' };
      const keyOwner = accounts.find((account) => account.apiKey === token);
      if (keyOwner !== undefined) return { kind: 'api-key', account: keyOwner };
      const server = remote.serverByToken(token);
      if (server !== undefined) return { kind: 'server', account: server.account, server };
      const session = await sessions.byAccessToken(token);
      if (typeof session === 'string') return { kind: 'nobody', why: session };
      return { kind: 'session', account: session.account, session };
    },
  };
}
