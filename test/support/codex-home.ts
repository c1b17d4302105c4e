/**
 * Codex homes made by the real Codex: its own databases, session files and logs, not imitations of them.
 *
 *     const home = await makeCodexHome('codex-newest', { login: 'chatgpt', threads: 2 });
 *     afterAll(home.remove);
 *     afterEach(home.reset);            // back to the bytes it had when it was made: one home serves many faults
 *     const host = createHost(home.host());      // what steward sees: CODEX_HOME, HOME, nothing of this machine
 *
 * It takes 0.3 s and as much again for each thread. Homes are not copied from a template: Codex writes absolute
 * paths into its databases. The server that answers is gone afterwards and in no config file: the home looks like
 * one that was used against the real OpenAI.
 */
import { cp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startAnsweringServer } from './answering-server.ts';
import { type CodexAlias, codexBinary, type Ran, runProgram, temporaryFolder } from './real-codex.ts';

export interface CodexHomeOptions {
  readonly login: 'chatgpt' | 'apikey' | 'none';
  /** How many finished sessions, each of one turn. Default 1. */
  readonly threads?: number;
  /** Text of `config.toml`, below our own three lines (so tables are welcome). */
  readonly config?: string;
}

export interface CodexTestHome {
  readonly alias: CodexAlias;
  /** `CODEX_HOME`: `<userHome>/.codex`. */
  readonly path: string;
  readonly userHome: string;
  /** A folder to start Codex in; a plain one, without a repository. */
  readonly cwd: string;
  /** What to hand to `createHost`. */
  host(): {
    readonly env: Readonly<Record<string, string>>;
    readonly userHome: string;
    readonly cwd: string;
  };
  /** Runs the real binary on this home, as `codex <args>`. */
  run(args: readonly string[], env?: Record<string, string>): Promise<Ran>;
  /** Runs `codex exec PROMPT` to its end, against a server that answers "hello". */
  exec(prompt: string, args?: readonly string[]): Promise<Ran>;
  /** Puts every file back as it was when this home was made. */
  reset(): Promise<void>;
  remove(): Promise<void>;
}

/** The invented ChatGPT account of the homes made here. */
export const TEST_ACCOUNT = {
  email: 'ada@example.test',
  accountId: '0b1c5d9e-0000-4000-8000-00000000a11a',
  userId: 'user-0000000000000000ada',
  planType: 'plus',
} as const;

/** An unsigned JWT with the claims that Codex reads; it is never checked by the client. */
export function unsignedJwt(claims: Readonly<Record<string, unknown>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('unsigned').toString('base64url')}`;
}

/** The text of an `auth.json` of a ChatGPT login, valid for a day from now. */
export function chatgptAuthJson(account: typeof TEST_ACCOUNT = TEST_ACCOUNT): string {
  const now = Math.floor(Date.now() / 1000);
  const token = unsignedJwt({
    iat: now,
    exp: now + 86_400,
    email: account.email,
    'https://api.openai.com/auth': {
      chatgpt_account_id: account.accountId,
      chatgpt_user_id: account.userId,
      user_id: account.userId,
      chatgpt_plan_type: account.planType,
    },
  });
  const tokens = {
    id_token: token,
    access_token: token,
    refresh_token: 'rt_invented-for-a-test',
    account_id: account.accountId,
  };
  const document = {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens,
    last_refresh: new Date().toISOString(),
  };
  return `${JSON.stringify(document, null, 2)}`;
}

const CONFIG = `check_for_update_on_startup = false

[analytics]
enabled = false
`;

/** A new home, made by really running that Codex. Call `remove` when done. */
export async function makeCodexHome(alias: CodexAlias, options: CodexHomeOptions): Promise<CodexTestHome> {
  const folder = await temporaryFolder('steward-home');
  const userHome = await realpath(folder.path);
  const path = join(userHome, '.codex');
  const cwd = join(userHome, 'work');
  const asMade = `${userHome}-as-made`;
  const env = { HOME: userHome, CODEX_HOME: path };
  await mkdir(path, { mode: 0o755 });
  await mkdir(cwd);
  await writeFile(join(path, 'config.toml'), `${CONFIG}${options.config ? `\n${options.config}` : ''}`);

  const run = (args: readonly string[], extra: Record<string, string> = {}) =>
    runProgram(codexBinary(alias), args, { cwd, env: { ...env, ...extra } });
  const exec = async (prompt: string, args: readonly string[] = []) => {
    const server = await startAnsweringServer(TEST_ACCOUNT.accountId);
    try {
      const urls = [
        '-c',
        `openai_base_url="${server.openaiBaseUrl}"`,
        '-c',
        `chatgpt_base_url="${server.chatgptBaseUrl}"`,
      ];
      return await run(['exec', '--skip-git-repo-check', ...urls, ...args, prompt]);
    } finally {
      await server.close();
    }
  };

  if (options.login === 'chatgpt') {
    await writeFile(join(path, 'auth.json'), chatgptAuthJson(), { mode: 0o600 });
  } else if (options.login === 'apikey') {
    const ran = await runProgram(codexBinary(alias), ['login', '--with-api-key'], {
      cwd,
      env,
      input: 'sk-invented-for-a-test\n',
    });
    if (ran.code !== 0) throw new Error(`codex login failed: ${ran.stderr}`);
  }
  for (let n = 0; n < (options.threads ?? 1); n++) {
    const ran = await exec(`say hello, number ${n + 1}`);
    if (ran.code !== 0) throw new Error(`codex exec failed: ${ran.stdout}\n${ran.stderr}`);
  }
  await copyExactly(path, asMade);

  return {
    alias,
    path,
    userHome,
    cwd,
    host: () => ({ env: { PATH: process.env.PATH ?? '', ...env }, userHome, cwd }),
    run,
    exec,
    reset: async () => {
      await rm(path, { recursive: true, force: true });
      await copyExactly(asMade, path);
    },
    remove: async () => {
      await rm(asMade, { recursive: true, force: true });
      await folder.remove();
    },
  };
}

/** A copy with modes, times of files, and symbolic links as they stand. */
function copyExactly(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}
