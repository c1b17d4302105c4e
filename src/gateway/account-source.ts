/**
 * What the data plane asks of the pool, and what it tells it. The traffic knows accounts only by this contract: which one
 * serves a request, with which credential, and what came of it. Storage, selection and refreshes stand behind it.
 */

/** An account as far as the traffic is concerned. */
export interface GatewayAccount {
  /** Stable; never a secret. */
  readonly key: string;
  readonly kind: 'chatgpt' | 'api-key';
  /** For people: masked. */
  readonly label: string;
  /** Goes into `chatgpt-account-id`; `null` for an API key, or when the login did not say. */
  readonly accountId: string | null;
}

/** What is known of a request before it is sent anywhere. */
export interface ChoiceRequest {
  /** Below the base: `responses`, `responses/compact`, `models`, … */
  readonly path: string;
  readonly threadId: string | null;
  readonly previousResponseId: string | null;
  readonly model: string | null;
  /** Keys of accounts that have failed for this very request. */
  readonly excluded: ReadonlySet<string>;
  /** The one account that this client is bound to (`--account`), or `null`. */
  readonly onlyAccount: string | null;
}

/** Why an account was not taken. */
export type BlockReason =
  | 'rate-limit'
  | 'credits'
  | 'plan'
  | 'auth-failure'
  | 'server-error'
  | 'network-error'
  | 'deactivated'
  | 'disabled'
  | 'paused'
  | 'policy'
  | 'already-attempted'
  | 'other-owner';

export interface BlockedAccount {
  readonly key: string;
  /** Position in the pool plus one, as people count. */
  readonly number: number;
  readonly reason: BlockReason;
  /** Epoch ms at which it may serve again; `null` when only a person can change it. */
  readonly untilMs: number | null;
  readonly planType: string | null;
}

export type Choice =
  | {
      readonly kind: 'account';
      readonly account: GatewayAccount;
      /** Another account served this thread before. */
      readonly isMove: boolean;
      /** One word or two, for the log and `why-selected`. */
      readonly reason: string;
    }
  /** The pool is empty: the client's own login goes through as it came. */
  | { readonly kind: 'own' }
  | {
      readonly kind: 'none';
      /** Why nobody else was asked than one account; `null` when nobody can serve. */
      readonly hard: 'forced' | 'owner' | 'pinned' | null;
      readonly blocked: readonly BlockedAccount[];
    };

export type CredentialOutcome =
  | { readonly kind: 'credential'; readonly bearer: string; readonly accountId: string | null }
  /** `refused`: the issuer says that this login is dead; `failed`: it could not be asked. */
  | { readonly kind: 'unavailable'; readonly why: 'refused' | 'failed'; readonly message: string };

/** Tokens of one answer, as the server counted them. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

/** Header names in lower case. */
export type HeaderMap = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What came of sending something to an account. Told in the order in which it happens. */
export type AttemptReport = { readonly key: string } & (
  | { readonly kind: 'finished' }
  /** `isWork`: it asks the model; a list of models is nobody's turn. */
  | { readonly kind: 'started'; readonly isWork: boolean }
  /** Any answer: its headers carry the account's limits. */
  | { readonly kind: 'headers'; readonly headers: HeaderMap }
  /** An answer went to the client; the thread belongs to this account from now on. */
  | { readonly kind: 'served'; readonly threadId: string | null }
  /** A response exists under this id, on this account only. */
  | { readonly kind: 'owns'; readonly responseId: string }
  | {
      readonly kind: 'limited';
      readonly why: 'usage-limit' | 'too-many-requests' | 'credits' | 'plan';
      /** Epoch ms; `null` when the server did not say. */
      readonly untilMs: number | null;
      readonly model: string | null;
      readonly planType: string | null;
    }
  /** 401 also with a token just refreshed. */
  | { readonly kind: 'rejected'; readonly code: string | null }
  | { readonly kind: 'deactivated'; readonly code: string | null }
  | { readonly kind: 'model-unsupported'; readonly model: string | null }
  /** It failed where another account then succeeded. */
  | { readonly kind: 'trouble'; readonly why: 'server-error' | 'network-error' }
);

/** How full the pool is: the share of each window that is used, over all accounts that count. */
export interface PoolLimits {
  readonly windows: readonly {
    readonly name: 'primary' | 'secondary';
    readonly usedPercent: number;
    readonly windowMinutes: number | null;
    /** Epoch ms at which capacity comes back first. */
    readonly resetsAtMs: number | null;
  }[];
}

export interface AccountSource {
  /** What has to be found out about a thread before its account is chosen; `null`, as nearly always: nothing. */
  prepare(threadId: string | null): Promise<void> | null;
  /** Synchronous: it stands in the way of every request. */
  choose(request: ChoiceRequest): Choice;
  /** A bearer that is good now; refreshes it first when it is about to expire. */
  credential(key: string): Promise<CredentialOutcome>;
  /** A bearer other than the one that the server just refused. */
  refresh(key: string, refusedBearer: string): Promise<CredentialOutcome>;
  report(report: AttemptReport): void;
  /** Keys of the accounts that no person and no dead login keeps from serving, limited ones included. */
  usableKeys(): readonly string[];
  /** `null` while nothing is known. */
  limits(): PoolLimits | null;
}
