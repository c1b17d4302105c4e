/**
 * Wordings that the signatures were not written from: other versions, paths and orders, prefixes of logs, colours, quotes and
 * JSON around them. The right failure comes first; what other programs say is never taken for ours.
 */
import { describe, expect, it } from 'vitest';
import type { FailureId } from './ids.ts';
import { createMatcher } from './matcher/matcher.ts';

const VARIANTS: readonly (readonly [FailureId, string])[] = [
  // Refusals of the server, without the name of the program.
  [
    'auth.token_expired',
    '■ exceeded retry limit, last status: 401 Unauthorized, request id: 9a1b2c3d4e5f6071-FRA',
  ],
  [
    'auth.token_expired',
    '⚠  stream error: exceeded retry limit, last status: 401 Unauthorized; retrying 3/5 in 701ms…',
  ],
  [
    'ratelimit.too_many_requests',
    'ERROR: exceeded retry limit, last status: 429 Too Many Requests, request id: 8f00aa-AMS',
  ],
  ['server.error', '\u001b[31m■\u001b[0m exceeded retry limit, last status: 500 Internal Server Error'],
  ['server.error', 'exceeded retry limit, last status: 503 Service Unavailable'],
  [
    'auth.token_expired',
    'unexpected status 401 Unauthorized: {"detail":"Unauthorized"}, url: https://chatgpt.com/backend-api/codex/responses, cf-ray: a0-LHR',
  ],
  [
    'auth.wrong_endpoint_for_token',
    '■ unexpected status 401 Unauthorized: You have insufficient permissions for this operation. Missing scopes: api.responses.write. Check that you have the correct role, url: https://api.openai.com/v1/responses',
  ],
  [
    'network.edge_blocked',
    'unexpected status 403 Forbidden: <html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue</body></html>, url: https://chatgpt.com/backend-api/codex/responses',
  ],
  [
    'network.region_blocked',
    'unexpected status 403 Forbidden: {"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported"}}',
  ],
  [
    'server.error',
    'unexpected status 502 Bad Gateway: error code: 502, url: https://chatgpt.com/backend-api/codex/responses',
  ],
  // Tokens and logins.
  [
    'auth.refresh_token_reused',
    'Your access token couldn’t be refreshed because your refresh token was already used. Please log out and sign in again.',
  ],
  [
    'auth.refresh_token_reused',
    '2026-03-02T10:11:12.123456Z ERROR codex_login::auth::manager: Failed to refresh token: 401 Unauthorized: {"error":{"message":"Your refresh token has already been used to generate a new access token.","code":"refresh_token_reused"}}',
  ],
  [
    'auth.refresh_token_revoked',
    'stream error: Your access token could not be refreshed because your refresh token was revoked. Please log out and sign in again.',
  ],
  [
    'auth.account_mismatch',
    '> Your access token could not be refreshed because you have since logged out or signed in to another account. Please sign in again.',
  ],
  ['auth.not_logged_in', '$ codex login status\nNot logged in'],
  ['auth.callback_port_in_use', 'Error logging in: Port 127.0.0.1:1455 is already in use'],
  ['auth.callback_port_in_use', '$ codex login\nError logging in: Address already in use (os error 48)'],
  ['auth.device_code_disabled', 'Please contact your workspace admin to enable device code authentication'],
  [
    'auth.device_code_disabled',
    'Error logging in with device code: device code login is not enabled for this Codex server. Use the browser login or verify the server URL.',
  ],
  [
    'auth.token_exchange_failed',
    'Sign-in could not be completed\nToken exchange failed: error sending request for url (https://auth.openai.com/oauth/token)',
  ],
  [
    'auth.apikey_invalid',
    'unexpected status 401 Unauthorized: Incorrect API key provided: sk-proj-********abcd. You can find your API key at https://platform.openai.com/account/api-keys., url: https://api.openai.com/v1/responses',
  ],
  // Models and plans.
  [
    'model.unsupported_account',
    '{"type":"error","status":400,"error":{"type":"invalid_request_error","message":"The \'gpt-5.9-codex\' model is not supported when using Codex with a ChatGPT account."}}',
  ],
  [
    'model.unsupported_account',
    '[server] ERROR codex_acp::thread: Unhandled error during turn: {\\"detail\\":\\"The \'gpt-5.2\' model is not supported when using Codex with a ChatGPT account.\\"}',
  ],
  [
    'ratelimit.usage_limit',
    "■ You've hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro) or try again in 3 days 4 hours 12 minutes.",
  ],
  [
    'ratelimit.usage_limit',
    'You’ve hit your usage limit for GPT-6-Codex. Switch to another model now, or try again at Mar 3rd, 2026 4:05 PM.',
  ],
  [
    'context.window_exceeded',
    'stream disconnected before completion: Your input exceeds the context window of this model. Please adjust your input and try again.',
  ],
  // Streams and routes.
  [
    'server.error',
    'Stream disconnected before completion: An error occurred while processing your request. You can retry your request, or contact us through our help center at help.openai.com if the error persists. Please include the request ID 11111111-2222-3333-4444-555555555555 in your message.',
  ],
  [
    'network.stream_disconnected',
    'Reconnecting... 5/5 (31s • esc to interrupt)\n■ stream disconnected before completion: error sending request for url\n(https://chatgpt.com/backend-api/codex/responses)',
  ],
  [
    'network.stream_disconnected',
    '■ stream disconnected before completion: Transport error: network error: error decoding response body',
  ],
  [
    'network.stream_disconnected',
    'stream error: stream disconnected before completion: stream closed before response.completed; retrying 2/5 in 395ms…',
  ],
  ['network.stream_idle_timeout', 'stream disconnected before completion: idle timeout waiting for SSE'],
  [
    'network.tls_ca',
    'stream disconnected before completion: error sending request for url (https://chatgpt.com/backend-api/codex/responses): client error (Connect): invalid peer certificate: UnknownIssuer',
  ],
  [
    'network.dns',
    'stream disconnected before completion: error sending request for url (https://api.openai.com/v1/responses): client error (Connect): dns error: failed to lookup address information: Temporary failure in name resolution',
  ],
  // Local state.
  [
    'state.sqlite_locked',
    'Codex couldn’t start because another Codex process is using its local data.\nQuit any other copies of Codex that may still be running, then try again.',
  ],
  [
    'state.sqlite_locked',
    'ERROR: failed to initialize sqlite local db at /Users/x/.codex/state_5.sqlite: failed to initialize state runtime at /Users/x/.codex: failed to open log DB: error returned from database: (code: 5) database is locked',
  ],
  [
    'state.sqlite_migration',
    'Error: failed to initialize sqlite state runtime under /mnt/c/Users/u/.codex\nmigration 1 was previously applied but has been modified',
  ],
  [
    'state.sqlite_migration',
    'Cause: failed to migrate state DB: while executing migration 53: error returned from database: (code: 1) duplicate column name: originator\nLocation: /home/u/.codex/state_5.sqlite',
  ],
  [
    'state.sqlite_corrupt',
    'failed to initialize state runtime at C:\\Users\\u\\.codex: error returned from database: (code: 11) database disk image is malformed',
  ],
  [
    'state.disk_full',
    'failed to record rollout items: failed to queue rollout items: No space left on device (os error 28) ~/.codex/sessions/2026/03/04/rollout-2026-03-04.jsonl',
  ],
  // Sandboxes.
  [
    'sandbox.userns_blocked',
    '$ codex sandbox linux -- pwd\nbwrap: loopback: Failed RTM_NEWADDR: Operation not permitted',
  ],
  ['sandbox.userns_blocked', 'bwrap: Failed to make / slave: Permission denied'],
  [
    'sandbox.landlock_unsupported',
    "thread 'main' panicked at linux-sandbox/src/linux_run_main.rs:30:9:\nerror running landlock: Sandbox(LandlockRestrict)",
  ],
  [
    'sandbox.windows_setup',
    'CreateProcess: Rejected("Failed to create unified exec process:\nhelper_unknown_error: setup refresh had errors")',
  ],
  [
    'sandbox.windows_setup',
    'execution error: Io(Custom { kind: Other, error: "windows sandbox: runner error: CreateProcessAsUserW failed: 1920" })',
  ],
  ['sandbox.windows_setup', 'windows sandbox failed: spawn setup refresh'],
  // MCP servers.
  [
    'mcp.handshake_failed',
    '⚠ MCP client for `exa` failed to start: MCP startup failed: handshaking with MCP server failed: connection closed:\n  initialize response',
  ],
  [
    'mcp.handshake_failed',
    'Error: thread/start failed: Fatal error: Failed to initialize session: required MCP servers failed to initialize: dbx: handshaking with MCP server failed: connection closed: initialize response (code -32603)',
  ],
  [
    'mcp.startup_timeout',
    '⚠ MCP client for `docs` timed out after 30 seconds. Add or adjust `startup_timeout_sec` in your config.toml:\n[mcp_servers.docs]\nstartup_timeout_sec = XX',
  ],
  [
    'mcp.command_not_found',
    'MCP client for `fs` failed to start: MCP startup failed: No such file or directory (os error 2)',
  ],
  // Remote control.
  [
    'remote.enrollment_errored',
    'Error: Remote control is enabled on MacBook-Pro-3 but the connection is errored.',
  ],
  [
    'remote.enrollment_errored',
    'Pairing code unavailable: remote control pairing is unavailable until enrollment completes.',
  ],
  [
    'remote.enrollment_errored',
    'remoteControl/pairing/start failed: remote control pairing is unavailable until enrollment completes',
  ],
  // Configuration and installs.
  [
    'config.toml_syntax',
    'Error loading config.toml:\n/home/u/.codex/config.toml:7:1: key with no value, expected `=`',
  ],
  [
    'config.invalid_value',
    'Error: Error loading configuration: unknown variant `foo`, expected one of `untrusted`, `on-failure`, `on-request`, `never`\nin `approval_policy`',
  ],
  [
    'install.binary_missing',
    'file:///opt/n/lib/node_modules/@openai/codex/bin/codex.js:101\n    throw new Error(`Missing optional dependency @openai/codex-linux-x64. Reinstall Codex: npm install -g @openai/codex@latest`);',
  ],
  // As people tell it.
  [
    'remote.mfa_required',
    'iOS gets as far as "Authorize Codex on this device", then: Setup failed. Couldn\'t finish secure setup. Try again.',
  ],
  [
    'remote.mfa_required',
    'Codex mobile: remote control says multi-factor authentication must be turned on for this account before a device can be added',
  ],
  [
    'remote.workspace_policy',
    'Remote Control is turned off for this workspace. Ask your workspace admin to enable Codex remote control.',
  ],
  [
    'remote.requires_chatgpt_login',
    'Error: remote control requires ChatGPT authentication; API key auth is not supported',
  ],
  [
    'remote.server_unknown',
    'remote control server refresh failed: HTTP 404 Not Found {"detail":"remote control server not found"}',
  ],
  [
    'remote.server_conflict',
    'codex app-server: failed to connect app-server remote control websocket: HTTP 409 Conflict, Remote app server already online',
  ],
  [
    'remote.client_revoked',
    'POST /wham/remote/control/client/enroll/start -> 403 {"detail":{"error":{"code":"remote_control_client_revoked"}}}',
  ],
  [
    'remote.presence_stale',
    'The ChatGPT app on my phone shows the Mac as offline although codex remote-control says it is available and connected',
  ],
  [
    'remote.socket_or_daemon',
    'codex remote-control start: Error: failed to connect to app-server control socket /home/u/.codex/app-server-control/app-server-control.sock: Connection refused (os error 111)',
  ],
  [
    'remote.identity_collision',
    'After cloning the VM both machines have the same installation_id and only one of them shows up under Codex remote environments',
  ],
  [
    'auth.refresh_token_revoked',
    'Failed to refresh token: 400 Bad Request: {"error":{"code":"refresh_token_invalidated","message":"Your session has ended. Please log in again."}} (codex)',
  ],
  [
    'auth.credentials_malformed',
    'codex login status\nError checking login status: EOF while parsing a value at line 1 column 0 (~/.codex/auth.json)',
  ],
  [
    'auth.credential_store',
    'Error: failed to write OAuth tokens to keyring: Platform secure storage failure: no Secret Service (codex login)',
  ],
  [
    'auth.callback_unreachable',
    'codex login over SSH: the browser ends at http://localhost:1455/auth/callback?code=… "This site can’t be reached", ERR_CONNECTION_REFUSED',
  ],
  [
    'auth.callback_port_in_use',
    'codex login: failed to bind 127.0.0.1:1455: An attempt was made to access a socket in a way forbidden by its access permissions. (os error 10013)',
  ],
  [
    'auth.login_rate_limited',
    'Error logging in with device code: device auth failed with status 429 Too Many Requests',
  ],
  [
    'auth.plan_not_eligible',
    'unexpected status 403 Forbidden: To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus',
  ],
  [
    'auth.apikey_conflict',
    'I am logged in with ChatGPT but Codex still bills my OPENAI_API_KEY from .zshrc instead of the subscription',
  ],
  [
    'config.invalid_model',
    'unexpected status 404 Not Found: The model `gpt-9-turbo-codex` does not exist or you do not have access to it., url: https://api.openai.com/v1/responses',
  ],
  [
    'config.forced_login_mismatch',
    'Error: ChatGPT login is required, but an API key is currently being used. Logging out. (codex)',
  ],
  ['config.cloud_requirements', 'Error loading configuration: failed to load your workspace-managed config'],
  ['config.home_invalid', 'Error: CODEX_HOME points to "/data/codex", but that path does not exist'],
  ['config.untrusted_dir', 'Not inside a trusted directory and --skip-git-repo-check was not specified.'],
  [
    'config.deprecated_field',
    '⚠ `[features].web_search_request` is deprecated. Use `web_search` instead. (config.toml)',
  ],
  ['ratelimit.credits_exhausted', '■ Your workspace is out of credits. Add credits to continue using Codex.'],
  [
    'provider.local_endpoint_down',
    '■ stream disconnected before completion: error sending request for url (http://localhost:11434/v1/responses)',
  ],
  [
    'network.proxy',
    'codex: error sending request for url (https://chatgpt.com/backend-api/codex/responses): client error (Connect): tunnel error: unsuccessful: 407 Proxy Authentication Required',
  ],
  [
    'session.encrypted_content',
    '{"error":{"message":"The encrypted content gAAA… could not be verified.","type":"invalid_request_error","code":"invalid_encrypted_content"}}',
  ],
  [
    'safety.flagged',
    'This content was flagged for possible cybersecurity risk. If this seems wrong, try rephrasing your request. (codex, gpt-6-codex)',
  ],
  [
    'state.backfill_timeout',
    'Codex cannot access its local database. Most recent error: timed out waiting for state db backfill at C:\\Users\\u\\.codex after 30s (status: running)',
  ],
  [
    'state.rollout_missing',
    'Error: thread/resume failed: no rollout found for thread id 019e8731-0000-7000-8000-000000000000',
  ],
  [
    'state.history_hidden',
    'After switching model_provider all my old Codex sessions are gone from codex resume, the jsonl files are still in ~/.codex/sessions',
  ],
  [
    'state.permission',
    'Error: failed to open log file /home/u/.codex/log/codex-tui.log: Permission denied (os error 13)',
  ],
  ['state.log_growth', '~/.codex/logs_2.sqlite has grown to 38 GB and codex keeps writing to it'],
  [
    'state.global_state_corrupt',
    'Codex desktop: SyntaxError: Unexpected end of JSON input while reading .codex-global-state.json',
  ],
  [
    'sandbox.bwrap_missing',
    '⚠ Codex could not find system bubblewrap at /usr/bin/bwrap. Please install bubblewrap with your package manager.',
  ],
  [
    'sandbox.seatbelt_nested',
    '$ sandbox-exec -f p.sb codex exec "ls"\nsandbox-exec: sandbox_apply: Operation not permitted',
  ],
  [
    'sandbox.landlock_unsupported',
    'codex: error applying legacy Linux sandbox restrictions: Sandbox(LandlockRestrict), kernel 5.4',
  ],
  ['mcp.auth_required', '⚠ The linear MCP server is not logged in. Run `codex mcp login linear`.'],
  [
    'install.permission',
    'npm error code EACCES\nnpm error path /usr/local/lib/node_modules/@openai/codex\nnpm error errno -13',
  ],
  [
    'install.platform_incompat',
    "$ codex --version\n/usr/local/bin/codex: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.39' not found (required by /usr/local/bin/codex)",
  ],
  [
    'install.spawn_shim',
    'Error: spawn codex ENOENT at ChildProcess._handle.onexit (node:internal/child_process:285:19) on Windows, where codex is C:\\Users\\u\\AppData\\Roaming\\npm\\codex.cmd',
  ],
  [
    'install.path_shadow',
    '`which codex` is /opt/homebrew/bin/codex 0.97.0 although npm install -g @openai/codex@latest just installed 0.169.0; codex --version still prints the old one',
  ],
  [
    'install.ide_process',
    'Codex VS Code extension: Codex app-server process exited unexpectedly (code=3221225477, signal=null)',
  ],
];

const OTHERS: readonly string[] = [
  "bwrap: Can't find source path /run/user/1000/doc: No such file or directory (flatpak run org.gimp.GIMP)",
  'unexpected status code 401 from registry: unauthorized: authentication required (docker pull ghcr.io/x/y)',
  'received unexpected status 502 Bad Gateway from registry-1.docker.io',
  'kubectl: Your access token could not be refreshed because of: oidc 400',
  'cargo publish: unexpected status 429 Too Many Requests from https://crates.io/api/v1/crates/new',
  'helm pull oci://x: unexpected status 401 Unauthorized',
  'git-lfs: Fatal error: unexpected status 403 Forbidden',
  'API Error: 401 {"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired"}} · Please run /login (claude)',
  'gemini: status 429 RESOURCE_EXHAUSTED, quota exceeded for model gemini-3-pro',
  'Claude Desktop: MCP server files failed to start: connection closed before initialize response',
  'Error: listen EADDRINUSE: address already in use :::3000',
  'home assistant recorder: (sqlite3.OperationalError) database is locked',
  'nix build: sandbox-exec: sandbox_apply: Operation not permitted',
  'npm error code EACCES\nnpm error path /usr/lib/node_modules/typescript',
  'steam: bwrap: No permissions to create a new namespace, likely because the kernel does not allow it',
  'GitHub Copilot: you have hit your usage limit, upgrade to Pro+',
  'cargo fetch: invalid peer certificate: UnknownIssuer',
  'webpack: Error: ENOSPC: no space left on device, write',
  'bluetoothctl: Failed to pair: org.bluez.Error.AuthenticationFailed, pairing failed',
  'rustup: error: could not download file: error sending request for url (https://static.rust-lang.org/dist): dns error',
  'model `llama-9` does not exist (ollama pull)',
  'MySQL: exceeded retry limit while connecting, status: 2002',
  'psql: error: could not connect: Address already in use (os error 98)',
  'fetch failed: 503 Service Unavailable while requesting https://registry.npmjs.org/left-pad',
  'Prometheus: unexpected status 502 Bad Gateway from alertmanager',
  'rclone: Failed to copy: googleapi: Error 403: User rate limit exceeded',
  'app_server.status is down (nagios check of our web app_server)',
];

const matcher = createMatcher();

describe('a text that the signatures were not written from', () => {
  it.each(VARIANTS)('is %s: %s', (id, text) => {
    const { verdict, matches } = matcher.explainText(text);
    expect({ id: matches[0]?.id, isOurs: verdict !== 'not-codex' }).toEqual({ id, isOurs: true });
  });

  it('is nearly always explained with confidence', () => {
    const unsure = VARIANTS.filter(([, text]) => matcher.explainText(text).verdict !== 'match');
    expect(unsure.map(([, text]) => text)).toEqual(['bwrap: Failed to make / slave: Permission denied']);
  });

  it.each(OTHERS)('is none of ours for sure: %s', (text) => {
    expect(matcher.explainText(text).verdict).not.toBe('match');
  });
});
