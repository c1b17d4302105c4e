/** What the gateway tells of its accounts over the control API: its live view, never a token or an address. */

export interface AccountState {
  readonly key: string;
  /** Position in the pool plus one. */
  readonly number: number;
  /** Masked. */
  readonly label: string;
  readonly isAvailable: boolean;
  /** Why not, in the words of the selection; `null` when it is available. */
  readonly reason: string | null;
  /** Epoch ms at which it may serve again; `null` when available, or when only a person can change it. */
  readonly untilMs: number | null;
  readonly inFlight: number;
}

/** The part of the pool's source that the control API shows. */
export interface PoolView {
  accounts(): readonly AccountState[];
  /** Requests that have been decided lately, newest first, with every account's score. */
  lastChoices(): readonly unknown[];
}
