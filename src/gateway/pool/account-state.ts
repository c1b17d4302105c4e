/**
 * What the traffic has taught about one account: requests under way, when it may be asked again, and its limits as the last
 * answer told them. Kept in memory by account key, so that it survives a reload of the pool.
 */
import type { Account } from '../../accounts/account.ts';
import type { Usage } from '../../accounts/quota/usage-facts.ts';
import type { BlockReason } from '../account-source.ts';

export interface Block {
  readonly untilMs: number;
  readonly reason: BlockReason;
  /** Epoch ms: a reading of the limits that is newer may lift it. */
  readonly since: number;
}

/** What selection reads (`AccountRuntime`), and what the gateway alone knows. */
export interface AccountState {
  inflight: number;
  lastUsed: number;
  blocked: Block | null;
  refusedModels: readonly string[];
  /** Model to the epoch ms until which the server refuses it for this account. */
  readonly modelsUntil: Map<string, number>;
  /** From headers or a probe; `null` until then. */
  quota: Usage | null;
  planType: string | null;
  /** Failures in a row, for pauses that grow. */
  failures: number;
  /** The credential that the server refused for good: another one lifts the block. */
  refusedCredential: string | null;
}

export function createAccountState(): AccountState {
  return {
    inflight: 0,
    lastUsed: 0,
    blocked: null,
    refusedModels: [],
    modelsUntil: new Map(),
    quota: null,
    planType: null,
    failures: 0,
    refusedCredential: null,
  };
}

/** What tells one credential from the next. */
export function credentialOf(account: Account): string {
  return account.kind === 'api-key' ? account.apiKey : account.refreshToken;
}

/** Blocks it; a block that lasts longer stays. */
export function blockUntil(state: AccountState, reason: BlockReason, untilMs: number, now: number): void {
  if (state.blocked !== null && state.blocked.untilMs > untilMs && state.blocked.untilMs > now) return;
  state.blocked = { reason, untilMs, since: now };
}

/** A pause that doubles with every failure in a row. */
export function growingPause(state: AccountState, firstMs: number, longestMs: number): number {
  state.failures += 1;
  return Math.min(longestMs, firstMs * 2 ** (state.failures - 1));
}

export function refuseModel(state: AccountState, model: string, untilMs: number): void {
  state.modelsUntil.set(model, untilMs);
  state.refusedModels = [...state.modelsUntil.keys()];
}

/** Forgets what time has healed. */
export function forgetPast(state: AccountState, now: number): void {
  if (state.modelsUntil.size === 0) return;
  for (const [model, untilMs] of state.modelsUntil) if (untilMs <= now) state.modelsUntil.delete(model);
  if (state.modelsUntil.size !== state.refusedModels.length)
    state.refusedModels = [...state.modelsUntil.keys()];
}

/** Forgets all that went wrong, but for a login that was refused: only another one can change that. */
export function forgetFailures(state: AccountState): void {
  if (state.blocked?.reason !== 'auth-failure') state.blocked = null;
  state.modelsUntil.clear();
  state.refusedModels = [];
  state.failures = 0;
}

/** A newer reading of the limits: a limit that it shows to be over no longer blocks. */
export function takeQuota(state: AccountState, usage: Usage): void {
  state.quota = usage;
  state.planType = usage.planType ?? state.planType;
  const { blocked } = state;
  if (blocked === null || blocked.reason !== 'rate-limit' || usage.fetchedAt <= blocked.since) return;
  const hasRoom =
    usage.windows.length > 0 && !usage.limitReached && usage.windows.every((w) => w.usedPercent < 100);
  if (hasRoom) state.blocked = null;
}

/** Ends a pause that no server asked for; says whether there was one. */
export function liftPause(state: AccountState): boolean {
  const reason = state.blocked?.reason;
  if (reason !== 'server-error' && reason !== 'network-error') return false;
  state.blocked = null;
  return true;
}
