/** `steward run -- ARGS`: the official Codex with the user's own terminal, pointed at the gateway where rotation applies. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Account } from '../../accounts/account.ts';
import { requireAccount } from '../../accounts/actions/account-reference.ts';
import { resolveAccountPaths } from '../../accounts/store/paths.ts';
import { requirePool } from '../../accounts/store/pool-store.ts';
import type { CodexBinary } from '../../codex/codex-binary.ts';
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { EXIT, messageOf, StewardError } from '../../errors.ts';
import { tokenForAccount } from '../../gateway/clients.ts';
import { ensureGateway } from '../../gateway/daemon/start-daemon.ts';
import { isRotationWanted } from '../../gateway/rotation-wanted.ts';
import { createHost, type Host } from '../../host.ts';
import { findOfficial } from '../../shim/shim-state.ts';
import type { CommandDeps } from '../main.ts';
import { ownProgram } from '../own-program.ts';
import { tellRotationNotice } from '../rotation-notice.ts';

export interface RunCodexOptions {
  readonly account?: string;
}

const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;
const TO_US = ['SIGTERM', 'SIGHUP'] as const;

/** Runs it and returns its exit code. Throws when there is no Codex, or the named account cannot be had. */
export async function runCodex(
  words: readonly string[],
  options: RunCodexOptions,
  deps: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope: CodexScope = { host, home: resolveCodexHome(host), signal: new AbortController().signal };
  const { account, rest } = takeAccount(words, options.account);
  const official = await findOfficial(scope);
  if (official?.native == null)
    throw new StewardError('ERR_RUN_NO_CODEX', 'user', 'there is no working official codex on this machine', {
      hint: 'steward doctor',
    });
  const base = account === null ? await poolBase(scope, deps) : await accountBase(scope, account);
  if (base === null) return runWithTerminal(official, rest, host.env);
  return runWithTerminal(official, ['-c', `openai_base_url="${base}"`, ...rest], withoutProxy(host.env));
}

/** `--account X` may stand among Codex's own words, as the shim passes them on. */
function takeAccount(
  words: readonly string[],
  named: string | undefined,
): { readonly account: string | null; readonly rest: readonly string[] } {
  const end = words.indexOf('--');
  const at = words.findIndex(
    (word, index) => (end === -1 || index < end) && (word === '--account' || word.startsWith('--account=')),
  );
  if (named !== undefined || at === -1) return { account: named ?? null, rest: words };
  const word = words[at] as string;
  if (word.includes('=')) return { account: word.slice('--account='.length), rest: words.toSpliced(at, 1) };
  const value = words[at + 1];
  if (value === undefined)
    throw new StewardError('ERR_CLI_USAGE', 'user', '--account needs an account', {
      hint: 'steward auth list',
      exitCode: EXIT.usage,
    });
  return { account: value, rest: words.toSpliced(at, 2) };
}

/** Where rotation applies; whatever fails costs one line and not the session. */
async function poolBase(scope: CodexScope, deps: CommandDeps): Promise<string | null> {
  const { env } = scope.host;
  if (/^(1|true|yes)$/.test(env.CODEX_MULTI_AUTH_BYPASS ?? '')) return null;
  try {
    if ((await isRotationWanted(scope)).kind === 'not-wanted') return null;
    await tellRotationNotice(scope, deps.terminal);
    return (await ensureGateway(scope, ownProgram())).file.baseUrl;
  } catch (error) {
    deps.terminal.err(`steward: going on without the gateway: ${messageOf(error)}\n`);
    return null;
  }
}

/** One account for one run: a person who names it wants no other, so what fails is an error. */
async function accountBase(scope: CodexScope, reference: string): Promise<string> {
  if ((await resolveAccountPaths(scope)).projectKey !== null)
    throw new StewardError(
      'ERR_RUN_PROJECT_POOL',
      'user',
      'the accounts of this folder are a pool of its own, which the gateway does not serve',
      {
        hint: 'steward auth switch ACCOUNT, then codex',
      },
    );
  const pool = await requirePool(scope);
  const account = pool.accounts[requireAccount(pool, reference)] as Account;
  const { file } = await ensureGateway(scope, ownProgram());
  return file.baseUrl.replace(file.sessionToken, tokenForAccount(file.sessionToken, account.key));
}

/** Codex sends requests to loopback through a proxy too (0.133 to 0.169), which would not find the gateway. */
function withoutProxy(env: Host['env']): Host['env'] {
  const proxies = [env.HTTP_PROXY, env.http_proxy, env.ALL_PROXY, env.all_proxy];
  if (!proxies.some(Boolean)) return env;
  const direct = env.NO_PROXY ?? env.no_proxy ?? '';
  return { ...env, NO_PROXY: direct === '' ? '127.0.0.1' : `${direct},127.0.0.1` };
}

/** The terminal, its signals included, is Codex's; we only wait. */
function runWithTerminal(official: CodexBinary, args: readonly string[], env: Host['env']): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(official.native as string, args, {
      stdio: 'inherit',
      env: env as NodeJS.ProcessEnv,
    });
    // A terminal sends these to both of us; the others reach only us.
    const ignore = () => {};
    const pass = (signal: NodeJS.Signals) => void child.kill(signal);
    for (const signal of FROM_TERMINAL) process.on(signal, ignore);
    for (const signal of TO_US) process.on(signal, pass);
    const done = () => {
      for (const signal of FROM_TERMINAL) process.off(signal, ignore);
      for (const signal of TO_US) process.off(signal, pass);
    };
    child.on('error', (error) => {
      done();
      reject(
        new StewardError('ERR_RUN_START', 'environment', `codex cannot be started: ${error.message}`, {
          hint: 'steward doctor',
          cause: error,
        }),
      );
    });
    child.on('close', (code, signal) => {
      done();
      resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)));
    });
  });
}
