import type { FailureEntry } from '../types.ts';

export const AUTH: readonly FailureEntry[] = [
  {
    id: 'auth.token_expired',
    title: 'Token expired',
    fixClass: 'U',
    actor: 'you',
    cause:
      '401 from the ChatGPT backend, `token_expired`, or "could not be refreshed" with no exact reason; the login itself is the cause.',
    fix: {
      summary: '`codex logout`, `codex login`; check first that no key/base_url override is in force.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.refresh_token_reused',
    title: 'Refresh token reused',
    fixClass: 'U',
    actor: 'you',
    cause: '`refresh_token_reused`, "refresh token was already used / has already been used".',
    fix: {
      summary:
        'Restart the session (it may only hold an old copy); else log in again; then leave ONE process to refresh each login. Never retry the spent token.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.refresh_token_revoked',
    title: 'Refresh token revoked',
    fixClass: 'U',
    actor: 'you',
    cause: '"refresh token was revoked", `refresh_token_invalidated`, `token_revoked`.',
    fix: {
      summary: 'Log that account in again. Do not sign out in the app when switching accounts (it revokes).',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.account_mismatch',
    title: 'Account mismatch',
    fixClass: 'C',
    actor: 'you',
    cause:
      '"you have since logged out or signed in to another account"; a running process still uses the former account.',
    fix: {
      summary: 'Restart all Codex processes with the wanted account; sign in if it is not the stored one.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.credentials_malformed',
    title: 'Credentials malformed',
    fixClass: 'U',
    actor: 'you',
    cause: 'auth.json is incomplete: empty refresh token, missing id_token.',
    fix: { summary: 'Log in through Codex; do not import session-only tokens.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'auth.credential_store',
    title: 'Credential store',
    fixClass: 'C',
    actor: 'you',
    cause: 'Keyring/Secret Service missing or locked, so the login cannot be kept.',
    fix: {
      summary: 'Start/unlock the service or set the credential store to file; log in again.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.not_logged_in',
    title: 'Not logged in',
    fixClass: 'U',
    actor: 'you',
    cause:
      'No credential reaches the request: "Missing bearer…", "token data is not available", exec with only an exported key.',
    fix: { summary: '`codex login`, or `codex login --with-api-key` from stdin in CI.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'auth.apikey_conflict',
    title: 'Apikey conflict',
    fixClass: 'C',
    actor: 'you',
    cause:
      'A key (or base URL) in the environment or a stored login of the other kind wins over the wanted one.',
    fix: {
      summary:
        "Remove the losing source from Codex's environment (shell profile) or log out; restart the terminal.",
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.apikey_invalid',
    title: 'Apikey invalid',
    fixClass: 'U',
    actor: 'you',
    cause: '"Incorrect API key provided", `invalid_api_key`, "missing api key".',
    fix: {
      summary:
        'Set a valid key without quotes; if a companion wrote its local key, restore the provider it belongs to.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.wrong_endpoint_for_token',
    title: 'Wrong endpoint for token',
    fixClass: 'C',
    actor: 'you',
    cause: 'ChatGPT token sent to api.openai.com: "Missing scopes: api.responses.write".',
    fix: { summary: 'Remove the custom provider/base_url, or use an API key with it.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'auth.plan_not_eligible',
    title: 'Plan not eligible',
    fixClass: 'U',
    actor: 'you',
    cause: '"To use Codex with your ChatGPT plan, upgrade", `chatgpt_account_missing`.',
    fix: {
      summary: 'Choose the paid workspace, log out/in so the token carries the plan; then support.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.device_code_disabled',
    title: 'Device code disabled',
    fixClass: 'U',
    actor: 'you',
    cause:
      '"contact your workspace admin to enable device code authentication" / "Enable device code authorization for Codex".',
    fix: {
      summary:
        'Enable it in security/workspace settings; else browser login with a forwarded port, or API key.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.login_rate_limited',
    title: 'Login rate limited',
    fixClass: 'W',
    actor: 'wait',
    cause: '429 on the device-code or token endpoint during login.',
    fix: { summary: 'Wait with back-off; the credentials are not at fault.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'auth.callback_port_in_use',
    title: 'Callback port in use',
    fixClass: 'C',
    actor: 'you',
    cause: '"Address in use (os error 98)", "Port 127.0.0.1:1455 is already in use".',
    fix: {
      summary:
        'Name the owner; end it only if it is a stale login server; check Windows excluded port ranges; else device auth. Newer Codex falls back to 1457.',
      steps: [],
    },
    signals: [],
    references: [],
  },
  {
    id: 'auth.callback_unreachable',
    title: 'Callback unreachable',
    fixClass: 'U',
    actor: 'you',
    cause:
      'Browser reaches localhost:1455 and finds nothing (remote shell, container, helper did not start).',
    fix: { summary: 'Device auth, or forward 1455, or sign in with the CLI on the same machine.', steps: [] },
    signals: [],
    references: [],
  },
  {
    id: 'auth.token_exchange_failed',
    title: 'Token exchange failed',
    fixClass: 'U',
    actor: 'you',
    cause: 'Callback arrived, code-for-token exchange failed, no TLS/region/DNS evidence in the text.',
    fix: {
      summary:
        "Fresh login; then test the route of the Codex process (proxy, DNS, TLS) rather than the browser's.",
      steps: [],
    },
    signals: [],
    references: [],
  },
];
