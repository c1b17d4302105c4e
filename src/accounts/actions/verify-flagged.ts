/**
 * Tries flagged accounts again and brings healthy ones back. While a token is tried, its account stands in the pool
 * (disabled), where a renewed pair is kept before anything else happens: being killed loses nothing.
 */
import type { CodexScope } from '../../codex/home.ts';
import { StewardError } from '../../errors.ts';
import type { Account, ChatgptAccount, FlaggedAccount } from '../account.ts';
import type { RefreshOutcome } from '../refresh/outcome.ts';
import { readFlagged, updatePoolAndFlagged } from '../store/flagged-store.ts';
import { addAccount, findSameAccount, removeAccount } from '../store/identity.ts';
import { refusalWords } from './refusal-words.ts';
import { renewTokens } from './renew.ts';

/** The documented outcomes, and `would-verify`, which only a dry run says. */
export type FlaggedResult =
  | 'restored'
  | 'healthy-flagged'
  | 'still-flagged'
  | 'restore-skipped'
  | 'would-verify';

export interface FlaggedReport {
  /** Position among the flagged accounts. */
  readonly index: number;
  readonly account: ChatgptAccount;
  readonly outcome: FlaggedResult;
  readonly message: string;
  readonly code: string | null;
  readonly action: string | null;
}

export interface VerifyFlaggedOptions {
  /** Contact nobody, change nothing. */
  readonly dryRun: boolean;
  /** Bring healthy ones back; otherwise they stay flagged, with their renewed tokens. */
  readonly restore: boolean;
  readonly onReport?: () => void;
}

export interface VerifyFlaggedOutcome {
  readonly reports: readonly FlaggedReport[];
  /** Flagged accounts that are left. */
  readonly remaining: number;
  readonly changed: boolean;
}

/** One after the other: each is settled on the disk before the next is tried. */
export async function verifyFlagged(
  scope: CodexScope,
  options: VerifyFlaggedOptions,
): Promise<VerifyFlaggedOutcome> {
  const before = await requireFlagged(scope);
  const reports: FlaggedReport[] = [];
  for (const [index, flagged] of before.entries()) {
    scope.signal.throwIfAborted();
    reports.push(
      options.dryRun ? wouldVerify(index, flagged) : await verifyOne(scope, index, flagged, options),
    );
    options.onReport?.();
  }
  const remaining = options.dryRun ? before.length : (await requireFlagged(scope)).length;
  const changed = reports.some(({ outcome }) => outcome === 'restored' || outcome === 'healthy-flagged');
  return { reports, remaining, changed };
}

async function requireFlagged(scope: CodexScope): Promise<readonly FlaggedAccount[]> {
  const reading = await readFlagged(scope);
  if (reading.kind === 'ok') return reading.accounts;
  throw new StewardError('ERR_ACCOUNTS_FILE', 'environment', reading.message, {
    hint: 'Put a good copy in its place, or move it away; it is never overwritten.',
  });
}

function wouldVerify(index: number, { account, lastError }: FlaggedAccount): FlaggedReport {
  const message = `would be tried again${lastError === null ? '' : `; last error: ${lastError}`}`;
  return { index, account, outcome: 'would-verify', message, code: null, action: null };
}

async function verifyOne(
  scope: CodexScope,
  index: number,
  flagged: FlaggedAccount,
  options: VerifyFlaggedOptions,
): Promise<FlaggedReport> {
  const staged = await stage(scope, flagged);
  const tokens = await renewTokens(scope, staged.account);
  switch (tokens.kind) {
    case 'fresh':
    case 'adopted':
    case 'refreshed':
      return await settleHealthy(scope, index, flagged, staged, tokens.account, options);
    case 'refused':
    case 'failed':
      return await settleDead(scope, index, flagged, staged, tokens);
  }
}

interface Staged {
  readonly account: ChatgptAccount;
  /** It was put there only to be tried. */
  readonly isOurs: boolean;
}

async function stage(scope: CodexScope, flagged: FlaggedAccount): Promise<Staged> {
  return await updatePoolAndFlagged<Staged>(scope, (pool, rows) => {
    const same = findSameAccount(pool, flagged.account);
    const existing = same === null ? undefined : pool.accounts[same];
    if (existing?.kind === 'chatgpt')
      return { pool, flagged: rows, result: { account: existing, isOurs: false } };
    const added = addAccount(pool, { ...flagged.account, isEnabled: false });
    const account = added.pool.accounts[added.index];
    if (account?.kind !== 'chatgpt') throw new TypeError('a login was added and is not there');
    return { pool: added.pool, flagged: rows, result: { account, isOurs: true } };
  });
}

async function settleHealthy(
  scope: CodexScope,
  index: number,
  flagged: FlaggedAccount,
  staged: Staged,
  fresh: ChatgptAccount,
  { restore }: VerifyFlaggedOptions,
): Promise<FlaggedReport> {
  const position = await updatePoolAndFlagged<number>(scope, (pool, rows) => {
    const at = pool.accounts.findIndex(({ key }) => key === fresh.key);
    const account = pool.accounts[at];
    if (account?.kind !== 'chatgpt') return { pool, flagged: rows, result: at };
    if (restore) {
      const accounts = pool.accounts.map(
        (each, position): Account =>
          position === at ? { ...account, isEnabled: true, lastSwitchReason: 'restore' } : each,
      );
      return { pool: { ...pool, accounts }, flagged: rows.filter((row) => !isRow(row, flagged)), result: at };
    }
    const renewed = rows.map((row) =>
      isRow(row, flagged) ? { ...row, account: { ...account, isEnabled: false }, lastError: null } : row,
    );
    return { pool: staged.isOurs ? removeAccount(pool, at) : pool, flagged: renewed, result: at };
  });
  const base = { index, account: fresh, code: null, action: null };
  if (position === -1) {
    return {
      ...base,
      outcome: 'restore-skipped',
      message: 'the account was removed by another process meanwhile',
    };
  }
  return restore
    ? { ...base, outcome: 'restored', message: `restored as account ${position + 1}` }
    : { ...base, outcome: 'healthy-flagged', message: 'works again; still flagged, as wanted' };
}

async function settleDead(
  scope: CodexScope,
  index: number,
  flagged: FlaggedAccount,
  staged: Staged,
  tokens: Extract<RefreshOutcome, { readonly kind: 'refused' | 'failed' }>,
): Promise<FlaggedReport> {
  const code = tokens.kind === 'refused' ? tokens.code : null;
  const message = tokens.kind === 'refused' ? refusalWords(tokens) : tokens.message;
  await updatePoolAndFlagged(scope, (pool, rows) => {
    const at = pool.accounts.findIndex(({ key }) => key === staged.account.key);
    const account = pool.accounts[at];
    const goes = staged.isOurs && account?.isEnabled === false;
    const told = rows.map((row) =>
      isRow(row, flagged)
        ? { ...row, account: { ...row.account, ...deadMark(account) }, lastError: message }
        : row,
    );
    return { pool: goes ? removeAccount(pool, at) : pool, flagged: told, result: null };
  });
  return { index, account: flagged.account, outcome: 'still-flagged', message, code, action: tokens.action };
}

/** What the pool learnt of its login goes back with it. */
function deadMark(account: Account | undefined): Partial<ChatgptAccount> {
  if (account?.kind !== 'chatgpt') return {};
  const { refreshToken, accessToken, expiresAt, idToken, invalidated } = account;
  return { refreshToken, accessToken, expiresAt, idToken, invalidated };
}

function isRow(row: FlaggedAccount, flagged: FlaggedAccount): boolean {
  return row.account.refreshToken === flagged.account.refreshToken;
}
