/** `steward auth login`: one more account, or one logged in again; it becomes the active one. */
import process from 'node:process';
import type { Account } from '../../../accounts/account.ts';
import { accountLabel, maskAddress } from '../../../accounts/account-label.ts';
import { loginError } from '../../../accounts/login/login-failure.ts';
import { type LoginIdentity, readLoginIdentity } from '../../../accounts/login/login-identity.ts';
import {
  apiKeyAccount,
  chatgptAccount,
  type StoredLogin,
  storeLogin,
} from '../../../accounts/login/store-login.ts';
import { readAuthEndpoints } from '../../../accounts/oauth/endpoints.ts';
import type { Tokens } from '../../../accounts/oauth/token-endpoint.ts';
import { resolveAccountPaths } from '../../../accounts/store/paths.ts';
import { requirePool } from '../../../accounts/store/pool-store.ts';
import { effectiveText, readConfigLayers } from '../../../codex/config-layers.ts';
import type { CodexScope } from '../../../codex/home.ts';
import { createHttp, type Http } from '../../../codex/http.ts';
import { EXIT, StewardError } from '../../../errors.ts';
import { type AuthSession, openAuthSession } from '../../auth-session.ts';
import { readApiKey } from '../../login/api-key.ts';
import { runBrowserLogin } from '../../login/browser.ts';
import { runDeviceLogin } from '../../login/device.ts';
import { chooseFlow, type Flow, type LoginOptions } from '../../login/flow.ts';
import type { CommandDeps } from '../../main.ts';
import { usableFolder } from './verify-paths.ts';
import { exitCodeOf, reportLogin, sayLogin } from './written-login.ts';

/**
 * 0: logged in, or given up by the person; 1: the account is stored, but Codex's own login could not be changed. Throws
 * `ERR_LOGIN_…` (1: refused; 3: unreachable or answers that mean nothing) with nothing stored.
 */
export async function runLogin(options: LoginOptions, deps: CommandDeps): Promise<number> {
  const session = await openAuthSession(deps, { command: 'login', json: options.json });
  const { scope } = session;
  const pool = await requirePool(scope); // a pool that cannot be read would lose the login
  await requireWritable(scope); // and so would a folder that cannot be written
  const flow = await chooseFlow(options, scope.host);
  if (flow.kind === 'api-key') return await loginWithApiKey(session);

  const wanted = options.org ?? nonEmpty(scope.host.env.CODEX_AUTH_ACCOUNT_ID);
  const http = createHttp(scope);
  try {
    const signedIn = await signIn(session, http, flow, {
      options,
      askWho: pool.accounts.length > 0,
      workspace: wanted ?? (await forcedWorkspace(session)),
    });
    if (signedIn === null) return giveUp(session);
    const identity = await readLoginIdentity(signedIn.tokens, wanted);
    try {
      const stored = await storeLogin(scope, chatgptAccount(signedIn.tokens, identity, scope.host.now()));
      await signedIn.settle(null);
      return report(session, stored, { identity, wanted });
    } catch (error) {
      await signedIn.settle('The account could not be stored.');
      throw error;
    }
  } finally {
    await http.close();
  }
}

/** Throws `ERR_LOGIN_FOLDER` before anybody has signed in for nothing. */
async function requireWritable(scope: CodexScope): Promise<void> {
  const { root } = await resolveAccountPaths(scope);
  for (const folder of [scope.home.path, root]) {
    const { ok, error } = await usableFolder('folder', folder);
    if (ok) continue;
    throw new StewardError('ERR_LOGIN_FOLDER', 'environment', `a login could not be stored: ${error}`, {
      hint: `Check owner and mode of ${folder} (ls -ld).`,
    });
  }
}

interface SignedIn {
  readonly tokens: Tokens;
  settle(failure: string | null): Promise<void>;
}

interface SignInOptions {
  readonly options: LoginOptions;
  readonly askWho: boolean;
  readonly workspace: string | null;
}

/** `null`: the person gave up. */
async function signIn(
  { scope, terminal }: AuthSession,
  http: Http,
  flow: Exclude<Flow, { readonly kind: 'api-key' }>,
  { options, askWho, workspace }: SignInOptions,
): Promise<SignedIn | null> {
  const { issuer } = options;
  const { host, signal } = scope;
  const endpoints = readAuthEndpoints(scope, issuer === undefined ? {} : { issuer });
  const oauth = { http, endpoints, now: host.now, signal };
  let isManual = flow.kind === 'manual';
  if (flow.kind === 'device') {
    if (flow.because !== null) {
      terminal.err(`No browser can be opened here (${flow.because}): logging in with a device code.\n`);
    }
    const result = await runDeviceLogin(oauth, terminal);
    if (result.kind === 'tokens') return { tokens: result.tokens, settle: async () => {} };
    const error = loginError(result.failure, result.step);
    // Nobody insisted on a device code, and there is somebody to go on by hand.
    const goesOn = result.failure.kind === 'device-off' && flow.because !== null && terminal.interactive;
    if (!goesOn) throw error;
    terminal.err(`${terminal.paint('yellow', '▲')} ${error.message}\nGoing on by hand instead.\n`);
    isManual = true;
  } else if (flow.kind === 'manual' && flow.because !== null) {
    terminal.err(`No browser is opened (${flow.because}).\n`);
  }
  const result = await runBrowserLogin({
    ...oauth,
    host,
    terminal,
    input: process.stdin,
    isManual,
    askWho,
    workspace: workspace?.startsWith('org-') ? null : workspace, // an id of the API platform: no workspace of ChatGPT
  });
  if (result.kind === 'failed') throw loginError(result.failure, result.step);
  return result.kind === 'cancelled' ? null : result;
}

async function loginWithApiKey(session: AuthSession): Promise<number> {
  const { scope, terminal } = session;
  const read = await readApiKey(scope, terminal, process.stdin);
  if (read === null) return giveUp(session);
  const stored = await storeLogin(scope, apiKeyAccount(read.key, scope.host.now()));
  return report(session, stored, {
    identity: null,
    wanted: null,
    warning:
      read.warning === null ? null : `Whether the server accepts the key could not be asked: ${read.warning}`,
  });
}

/** `forced_chatgpt_workspace_id`: Codex throws any other login away. */
async function forcedWorkspace({ scope }: AuthSession): Promise<string | null> {
  return effectiveText(await readConfigLayers(scope), 'forced_chatgpt_workspace_id')?.value ?? null;
}

function giveUp(session: AuthSession): number {
  session.say('Cancelled; nothing was changed.');
  session.answer({ ok: false, cancelled: true });
  return EXIT.ok;
}

interface Told {
  readonly identity: LoginIdentity | null;
  readonly wanted: string | null;
  readonly warning?: string | null;
}

function report(session: AuthSession, stored: StoredLogin, { identity, wanted, warning }: Told): number {
  const { paint } = session.terminal;
  const { account, index, imported, pinnedIndex } = stored;
  const login = reportLogin(stored.codexLogin);
  const label = accountLabel(account, index);
  const plan = identity?.planType ? `, plan ${identity.planType}` : '';
  session.say(
    `${paint('green', '✔')} ${stored.isNew ? 'Added' : 'Logged in again'}: ${label}${plan}; active now.`,
  );
  const warnings = [
    warning ?? null,
    identity !== null && !identity.isOffered
      ? `The login does not name the workspace ${wanted}; it is used because you asked for it.`
      : null,
    pinnedIndex !== null && pinnedIndex !== index
      ? `Account ${pinnedIndex + 1} stays pinned for sessions through the gateway; \`steward auth unpin\` ends that.`
      : null,
  ].flatMap((line) => (line === null ? [] : [line]));
  for (const line of warnings) session.say(`${paint('yellow', '▲')} ${line}`);
  if (imported !== null) {
    session.say(
      `Codex was logged in as ${accountLabel(imported.account, imported.index)}: kept in the pool.`,
    );
  }
  if (account.kind === 'chatgpt' && account.workspaces.length > 1) {
    session.say(
      `It offers ${account.workspaces.length} workspaces: \`steward auth workspace ${index + 1}\` shows them.`,
    );
  }
  sayLogin(session, login);
  session.answer({
    ok: true,
    outcome: stored.isNew ? 'added' : 'updated',
    index,
    accountIndex: index + 1,
    account: accountJson(account, index, identity?.planType ?? null),
    pinnedAccountIndex: pinnedIndex,
    imported: imported && { index: imported.index, label: accountLabel(imported.account, imported.index) },
    warnings,
    ...login,
  });
  return exitCodeOf(stored.codexLogin);
}

function accountJson(account: Account, index: number, planType: string | null) {
  const common = { kind: account.kind, label: accountLabel(account, index) };
  if (account.kind === 'api-key') return common;
  const { email, accountId, accountIdSource, workspaces, currentWorkspaceIndex } = account;
  return {
    ...common,
    email: email === null ? null : maskAddress(email),
    planType,
    accountId,
    accountIdSource,
    currentWorkspaceIndex,
    workspaces: workspaces.map(({ id, name, isDefault }) => ({ id, name, isDefault })),
  };
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text;
}
