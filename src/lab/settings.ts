/**
 * What kind of world the lab is: the switches that a scenario sets and that the control endpoint may turn while it
 * runs. A switch is for behaviour that depends on state (a session that passed MFA is let in, one that did not is
 * refused); a plain wrong answer is a fault (`fault.ts`).
 */
import * as v from 'valibot';
import { LAB_ACCOUNT_NAMES } from './accounts.ts';

const accountName = v.picklist(LAB_ACCOUNT_NAMES);

const settingsSchema = v.object({
  /** The account that signs in next, in the browser or by device code. */
  account: accountName,
  /** Whether that sign-in passes a second factor. */
  loginWithMfa: v.boolean(),
  /** The authorize page shows its form, or answers at once. */
  consent: v.picklist(['ask', 'allow', 'deny']),
  /** Lifetime of the access tokens handed out. */
  accessTokenSeconds: v.number(),
  /**
   * `approve`: the person enters the code at once; `ask`: waits for the page or the control endpoint; `slow`: approved
   * after `devicePolls` polls; `deny`, `expire`: refused; `off`: an admin switched device codes off.
   */
  deviceCode: v.picklist(['approve', 'ask', 'slow', 'deny', 'expire', 'off']),
  devicePolls: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Seconds between polls, as the issuer tells the client. */
  devicePollSeconds: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Whether the issuer knows the session's refresh tokens as good. */
  refresh: v.picklist(['rotate', 'reused', 'revoked', 'expired', 'invalid']),
  /** Remote control lets in only sessions that passed a second factor. */
  requireMfa: v.boolean(),
  /** The workspace's owner allows remote control. */
  remoteAllowed: v.boolean(),
  /**
   * `first-server`: a ghost connection holds the first server enrolled; `first-installation`: another machine of the same
   * installation id does, which had enrolled it before.
   */
  ghost: v.picklist(['none', 'first-server', 'first-installation']),
  /** `stale`: machines are listed as offline although they are connected. */
  presence: v.picklist(['live', 'stale']),
  /** The server side forgets that many servers right after they enrolled. */
  forgetServers: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Seconds a pairing code lives. */
  pairingSeconds: v.number(),
  /** Whether somebody claims a pairing code as soon as it is made. */
  pairingClaimed: v.boolean(),
  /** Responses over WebSocket are taken, or refused with 426 so that clients use SSE. */
  websocket: v.picklist(['accept', 'upgrade-required']),
  /** What the model says; `{account}` becomes the name of the account that asked. */
  reply: v.string(),
  /** Used share of the short and the long limit window, in percent; sent as headers and by `wham/usage`. */
  primaryUsedPercent: v.number(),
  secondaryUsedPercent: v.number(),
  /** Body of the workspace's managed requirements (TOML), or empty for none. */
  requirements: v.string(),
});

export type LabSettings = v.InferOutput<typeof settingsSchema>;

/** A change of some settings, as scenarios and the control endpoint give it. */
export const settingsPatchSchema = v.partial(settingsSchema);

export type LabSettingsPatch = v.InferOutput<typeof settingsPatchSchema>;

/** The healthy world. */
export const HEALTHY_SETTINGS: LabSettings = {
  account: 'plus',
  loginWithMfa: true,
  consent: 'ask',
  accessTokenSeconds: 10 * 24 * 3600,
  deviceCode: 'approve',
  devicePolls: 2,
  devicePollSeconds: 1,
  refresh: 'rotate',
  requireMfa: false,
  remoteAllowed: true,
  ghost: 'none',
  presence: 'live',
  forgetServers: 0,
  pairingSeconds: 600,
  pairingClaimed: false,
  websocket: 'accept',
  reply: 'Hello from the lab.',
  primaryUsedPercent: 12,
  secondaryUsedPercent: 34,
  requirements: '',
};
