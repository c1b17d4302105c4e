/** One request in the usage ledger: what it cost and how it ended. Never what was asked or answered. */
export const USAGE_OUTCOMES = ['success', 'failure', 'blocked', 'cancelled'] as const;
export type UsageOutcome = (typeof USAGE_OUTCOMES)[number];

export interface TokenCounts {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly reasoning: number;
  readonly total: number;
}

export interface UsageRecord {
  readonly id: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** `gateway`, or the tool whose ledger it comes from. */
  readonly source: string;
  /** `responses`, `responses/compact`, `models`, … */
  readonly operation: string;
  readonly outcome: UsageOutcome;
  readonly model: string | null;
  readonly projectKey: string | null;
  /** `Account.key`, or what the other tool calls it; `null` when no account was chosen. */
  readonly accountKey: string | null;
  readonly requestId: string | null;
  readonly statusCode: number | null;
  readonly errorCode: string | null;
  readonly durationMs: number | null;
  /** `null` when the server did not say. */
  readonly tokens: TokenCounts | null;
  /** `null` when the price is not known. */
  readonly costUsd: number | null;
}
