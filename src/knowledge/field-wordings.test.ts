/**
 * How people tell it themselves: half a message, a sentence of their own around it, another language, the words of a
 * companion program. The right failure comes first, with confidence; the same words about something else do not.
 */
import { describe, expect, it } from 'vitest';
import { FAILURE_IDS, type FailureId } from './ids.ts';
import { createMatcher } from './matcher/matcher.ts';
import { TOPICS } from './topics.ts';

const TOLD: readonly (readonly [FailureId, string])[] = [
  // Logins and keys.
  [
    'auth.credentials_malformed',
    'Error: account/read failed: email and plan type are required for chatgpt authentication (code -32600)',
  ],
  ['auth.credentials_malformed', '换上导入的 auth.json 后 Codex 不能用，打开看 refresh_token 这一项一直为空'],
  [
    'auth.callback_port_in_use',
    '添加账号时提示登录失败：以一种访问权限不允许的方式做了一个访问套接字的尝试 (os error 10013)',
  ],
  ['auth.callback_unreachable', '在浏览器里登录 Codex，最后一步是 localhost 拒绝了连接，页面打不开'],
  [
    'auth.token_exchange_failed',
    'http://localhost:1455/auth/callback?code=x&state=y answers 500, the page says token exchange error',
  ],
  ['auth.apikey_conflict', 'After the browser login I go back to the API key in codex and it fails with 403'],
  ['auth.apikey_conflict', '已经用 ChatGPT 登录 codex 了，请求里依旧是之前的 api 密钥'],
  ['auth.account_mismatch', '插件自动切号以后，codex 侧边栏还在执行原来的账号，要 Reload Window'],
  ['auth.plan_not_eligible', 'Codex: an error occurred during authentication (codex_cli_workspace_disabled)'],
  ['auth.callback_port_in_use', 'codex, Sign in with ChatGPT: Address in use (os error 98)'],
  ['auth.callback_unreachable', 'The login ends at http://localhost:1455/auth/callback, no response there'],
  ['auth.callback_unreachable', 'I run codex in a VM and the login redirects the browser to localhost'],
  [
    'auth.account_mismatch',
    'VS Code keeps the previous session after switching accounts with codex-auth until the window is reloaded',
  ],
  [
    'auth.apikey_invalid',
    'unexpected status 401 Unauthorized: missing api key, url: http://127.0.0.1:48760/v1/responses',
  ],
  // Limits and pools.
  ['ratelimit.credits_exhausted', '⚠️ Insufficient quota. Please check your billing details and retry.'],
  [
    'ratelimit.usage_limit',
    'You have reached your usage limit. Upgrade or buy credits, or try again after 9:15 PM.',
  ],
  ['ratelimit.usage_limit', 'codex tells me I hit my limit, but the weekly bar says 40 % used'],
  ['pool.exhausted', 'No available accounts: all upstream accounts are unavailable (account_stream_cap)'],
  [
    'pool.stale_cooldown',
    'The quota cooldown of that account is still applied by the proxy after the window was reset',
  ],
  [
    'pool.stale_cooldown',
    'codex pool: account b is still quota_exceeded although /wham/usage says used_percent: 0',
  ],
  // Models, streams, configuration.
  [
    'model.unsupported_account',
    'This model is not supported when using X-OpenAI-Internal-Codex-Responses-Lite.',
  ],
  [
    'model.unsupported_account',
    'codex run ended: HTTP 400, model not supported when using a ChatGPT account',
  ],
  ['network.stream_idle_timeout', 'codex 输出到一半就 idle timeout，断流以后又重连'],
  ['session.encrypted_content', "Missing required parameter: 'input[7].encrypted_content'."],
  ['config.toml_syntax', '切换供应商以后 codex 打不开，提示 config.toml TOML parse failed'],
  [
    'network.edge_blocked',
    '⚠️ stream error: unexpected status 403 Forbidden: <!DOCTYPE html> <html lang="en-US">',
  ],
  ['config.untrusted_dir', 'codex exec refuses to run outside a trusted/git directory'],
  ['context.window_exceeded', 'Codex desktop: context window 100% full, compacting never ends'],
  ['safety.flagged', 'Codex falsely triggered the cybersecurity flag on a page fetcher'],
  // State.
  [
    'state.sqlite_migration',
    'state_5.sqlite made on Windows is refused in WSL: the _sqlx_migrations checksum differs by line endings',
  ],
  [
    'state.sqlite_locked',
    'codex: failed to initialize sqlite state runtime, because another codex app-server holds logs_2.sqlite (it is not corrupt)',
  ],
  ['state.log_growth', 'constant SQLite WAL writes from TRACE logs, RUST_LOG does not change it'],
  ['state.history_hidden', '接入第三方以后 codex 左边的聊天记录都消失了'],
  [
    'state.global_state_corrupt',
    'warning [global-state] failing to load the global state; project grouping is lost',
  ],
  [
    'state.wsl_shared_home',
    'There are two Codex homes, C:\\Users\\u\\.codex and /home/u/.codex, and inside WSL the tool changes the Linux CLI config',
  ],
  // Sandbox, MCP, install.
  ['sandbox.userns_blocked', 'codex sandbox: EACCES writing /proc/self/setgroups under AppArmor'],
  [
    'sandbox.blocked',
    "git: couldn't create cache file '/tmp/xcrun_db-1a2b' (errno=Operation not permitted) inside the codex sandbox",
  ],
  [
    'sandbox.blocked',
    '- blocked by sandbox permissions: git cannot create .git/worktrees/fix-1/index.lock, nothing was staged',
  ],
  ['mcp.handshake_failed', 'handshaking error with this: [mcp_servers.cad] command = "/opt/cad/StdioServer"'],
  ['install.ide_process', 'Codex panel stuck on the logo. Codex output: Activating Codex extension'],
  [
    'install.path_shadow',
    'npm error code EEXIST, File exists: ~/.local/bin/codex, for npm i -g @openai/codex',
  ],
  [
    'install.path_shadow',
    'npm install -g @openai/codex@0.60.0 went well, with codex --version I see version 0.20.0',
  ],
  ['mcp.auth_required', 'The MCP panel says "Enabled / Auth unsupported" since this morning'],
  ['install.path_shadow', '`which -a codex` lists a duplicate: bun had put @openai/codex there too'],
  // Remote control.
  ['remote.presence_stale', 'studio.local — Offline · Last seen 3 hours ago, but the desktop app is open'],
  [
    'remote.presence_stale',
    'codex remote-control answers "alreadyRunning", but the machine does not appear in the mobile app',
  ],
  ['remote.server_conflict', 'remote control answers 409 Conflict until the host is re-enrolled'],
  ['remote.socket_or_daemon', 'Codex on this environment is out of date. Update to 0.150.0 or newer.'],
  // Messages of the desktop app, of companions, and how their loss is told.
  ['auth.login_rate_limited', 'Codex login: too many verification requests, please try again later'],
  ['auth.refresh_token_reused', 'codex 报错：refresh_token 已被别的程序使用过，请重新登录'],
  ['auth.token_expired', 'The codex app signs me out whenever I open an older chat'],
  [
    'config.invalid_model',
    "unexpected status 404 Not Found: model 'gpt-5.9' not found, url: http://127.0.0.1:8080/v1/responses",
  ],
  [
    'install.path_shadow',
    "error: unexpected argument '--new-option' found\n\nUsage: codex app-server [OPTIONS]",
  ],
  ['install.spawn_shim', 'Codex CLI failed to start: env: node: No such file or directory'],
  ['safety.flagged', 'codex: cyber-safety rerouting of my requests, why?'],
  ['sandbox.blocked', 'codex ran the command: failed in sandbox: Operation not permitted'],
  ['sandbox.windows_setup', "Windows setup didn't finish, and no dialog for the administrator appears"],
  [
    'sandbox.windows_setup',
    'ERROR hide users: failed to hide current user profile dir: SetFileAttributesW failed: 5',
  ],
  ['state.history_hidden', 'Since the update of the Codex app my project chats disappeared'],
  ['state.log_growth', 'logs_2.sqlite gets high-volume TRACE rows all day'],
  ['state.sqlite_locked', 'Codex resume: the history DB is locked'],
];

/** Broad words only: a candidate, never an answer. */
const GUESSED: readonly (readonly [FailureId, string])[] = [
  ['auth.login_rate_limited', 'Codex wants a code by SMS for the login and then says rate limit'],
  ['auth.token_expired', '切到另一个账号以后 codex 马上退出登录'],
  ['auth.apikey_conflict', 'codex: my OPENAI_API_KEY is exported in .zshrc and the ChatGPT plan is not used'],
  ['remote.client_revoked', 'The phone is deauthorized in Codex, how does it come back?'],
  ['sandbox.blocked', 'Codex complains in read-only mode that it has no write permission'],
  ['network.proxy', 'Codex in WSL starts with empty proxy variables'],
  [
    'remote.identity_collision',
    'In the phone I have two Macs with Codex, but only one of them is listed at a time',
  ],
  ['remote.presence_stale', 'The phone says disconnected, Codex on the desktop is open'],
  ['safety.flagged', 'Codex flagged my account, I write a calendar'],
  ['state.disk_full', 'Codex fills the disk with crash dumps'],
  ['state.log_growth', 'Codex writes to my hard drive like crazy'],
];

const NOT_OURS: readonly string[] = [
  // Another program called Codex, and another program's config.toml.
  'codex.librarian.importer WARNING import failed: /comics/a.cbz: database disk image is malformed',
  'Error: invalid config at /home/u/.config/alacritty/config.toml: TOML parse error at line 3, column 1: duplicate key',
  // Programs that talk to the API by themselves.
  'failed to get response from OpenAI: error, status code: 500, message: internal server error',
  "ERROR tensor::config: failed to parse config file 'tensor.toml': TOML parse error at line 8: duplicate key",
  'WARN resolver: dns error: failed to lookup address information: Temporary failure in name resolution',
  // The same words about something else.
  'The game is on cooldown until the arena reset, my account still says 2 h',
  'Login window of the router: address in use (os error 98) when I start nginx',
  'accounts.json of the wallet was wiped after the crash',
  'I would like to hit my limits less often, could you raise the weekly quota?',
];

const matcher = createMatcher();

describe('what people tell in their own words', () => {
  it.each(TOLD)('is %s: %s', (id, text) => {
    const { verdict, matches } = matcher.explainText(text);
    expect({ id: matches[0]?.id, verdict }).toEqual({ id, verdict: 'match' });
  });

  it.each(GUESSED)('may be %s: %s', (id, text) => {
    const { verdict, matches, next } = matcher.explainText(text);
    expect({ id: matches[0]?.id, verdict }).toEqual({ id, verdict: 'unsure' });
    expect(matches[0]?.evidence[0]?.text).toBe(text);
    expect(next).toBeTruthy();
  });

  it('has a topic for each failure that a text can show', () => {
    const topics = new Set<FailureId>(TOPICS.map(([id]) => id));
    const told = FAILURE_IDS.filter((id) => id !== 'none' && id !== 'doctor.check_failed');
    expect(told.filter((id) => !topics.has(id))).toEqual([]);
  });

  it('guesses nothing where nothing speaks of Codex, nor from a long text', () => {
    const [, told] = GUESSED[6] as (typeof GUESSED)[number];
    expect(matcher.explainText(told.replace('Codex', 'The game')).matches).toEqual([]);
    expect(matcher.explainText(`${told}\n${'A line about the weather.\n'.repeat(400)}`).matches).toEqual([]);
  });

  it.each(NOT_OURS)('is not taken for ours: %s', (text) => {
    expect(matcher.explainText(text).verdict).not.toBe('match');
  });

  it('does not take a denial for the failure', () => {
    const { matches } = matcher.explainText(
      'codex remote control is Connected, there is no 401, 403, 409 in the log',
    );
    expect(matches.map((match) => match.id)).not.toContain('remote.server_conflict');
  });
});

describe('an address on this machine that answers with a status', () => {
  const told = (message: string) => createMatcher().explainText(message);
  const url = 'url: http://127.0.0.1:45123/v1/responses';

  it.each(['401 Unauthorized', '403 Forbidden', '503 Service Unavailable'])('%s: it runs', (status) => {
    const { verdict } = told(`unexpected status ${status}: something of its own, ${url}`);
    expect(verdict).not.toBe('match');
  });

  it('what it says is the failure', () => {
    const { matches } = told(`unexpected status 429 Too Many Requests: usage_limit_reached, ${url}`);
    expect(matches[0]?.id).toBe('ratelimit.usage_limit');
  });
});
