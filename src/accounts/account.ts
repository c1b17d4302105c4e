/**
 * What an account and a pool are to steward. On disk they are the documented files (`store/`); these types are what
 * everything else works with: nothing optional that has a natural empty value, and unknown members kept in `rest`.
 */

/** Where an account id came from; one that a person or an organisation set is never replaced by a token's claim. */
export type AccountIdSource = 'token' | 'id_token' | 'org' | 'manual';

export type SwitchReason = 'rate-limit' | 'initial' | 'rotation' | 'best' | 'restore' | 'manual';

export type CooldownReason = 'auth-failure' | 'network-error' | 'server-error' | 'rate-limit';

export interface Cooldown {
  /** Epoch ms. */
  readonly untilMs: number;
  readonly reason: CooldownReason;
}

/** A workspace that the login offered. */
export interface Workspace {
  readonly id: string;
  readonly name: string | null;
  readonly isEnabled: boolean;
  /** Epoch ms. */
  readonly disabledAt: number | null;
  readonly isDefault: boolean;
}

interface AccountBase {
  /** Stable name of the account, `sha256:` and hex: survives refreshes, new logins and changes of position. */
  readonly key: string;
  readonly label: string | null;
  /** Lower case. Mask it before it is shown. */
  readonly email: string | null;
  readonly isEnabled: boolean;
  /** Epoch ms. */
  readonly addedAt: number;
  /** Epoch ms; 0 when never used. */
  readonly lastUsed: number;
  readonly lastSwitchReason: SwitchReason | null;
  /** Limit key (`gpt-5-codex`, `gpt-5.2:gpt-5.6-sol`, …) to the epoch ms at which it resets. */
  readonly rateLimitResetTimes: Readonly<Record<string, number>>;
  readonly cooldown: Cooldown | null;
  /** Members of the row that steward has no meaning for; written back as they were. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** A login with ChatGPT. */
export interface ChatgptAccount extends AccountBase {
  readonly kind: 'chatgpt';
  readonly refreshToken: string;
  readonly accessToken: string | null;
  /** Epoch ms at which the access token expires; `null` when unknown. */
  readonly expiresAt: number | null;
  /** The true id token, kept beside the documented file, which has no place for it. */
  readonly idToken: string | null;
  /** The ChatGPT account (workspace) id; goes into the `chatgpt-account-id` header. */
  readonly accountId: string | null;
  readonly accountIdSource: AccountIdSource | null;
  /** The server said that this login is dead; only a new login or a successful refresh lifts it. */
  readonly invalidated: { readonly at: number; readonly code: string | null } | null;
  readonly workspaces: readonly Workspace[];
  readonly currentWorkspaceIndex: number | null;
  readonly recordId: string | null;
}

/** An API key, used like an account. Kept beside the documented file, which knows only ChatGPT logins. */
export interface ApiKeyAccount extends AccountBase {
  readonly kind: 'api-key';
  readonly apiKey: string;
}

export type Account = ChatgptAccount | ApiKeyAccount;

/** The limit families of the documented pool format; a model maps to one of them. */
export const MODEL_FAMILIES = ['gpt-5-codex', 'codex-max', 'codex', 'gpt-5.2', 'gpt-5.1'] as const;

export type ModelFamily = (typeof MODEL_FAMILIES)[number];

export interface Pool {
  /** ChatGPT accounts in the file's order, then API keys. A person's numbers are this position plus one. */
  readonly accounts: readonly Account[];
  /** Position in `accounts`; 0 when there are none. */
  readonly activeIndex: number;
  readonly activeIndexByFamily: Readonly<Partial<Record<ModelFamily, number>>>;
  /** Position in `accounts` that the user pinned with `switch`; `null` without a pin. */
  readonly pinnedIndex: number | null;
  /** Rises with each switch, unpin or best; whoever keeps sticky sessions drops them when it does. */
  readonly affinityGeneration: number;
  /** Members of the file that steward has no meaning for; written back as they were. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** A pool with nothing in it. */
export const EMPTY_POOL: Pool = {
  accounts: [],
  activeIndex: 0,
  activeIndexByFamily: {},
  pinnedIndex: null,
  affinityGeneration: 0,
  rest: {},
};

/** An account that a verification found dead and took out of the pool. */
export interface FlaggedAccount {
  readonly account: ChatgptAccount;
  /** Epoch ms. */
  readonly flaggedAt: number;
  readonly reason: string | null;
  readonly lastError: string | null;
}
