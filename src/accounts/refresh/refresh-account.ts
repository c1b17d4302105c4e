/**
 * Tokens that are good now. A refresh token is good once, so: one refresher at a time (`token-lease.ts`, and the rival's
 * lease); whatever is newer anywhere is taken before anything is spent; the answer is on disk before anything else
 * happens, and neither Ctrl-C nor a kill loses it.
 */
import type { CodexScope } from '../../codex/home.ts';
import { createHttp } from '../../codex/http.ts';
import type { Host } from '../../host.ts';
import type { ChatgptAccount } from '../account.ts';
import { handOverPair } from '../codex-login/hand-over.ts';
import { readAuthEndpoints } from '../oauth/endpoints.ts';
import { spendRefreshToken, type TokenOutcome } from '../oauth/token-endpoint.ts';
import { resolveAccountPaths } from '../store/paths.ts';
import { dropReserve, removeAnswerRecord, reserveAnswerRecord, writeAnswerRecord } from './answer-record.ts';
import { findNewestPair } from './newest-pair.ts';
import type { RefreshOutcome } from './outcome.ts';
import { failureAction, refusalMeaning } from './refusal.ts';
import { takeRivalLease } from './rival-lease.ts';
import { markInvalidated, storePair, withoutSignal } from './store-pair.ts';
import { withTokenLease } from './token-lease.ts';
import { accessExpiry, type TokenPair, tokenHash } from './token-pair.ts';

export type { RefreshOutcome } from './outcome.ts';

export interface RefreshOptions {
  /** The access token in hand was refused by a server: get another one, even if it has not expired. */
  readonly force?: boolean;
  /** How long the access token has to be good for; default 60,000. */
  readonly minValidityMs?: number;
}

const MIN_VALIDITY_MS = 60_000;

/** Refreshes under way in this process, so that a hundred requests of one gateway wait for one promise. Held by the host. */
const underWay = new WeakMap<Host, Map<string, Promise<RefreshOutcome>>>();

/**
 * The account with tokens that are good for `minValidityMs`, refreshed if it must be; the pool, and Codex if it has the
 * same login, hold the new pair when it resolves. Throws only what the accounts' disk throws (`ERR_ACCOUNTS_POOL`,
 * `ERR_STORAGE_FILE`, …); an answer that came before is then kept beside the pool and used by the next call.
 */
export async function ensureFreshTokens(
  scope: CodexScope,
  account: ChatgptAccount,
  options: RefreshOptions = {},
): Promise<RefreshOutcome> {
  const needs = { force: options.force ?? false, minValidityMs: options.minValidityMs ?? MIN_VALIDITY_MS };
  if (!needs.force && (await isGood(scope, account, needs.minValidityMs))) return succeeded('fresh', account);
  const flights = underWay.get(scope.host) ?? new Map<string, Promise<RefreshOutcome>>();
  underWay.set(scope.host, flights);
  const name = [scope.home.path, tokenHash(account.refreshToken), needs.force, needs.minValidityMs].join(' ');
  const running = flights.get(name);
  if (running !== undefined) return await running;
  const flight = refreshUnderLease(scope, account, needs).finally(() => flights.delete(name));
  flights.set(name, flight);
  return await flight;
}

type Needs = Required<RefreshOptions>;

async function refreshUnderLease(
  scope: CodexScope,
  given: ChatgptAccount,
  needs: Needs,
): Promise<RefreshOutcome> {
  let account = given;
  for (;;) {
    const leased = await withTokenLease(scope, tokenHash(account.refreshToken), () =>
      refreshAlone(scope, given, account, needs),
    );
    if (leased.kind === 'busy') return scope.signal.aborted ? stopped(account) : busy(account);
    if (leased.value.kind !== 'other-token') return leased.value;
    account = leased.value.account;
  }
}

/** With the lease of `leasedFor`'s token. `other-token`: there is a newer one, which has to be leased before it is spent. */
async function refreshAlone(
  scope: CodexScope,
  given: ChatgptAccount,
  leasedFor: ChatgptAccount,
  needs: Needs,
): Promise<RefreshOutcome | { readonly kind: 'other-token'; readonly account: ChatgptAccount }> {
  const current = await takeNewer(scope, leasedFor);
  if (await isAnswer(scope, given, current, needs)) return succeeded('adopted', current);
  if (current.refreshToken !== leasedFor.refreshToken) return { kind: 'other-token', account: current };
  if (scope.signal.aborted) return stopped(current);

  const { leasesFolder } = await resolveAccountPaths(scope);
  const rival = await takeRivalLease(scope, leasesFolder, current);
  if (rival.kind === 'result') {
    const adopted = await storePair(scope, current, rival.pair);
    await handOverPair(scope, adopted, current.refreshToken);
    if (await isAnswer(scope, given, adopted, needs)) return succeeded('adopted', adopted);
    return { kind: 'other-token', account: adopted };
  }
  let pair: TokenPair | null = null;
  try {
    // The rival may have stored its pair and given its lease back while we waited for it.
    const latest = await takeNewer(scope, current);
    if (await isAnswer(scope, given, latest, needs)) return succeeded('adopted', latest);
    if (latest.refreshToken !== leasedFor.refreshToken) return { kind: 'other-token', account: latest };
    const outcome = await spendAndStore(scope, latest);
    if (outcome.kind === 'refreshed') pair = outcome.account;
    return outcome.kind === 'refused' && outcome.isPermanent
      ? await retryWithOther(scope, given, outcome)
      : outcome;
  } finally {
    await rival.lease.release(pair);
  }
}

/** Whether that account is what the caller needs: other than what it has, and good. */
async function isAnswer(
  scope: CodexScope,
  given: ChatgptAccount,
  found: ChatgptAccount,
  needs: Needs,
): Promise<boolean> {
  const isOther = found.accessToken !== given.accessToken;
  return (isOther || !needs.force) && (await isGood(scope, found, needs.minValidityMs));
}

/** The account with the newest pair there is, stored in the pool. */
async function takeNewer(scope: CodexScope, given: ChatgptAccount): Promise<ChatgptAccount> {
  const { account, newer } = await findNewestPair(scope, given);
  if (newer === null) return account;
  const stored = await storePair(scope, account, newer.pair);
  if (newer.from === 'record') {
    await handOverPair(scope, stored, account.refreshToken);
    await removeAnswerRecord(scope, tokenHash(account.refreshToken));
  }
  return stored;
}

async function spendAndStore(scope: CodexScope, account: ChatgptAccount): Promise<RefreshOutcome> {
  const calm = withoutSignal(scope);
  const http = createHttp(calm);
  let answer: TokenOutcome;
  try {
    const endpoints = readAuthEndpoints(scope);
    await reserveAnswerRecord(calm, account.refreshToken);
    answer = await spendRefreshToken({ http, endpoints, now: scope.host.now }, account.refreshToken);
    if (answer.kind === 'tokens') return await store(calm, account, answer);
  } finally {
    await http.close();
  }
  await dropReserve(calm, account.refreshToken);
  return answer.kind === 'refused' ? refusal(answer, account) : failure(answer, account);
}

async function store(
  scope: CodexScope,
  account: ChatgptAccount,
  answer: Extract<TokenOutcome, { readonly kind: 'tokens' }>,
): Promise<RefreshOutcome> {
  const pair = { ...answer, refreshToken: answer.refreshToken ?? account.refreshToken };
  await writeAnswerRecord(scope, account.refreshToken, pair);
  const stored = await storePair(scope, account, pair);
  const handed = await handOverPair(scope, stored, account.refreshToken);
  await removeAnswerRecord(scope, tokenHash(account.refreshToken));
  const warning =
    handed.kind === 'failed'
      ? `Codex has this login too and could not be given the new tokens (${handed.message}): run steward auth switch for this account`
      : null;
  return { kind: 'refreshed', account: stored, warning };
}

/** The token is dead. Somebody may have a living one of the same login; else the account is marked. */
async function retryWithOther(
  scope: CodexScope,
  given: ChatgptAccount,
  refused: Extract<RefreshOutcome, { readonly kind: 'refused' }>,
): Promise<RefreshOutcome> {
  const { account, newer, other } = await findNewestPair(scope, refused.account);
  const isReplaced = account.refreshToken !== refused.account.refreshToken;
  const pair = newer?.pair ?? (isReplaced ? account : other);
  if (pair !== null && pair.refreshToken !== refused.account.refreshToken) {
    const candidate = { ...account, ...pairOf(pair) };
    const isUsable = pair.accessToken !== given.accessToken && (await isGood(scope, candidate, 0));
    if (isUsable) return succeeded('adopted', await storePair(scope, account, pair));
    const second = await spendAndStore(scope, candidate);
    if (second.kind !== 'refused') return second;
  }
  return { ...refused, account: await markInvalidated(scope, refused.account, refused.code) };
}

function pairOf({ refreshToken, accessToken, expiresAt, idToken }: TokenPair): TokenPair {
  return { refreshToken, accessToken, expiresAt, idToken };
}

function refusal(
  answer: Extract<TokenOutcome, { readonly kind: 'refused' }>,
  account: ChatgptAccount,
): RefreshOutcome {
  const { status, code, isPermanent } = answer;
  const meaning = refusalMeaning(code);
  const said = answer.message === '' ? '' : `: ${answer.message}`;
  return {
    kind: 'refused',
    status,
    code,
    catalogueId: meaning.id,
    isPermanent,
    message: `the sign-in server refused the refresh token (${code ?? `HTTP ${status}`})${said}`,
    action: isPermanent ? meaning.action : 'Try again later; the login itself may be good.',
    account,
  };
}

function failure(
  answer: Extract<TokenOutcome, { readonly kind: 'failed' }>,
  account: ChatgptAccount,
): RefreshOutcome {
  const { reason, status, message } = answer;
  // With a status the server told what it did, which was nothing; without one nobody knows.
  const maybeSpent = answer.isSent && (status === null || reason === 'malformed');
  const spent = maybeSpent
    ? ' The token may be used up by it; asking again with it is right all the same.'
    : '';
  return {
    kind: 'failed',
    reason,
    status,
    maybeSpent,
    message: `the tokens could not be refreshed: ${message}.${spent}`,
    action: failureAction(reason, status),
    account,
  };
}

function busy(account: ChatgptAccount): RefreshOutcome {
  return {
    kind: 'failed',
    reason: 'busy',
    status: null,
    maybeSpent: false,
    message: 'another process has been refreshing this account for too long',
    action: 'Try again; if it stays so, end the other steward.',
    account,
  };
}

function stopped(account: ChatgptAccount): RefreshOutcome {
  return {
    kind: 'failed',
    reason: 'aborted',
    status: null,
    maybeSpent: false,
    message: 'stopped before the tokens were refreshed',
    action: 'Run the command again.',
    account,
  };
}

function succeeded(kind: 'fresh' | 'adopted', account: ChatgptAccount): RefreshOutcome {
  return { kind, account, warning: null };
}

async function isGood(scope: CodexScope, account: ChatgptAccount, minValidityMs: number): Promise<boolean> {
  const expiry = await accessExpiry(account);
  return expiry !== null && expiry - scope.host.now() > minValidityMs;
}
