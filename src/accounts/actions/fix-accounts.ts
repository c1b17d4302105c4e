/** Refreshes what can be refreshed and takes what is dead out of use. A dry run contacts nobody and changes nothing. */
import type { CodexScope } from '../../codex/home.ts';
import type { Account, ChatgptAccount, Pool } from '../account.ts';
import { requirePool } from '../store/pool-store.ts';
import { type CheckedAccount, eachOf, keepQuota } from './check-accounts.ts';
import { type DeadLogin, flagDeadLogins } from './flag.ts';
import { probeAccount, type Verdict } from './probe-account.ts';
import { type Recommendation, recommendAccount } from './recommend.ts';
import { refusalWords } from './refusal-words.ts';
import { isKnownSpent, renewTokens } from './renew.ts';

/** An access token that lasts less than this is renewed; documented with the command. */
const USABLE_MS = 5 * 60_000;

/** The documented outcomes, and what only a dry run says. */
export type FixResult =
  | 'healthy'
  | 'disabled-hard-failure'
  | 'warning-soft-failure'
  | 'already-disabled'
  | 'would-refresh'
  | 'would-disable';

export interface FixReport {
  readonly index: number;
  readonly account: Account;
  readonly outcome: FixResult;
  readonly message: string;
  /** The server's code, for refusals. */
  readonly code: string | null;
  /** What the user can do about it. */
  readonly action: string | null;
}

export interface FixOptions {
  readonly dryRun: boolean;
  /** Also ask the server about accounts whose token is good. Not in a dry run. */
  readonly live: boolean;
  readonly model: string | null;
  readonly onReport?: () => void;
}

export interface FixOutcome {
  /** In the order of the pool. */
  readonly reports: readonly FixReport[];
  /** Tokens were renewed or accounts disabled. */
  readonly changed: boolean;
  readonly quotaCacheChanged: boolean;
  readonly quotaCacheSaveError: string | null;
  readonly recommendation: Recommendation;
  /** Position that is active now. */
  readonly activeIndex: number;
}

interface Found {
  readonly report: FixReport;
  readonly verdict: Verdict | null;
  readonly dead: DeadLogin | null;
  readonly renewed: boolean;
}

/** Each renewed pair is on the disk before anything else happens with it. */
export async function fixAccounts(scope: CodexScope, options: FixOptions): Promise<FixOutcome> {
  const before = await requirePool(scope);
  const found = new Map<number, Found>();
  await eachOf([...before.accounts.entries()], async ([index, account]) => {
    scope.signal.throwIfAborted();
    found.set(index, await look(scope, account, index, options));
    options.onReport?.();
  });
  const inOrder = [...found.values()].sort((a, b) => a.report.index - b.report.index);
  const dead = inOrder.flatMap((each) => each.dead ?? []);
  const flagged =
    options.dryRun || dead.length === 0
      ? { disabled: new Set(), kept: null }
      : await flagDeadLogins(scope, dead);
  const checked = inOrder.flatMap(({ report, verdict }): CheckedAccount[] =>
    verdict === null ? [] : [{ index: report.index, account: verdict.account, verdict }],
  );
  const quotaCacheSaveError = await keepQuota(scope, before, checked);
  const pool: Pool = await requirePool(scope);
  return {
    reports: inOrder.map(({ report }) => (report.account.key === flagged.kept ? kept(report) : report)),
    changed: flagged.disabled.size > 0 || inOrder.some(({ renewed }) => renewed),
    quotaCacheChanged: quotaCacheSaveError === null && checked.some(({ verdict }) => hasUsage(verdict)),
    quotaCacheSaveError,
    recommendation: await recommendAccount(scope, pool, options.model),
    activeIndex: pool.activeIndex,
  };
}

async function look(scope: CodexScope, account: Account, index: number, options: FixOptions): Promise<Found> {
  const say = (
    outcome: FixResult,
    message: string,
    code: string | null = null,
    action: string | null = null,
  ) => {
    return {
      report: { index, account, outcome, message, code, action },
      verdict: null,
      dead: null,
      renewed: false,
    };
  };
  if (!account.isEnabled) {
    const dead = account.kind === 'chatgpt' ? account.invalidated : null;
    return say(
      'already-disabled',
      dead === null ? 'disabled' : `disabled; its login is dead`,
      dead?.code ?? null,
    );
  }
  const asksServer = options.live && !options.dryRun;
  if (asksServer) return fromVerdict(index, await probeAccount(scope, account));
  if (account.kind === 'api-key') return say('healthy', 'an API key does not expire; --live asks the server');
  if (hasUsableToken(account, scope.host.now())) return say('healthy', 'access token still valid');
  if (options.dryRun) {
    const dead = account.invalidated;
    if (isKnownSpent(account))
      return say('would-disable', 'its refresh token is used up: would be disabled', dead?.code);
    return dead === null
      ? say('would-refresh', 'no usable access token: would be refreshed')
      : say('would-refresh', `refused before (${dead.code ?? 'no code'}): would be tried again`, dead.code);
  }
  const tokens = await renewTokens(scope, account);
  switch (tokens.kind) {
    case 'fresh':
      return { ...say('healthy', 'another process has renewed it'), renewed: false };
    case 'adopted':
      return { ...say('healthy', 'took over newer tokens that Codex or another process had'), renewed: true };
    case 'refreshed':
      return { ...say('healthy', 'refreshed'), renewed: true };
    case 'refused':
      return refused(index, account, tokens);
    case 'failed':
      return say('warning-soft-failure', `could not be refreshed: ${tokens.message}`, null, tokens.action);
  }
}

function hasUsableToken(account: ChatgptAccount, now: number): boolean {
  return (
    account.invalidated === null && account.accessToken !== null && (account.expiresAt ?? 0) > now + USABLE_MS
  );
}

function fromVerdict(index: number, verdict: Verdict): Found {
  const { account } = verdict;
  const renewed = 'renewed' in verdict && (verdict.renewed === 'refreshed' || verdict.renewed === 'adopted');
  const say = (outcome: FixResult, message: string, action: string | null = null): Found => ({
    report: { index, account, outcome, message, code: null, action },
    verdict,
    dead: null,
    renewed,
  });
  switch (verdict.kind) {
    case 'working':
      return say('healthy', 'the server accepts it');
    case 'limited':
      return say('healthy', 'the server accepts it; its limits are used up for now');
    case 'unreachable':
      return say('warning-soft-failure', `could not be asked: ${verdict.message}`, verdict.action);
    case 'refused':
      return { ...refused(index, account, verdict), verdict };
  }
}

interface Refused {
  readonly code: string | null;
  readonly status: number;
  readonly message: string;
  readonly isPermanent: boolean;
  readonly action: string;
}

function refused(
  index: number,
  account: Account,
  { code, status, message, isPermanent, action }: Refused,
): Found {
  const text = refusalWords({ code, status, message });
  const isHard = isPermanent && account.kind === 'chatgpt';
  return {
    report: {
      index,
      account,
      outcome: isHard ? 'disabled-hard-failure' : 'warning-soft-failure',
      message: text,
      code,
      action,
    },
    verdict: null,
    dead: isHard ? { accountKey: account.key, error: text } : null,
    renewed: false,
  };
}

/** Its login is dead like the others', but a pool is never left without an enabled account. */
function kept(report: FixReport): FixReport {
  return {
    ...report,
    outcome: 'warning-soft-failure',
    message: `${report.message} (dead, but left enabled: no other account is)`,
  };
}

function hasUsage(verdict: Verdict | null): boolean {
  return verdict !== null && 'usage' in verdict && verdict.usage !== null;
}
