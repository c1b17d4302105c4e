/** A lab in this process, and a Codex home with a pool of its accounts: for tests of refreshing, quota and switching. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { ChatgptAccount } from '../../src/accounts/account.ts';
import { accountKey, addAccount } from '../../src/accounts/store/identity.ts';
import { updatePool } from '../../src/accounts/store/pool-store.ts';
import type { CodexScope } from '../../src/codex/home.ts';
import { decodeTokenClaims } from '../../src/codex/jwt-claims.ts';
import { createHost } from '../../src/host.ts';
import type { LabAccountName } from '../../src/lab/accounts.ts';
import type { FaultInput } from '../../src/lab/fault.ts';
import { PASSWORD_ONLY, type TokenSet } from '../../src/lab/issuer/sessions.ts';
import { type Lab, startLab } from '../../src/lab/lab.ts';

export interface ChildOutcome {
  readonly kind: string;
  /** End of the access token. */
  readonly token: string;
}

export interface StartedChild {
  readonly pid: number;
  readonly ended: Promise<{ readonly code: number | null; readonly outcomes: readonly ChildOutcome[] }>;
}

export interface LabWithHome {
  readonly lab: Lab;
  /** The Codex home. */
  readonly home: string;
  scope(signal?: AbortSignal): CodexScope;
  /** For a process in this home and lab. */
  environment(): Record<string, string>;
  /** Logs in and puts the account into the pool. */
  addAccount(name: LabAccountName, options?: { readonly expired?: boolean }): Promise<ChatgptAccount>;
  login(name: LabAccountName, lifetimeSeconds?: number): Promise<TokenSet>;
  /** Spends a refresh token behind everybody's back. */
  redeem(refreshToken: string): Promise<TokenSet>;
  writeAuth(tokens: TokenSet, name?: LabAccountName): Promise<void>;
  /** That very account as Codex 0.169 stores it, with other members beside. */
  writeAuthOf(account: ChatgptAccount, beside?: object): Promise<void>;
  readAuth(): Promise<{ readonly tokens: Record<string, unknown>; readonly [name: string]: unknown }>;
  fault(path: string, effect: FaultInput['effect'], times?: number): Promise<void>;
  tokenCalls(): number;
  /** A process that asks for fresh tokens of the pool's first account, so many times at once. */
  startChild(calls: number): Promise<StartedChild>;
  runChild(calls: number): Promise<Awaited<StartedChild['ended']>>;
  stop(): Promise<void>;
}

const HERE = dirname(fileURLToPath(import.meta.url));
const CACHE = join(HERE, '..', '..', 'node_modules', '.cache');

/** Starts it. `stop` ends every child and removes the home. */
export async function startLabWithHome(): Promise<LabWithHome> {
  const lab = await startLab();
  const home = await mkdtemp('/var/tmp/steward-accounts-');
  await mkdir(join(home, 'no-root', 'proc'), { recursive: true }); // a machine on which nothing runs
  await symlink('/proc/net', join(home, 'no-root', 'proc', 'net')); // but whose connections are these
  const write = (name: string, text: string) => writeFile(join(home, name), text, { mode: 0o600 });
  await write('config.toml', `${lab.codexConfig().join('\n')}\n`);
  const env = { PATH: process.env.PATH ?? '', HOME: home, CODEX_HOME: home, ...lab.environment() };
  const host = () => createHost({ env, userHome: home, cwd: home, root: join(home, 'no-root') });
  const scope = (signal = new AbortController().signal): CodexScope => ({
    host: host(),
    home: { path: home, source: 'env' },
    signal,
  });
  const children = new Set<number>();
  let program: Promise<string> | undefined;
  const login: LabWithHome['login'] = async (name, lifetimeSeconds) => {
    const session = lab.world.sessions.open(lab.world.account(name), PASSWORD_ONLY);
    return await lab.world.sessions.issue(session, lifetimeSeconds);
  };
  const tokenCalls = () => lab.requests().filter(({ path }) => path === '/oauth/token').length;

  const world: LabWithHome = {
    lab,
    home,
    scope,
    environment: () =>
      Object.fromEntries(
        Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
      ),
    login,
    addAccount: async (name, options = {}) => {
      const tokens = await login(name, options.expired === true ? -3600 : undefined);
      const account = await accountOf(tokens, lab.world.account(name).accountId);
      await updatePool(scope(), (pool) => ({ pool: addAccount(pool, account).pool, result: null }));
      return account;
    },
    redeem: async (refreshToken) => {
      const redeemed = lab.world.sessions.redeem(refreshToken);
      if (redeemed.kind !== 'fresh') throw new Error(`the lab refused: ${redeemed.reason}`);
      return await lab.world.sessions.issue(redeemed.session);
    },
    writeAuth: async (tokens, name = 'plus') => {
      const { id_token, access_token, refresh_token } = tokens;
      const account_id = lab.world.account(name).accountId;
      const auth = {
        auth_mode: 'chatgpt',
        OPENAI_API_KEY: null,
        tokens: { id_token, access_token, refresh_token, account_id },
        last_refresh: new Date().toISOString(),
      };
      await write('auth.json', JSON.stringify(auth, null, 2));
    },
    writeAuthOf: async (account, beside = {}) => {
      const auth = {
        auth_mode: 'chatgpt',
        OPENAI_API_KEY: null,
        tokens: {
          id_token: account.idToken,
          access_token: account.accessToken,
          refresh_token: account.refreshToken,
          account_id: account.accountId,
          login_owner_id: 'opaque',
        },
        last_refresh: new Date(Date.now() - 9000).toISOString(),
        ...beside,
      };
      await write('auth.json', JSON.stringify(auth, null, 2));
    },
    readAuth: async () => JSON.parse(await readFile(join(home, 'auth.json'), 'utf8')),
    fault: async (path, effect, times) => {
      const fault: FaultInput = { match: { path }, effect, ...(times === undefined ? {} : { times }) };
      await lab.control({ do: 'fault', faults: [fault] });
    },
    tokenCalls,
    startChild: async (calls) => {
      program ??= bundleChild(); // once: a second build would write over what the first child is reading
      const child = spawn(process.execPath, [await program, home, String(calls)], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      const { pid } = child;
      if (pid === undefined) throw new Error('the child did not start');
      children.add(pid);
      return {
        pid,
        ended: new Promise((resolve) =>
          child.once('close', (code) => {
            children.delete(pid);
            resolve({ code, outcomes: output === '' ? [] : JSON.parse(output) });
          }),
        ),
      };
    },
    runChild: async (calls) => await (await world.startChild(calls)).ended,
    stop: async () => {
      for (const pid of children) process.kill(pid, 'SIGKILL');
      await lab.stop();
      await rm(join(CACHE, `refresh-child-${process.pid}.mjs`), { force: true });
      await rm(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
  return world;
}

async function bundleChild(): Promise<string> {
  // Below the project, so that the database driver's native package is found.
  const program = join(CACHE, `refresh-child-${process.pid}.mjs`);
  await build({
    entryPoints: [join(HERE, 'refresh-child.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
    external: ['@photostructure/sqlite'],
    banner: { js: "import{createRequire as cr}from'node:module';const require=cr(import.meta.url);" },
  });
  return program;
}

async function accountOf(tokens: TokenSet, accountId: string): Promise<ChatgptAccount> {
  const claims = await decodeTokenClaims(tokens.id_token);
  const access = await decodeTokenClaims(tokens.access_token);
  const account: ChatgptAccount = {
    kind: 'chatgpt',
    key: '',
    label: null,
    email: claims?.email?.toLowerCase() ?? null,
    isEnabled: true,
    addedAt: Date.now(),
    lastUsed: 0,
    lastSwitchReason: null,
    rateLimitResetTimes: {},
    cooldown: null,
    rest: {},
    refreshToken: tokens.refresh_token,
    accessToken: tokens.access_token,
    expiresAt: access?.expiresAt ?? null,
    idToken: tokens.id_token,
    accountId,
    accountIdSource: 'token',
    invalidated: null,
    workspaces: [],
    currentWorkspaceIndex: null,
    recordId: null,
  };
  return { ...account, key: accountKey(account) };
}
