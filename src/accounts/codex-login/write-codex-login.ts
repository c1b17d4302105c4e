/** Logs Codex in as an account of the pool: `auth.json`, written through the journal and only on a real change. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withAuthLock } from '../../codex/auth-lock.ts';
import type { CodexScope } from '../../codex/home.ts';
import { decodeTokenClaims } from '../../codex/jwt-claims.ts';
import { readLoginFacts } from '../../codex/login-facts.ts';
import { type CodexProcess, processesOfHome, readCodexProcesses } from '../../codex/processes.ts';
import { fingerprint } from '../../storage/fingerprint.ts';
import type { Account, ChatgptAccount } from '../account.ts';
import type { RefreshOutcome } from '../refresh/outcome.ts';
import { recoverAnswers } from '../refresh/recover-answers.ts';
import { ensureFreshTokens } from '../refresh/refresh-account.ts';
import { storePair } from '../refresh/store-pair.ts';
import { isNewerPair } from '../refresh/token-pair.ts';
import { requirePool } from '../store/pool-store.ts';
import { applyAuthChange, holds, type WantedLogin } from './auth-change.ts';
import { judgeLogin, readSettledAuth } from './codex-login.ts';
import { refusalByRules } from './login-rules.ts';

export type LoginRefusalReason =
  | 'credential-store'
  | 'forced-login-method'
  | 'forced-workspace'
  | 'config-unreadable'
  | 'auth-unreadable'
  /** The login in `auth.json` is not in the pool: import it first, or it is lost. */
  | 'stranger'
  /** It needed a token, and the issuer did not give one: see `refresh`. */
  | 'refresh'
  | 'sync-disabled'
  | 'no-home'
  /** A Codex holds its lock on `auth.json`. */
  | 'busy'
  | 'journal';

export interface LoginRefusal {
  readonly kind: 'refused';
  readonly reason: LoginRefusalReason;
  readonly message: string;
  /** What to do now, with the command if there is one. */
  readonly hint: string;
  /** For `stranger`: the login that would be lost, as it would stand in the pool. */
  readonly stranger: Account | null;
  readonly refresh: Exclude<RefreshOutcome, { readonly kind: 'fresh' | 'adopted' | 'refreshed' }> | null;
}

export type WriteLoginOutcome =
  /** `restart`: running processes of this home that go on with the login they have in memory. */
  | { readonly kind: 'written'; readonly account: Account; readonly restart: readonly CodexProcess[] }
  | { readonly kind: 'unchanged'; readonly account: Account; readonly restart: readonly CodexProcess[] }
  | LoginRefusal;

export interface WriteLoginOptions {
  /** Overwrite a login that is not in the pool. */
  readonly replaceStranger?: boolean;
}

/** Programs of Codex that hold no login in memory. */
const WITHOUT_LOGIN: ReadonlySet<string> = new Set(['updater', 'sandbox']);

/**
 * Writes the account's login. A ChatGPT login needs a true id token and an access token that is good now, so it may be
 * refreshed first; a dead one never replaces what is there, and newer tokens in the file go into the pool first.
 */
export async function writeCodexLogin(
  scope: CodexScope,
  account: Account,
  options: WriteLoginOptions = {},
): Promise<WriteLoginOutcome> {
  const early = await refusalBefore(scope, account);
  if (early !== null) return early;
  const ready = account.kind === 'chatgpt' ? await readyLogin(scope, account) : keyLogin(account);
  if (ready.kind === 'refused') return ready;
  // Before anything is changed: not being able to tell must not look like a failed change.
  const restart = await runningWithLogin(scope);
  for (let tries = 1; ; tries++) {
    const locked = await withAuthLock(scope, () => writeLocked(scope, { ...ready, restart }, options));
    if (locked.kind === 'busy') return busy();
    if (locked.value.kind !== 'changed') return locked.value;
    // Codex 0.133 writes without a lock: what it wrote is looked at, not overwritten.
    if (tries === 3) return refused('journal', locked.value.message, 'Run the command again.');
  }
}

function busy(): LoginRefusal {
  return refused(
    'busy',
    'a Codex process has been holding its lock on auth.json for 10 seconds',
    'Run the command again; if it stays so, restart Codex.',
  );
}

interface Ready {
  readonly kind: 'ready';
  readonly account: Account;
  readonly wanted: WantedLogin;
}

async function refusalBefore(scope: CodexScope, account: Account): Promise<LoginRefusal | null> {
  const { env } = scope.host;
  const variable = ['CODEX_MULTI_AUTH_SYNC_CODEX_CLI', 'CODEX_AUTH_SYNC_CODEX_CLI'].find(
    (name) => env[name] !== undefined && env[name] !== '',
  );
  if (variable !== undefined && /^(0|false|no)$/i.test(env[variable] ?? '')) {
    return refused(
      'sync-disabled',
      `${variable}=${env[variable]} keeps auth.json as it is`,
      `Unset ${variable} to let Codex itself use the chosen account.`,
    );
  }
  const isHome = await stat(scope.home.path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isHome) {
    const hint = 'Start Codex once, or set CODEX_HOME to the right folder.';
    return refused('no-home', `there is no Codex home at ${scope.home.path}`, hint);
  }
  const rules = refusalByRules(await readLoginFacts(scope), account);
  return rules === null ? null : refused(rules.reason, rules.message, rules.hint);
}

function keyLogin(account: Extract<Account, { readonly kind: 'api-key' }>): Ready {
  return { kind: 'ready', account, wanted: { kind: 'api-key', apiKey: account.apiKey } };
}

async function readyLogin(scope: CodexScope, given: ChatgptAccount): Promise<Ready | LoginRefusal> {
  await recoverAnswers(scope);
  let outcome = await ensureFreshTokens(scope, await latest(scope, given));
  if (outcome.kind === 'fresh' && !(await hasIdToken(outcome.account))) {
    outcome = await ensureFreshTokens(scope, outcome.account, { force: true });
  }
  const { account } = outcome;
  // Without an answer the pair is still the best there is, and Codex refreshes by itself; a "no" is a no.
  const isUsable = outcome.kind !== 'refused' && (await hasIdToken(account));
  if (!isUsable || account.accessToken === null || account.idToken === null) {
    if (outcome.kind === 'refused' || outcome.kind === 'failed') {
      return { ...refused('refresh', outcome.message, outcome.action), refresh: outcome };
    }
    return refused(
      'refresh',
      'the sign-in server gave no id token, without which Codex does not accept a login',
      'Log this account in again: steward auth login',
    );
  }
  const { accessToken, idToken, refreshToken, accountId } = account;
  return {
    kind: 'ready',
    account,
    wanted: { kind: 'chatgpt', accessToken, idToken, refreshToken, accountId },
  };
}

/** As the pool has it now: what was recovered or refreshed since `given` was read counts. */
async function latest(scope: CodexScope, given: ChatgptAccount): Promise<ChatgptAccount> {
  const row = (await requirePool(scope)).accounts.find(({ key }) => key === given.key);
  return row?.kind !== 'chatgpt' || (await isNewerPair(given, row)) ? given : row;
}

/** Another tool may have stored the access token in its place; an id token names the person. */
async function hasIdToken({ idToken, accessToken }: ChatgptAccount): Promise<boolean> {
  return idToken !== null && idToken !== accessToken && (await decodeTokenClaims(idToken)) !== null;
}

/** From reading to replacing with nobody of 0.169 in between. */
async function writeLocked(
  scope: CodexScope,
  { account, wanted, restart }: Ready & { readonly restart: readonly CodexProcess[] },
  options: WriteLoginOptions,
): Promise<WriteLoginOutcome | { readonly kind: 'changed'; readonly message: string }> {
  const expect = await fingerprint(join(scope.home.path, 'auth.json'));
  const auth = await readSettledAuth(scope);
  const login = await judgeLogin(scope, auth, await requirePool(scope));
  if (login.kind === 'unreadable') {
    return refused('auth-unreadable', login.message, 'Run: steward doctor');
  }
  if (login.kind === 'stranger' && options.replaceStranger !== true && !isItself(login.account, account)) {
    return {
      ...refused(
        'stranger',
        'Codex is logged in with an account that is not in the pool, and switching would lose that login',
        'Take it in first: steward auth import --codex',
      ),
      stranger: login.account,
    };
  }
  if (auth.kind === 'ok' && holds(auth.value, wanted)) {
    return { kind: 'unchanged', account, restart };
  }
  const isSame = login.kind === 'pool' && login.account.key === account.key;
  if (login.kind === 'pool' && login.account.kind === 'chatgpt' && login.held.kind === 'chatgpt') {
    // Codex refreshed it since: the pool must have that pair before it is overwritten here.
    if (login.isNewer) await storePair(scope, login.account, login.held);
    if (isSame && account.kind === 'chatgpt' && (await isNewerPair(login.held, account))) {
      return { kind: 'unchanged', account: login.held, restart };
    }
  }
  const outcome = await applyAuthChange(scope, {
    repairId: 'auth.login.write',
    summary: 'Log Codex in as the chosen account',
    wanted,
    before: auth.kind === 'ok' ? auth.value : null,
    expect,
    sameLogin: isSame,
  });
  if (outcome.kind === 'repaired') {
    return { kind: 'written', account, restart };
  }
  if (outcome.kind === 'refused' && outcome.refusal.kind === 'changed') {
    return { kind: 'changed', message: outcome.reason };
  }
  return refused('journal', outcome.reason, 'Run the command again.');
}

/** An account that is not (or no longer) in the pool, but is the one to be written. */
function isItself(held: Account, wanted: Account): boolean {
  return held.key === wanted.key;
}

async function runningWithLogin(scope: CodexScope): Promise<readonly CodexProcess[]> {
  const running = processesOfHome(await readCodexProcesses(scope), scope.home.path);
  return running.filter(({ kind }) => !WITHOUT_LOGIN.has(kind));
}

function refused(reason: LoginRefusalReason, message: string, hint: string): LoginRefusal {
  return { kind: 'refused', reason, message, hint, stranger: null, refresh: null };
}
