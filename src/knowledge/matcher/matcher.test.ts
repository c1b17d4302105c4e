import { describe, expect, it } from 'vitest';
import { createMatcher } from './matcher.ts';

const matcher = createMatcher();
const explain = (text: string) => matcher.explainText(text);
const ids = (text: string) => explain(text).matches.map((match) => match.id);

const REUSED =
  'Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.';
const MFA =
  'remote control failed: 403 Forbidden: {"detail":{"code":"mfa_required","message":"Multi-factor authentication is required to use Codex remote control."}}';
const LIMIT = `{"error":{"type":"usage_limit_reached","message":"The usage limit has been reached","plan_type":"plus","resets_at":1795269900}}`;
const WRAPPED_LIMIT = `ERROR: stream disconnected before completion: unexpected status 429 Too Many Requests: ${LIMIT}, url: https://chatgpt.com/backend-api/codex/responses`;
const GLIBC = "node: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.39' not found (required by ./codex)";

describe('explainText', () => {
  it.each([
    [REUSED, 'auth.refresh_token_reused'],
    [
      'Failed to refresh token: 401 Unauthorized: {"error":{"code":"refresh_token_reused"}}',
      'auth.refresh_token_reused',
    ],
    [MFA, 'remote.mfa_required'],
    [
      'Error: failed to initialize sqlite state db: migration 1 was previously applied but has been modified',
      'state.sqlite_migration',
    ],
    [
      'codex: error sending request for url (https://chatgpt.com/backend-api/codex/responses): invalid peer certificate: UnknownIssuer',
      'network.tls_ca',
    ],
    [WRAPPED_LIMIT, 'ratelimit.usage_limit'],
    [
      "■ You've hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro) or try again at 7:05 PM.",
      'ratelimit.usage_limit',
    ],
    ['Codex: Port 127.0.0.1:1455 is already in use', 'auth.callback_port_in_use'],
    [
      "codex: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.39' not found (required by codex)",
      'install.platform_incompat',
    ],
    [
      'Error loading config.toml: ~/.codex/config.toml:3:9 TOML parse error at line 3, column 9',
      'config.toml_syntax',
    ],
    ['codex-linux-sandbox: bwrap: setting up uid map: Permission denied', 'sandbox.userns_blocked'],
    ['no rollout found for thread id 0199a1b2-0000-7000-8000-000000000001', 'state.rollout_missing'],
    [
      'Error: Missing optional dependency @openai/codex-linux-x64. Reinstall Codex: npm install -g @openai/codex@latest',
      'install.binary_missing',
    ],
  ])('knows %j', (text, id) => {
    const { verdict, matches } = explain(text);
    expect(verdict).toBe('match');
    expect(matches[0]?.id).toBe(id);
    expect(matches[0]?.score).toBeGreaterThanOrEqual(0.5);
    expect(matches[0]?.evidence.length).toBeGreaterThan(0);
  });

  it('lets the most exact evidence win over the wrapper around it', () => {
    const { matches } = explain(`Reconnecting... 1/5\nReconnecting... 5/5\n${WRAPPED_LIMIT}`);
    expect(matches[0]?.id).toBe('ratelimit.usage_limit');
    const wrapper = matches.find((match) => match.id === 'network.stream_disconnected');
    expect(wrapper?.score ?? 0).toBeLessThan((matches[0]?.score ?? 0) / 1.5);
    expect(
      ids(
        `Reconnecting... 2/5\nstream disconnected before completion: error sending request for url (https://chatgpt.com/backend-api/codex/responses): client error (Connect): invalid peer certificate: UnknownIssuer`,
      )[0],
    ).toBe('network.tls_ca');
  });

  it('tells one 403 from another', () => {
    expect(ids(MFA)[0]).toBe('remote.mfa_required');
    expect(
      ids(
        'codex: unexpected status 403 Forbidden: {"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported"}}',
      )[0],
    ).toBe('network.region_blocked');
    expect(
      ids(
        'codex: unexpected status 403 Forbidden: <html><head><title>Just a moment...</title></head><body>Enable JavaScript and cookies to continue, Cloudflare</body></html>',
      )[0],
    ).toBe('network.edge_blocked');
  });

  it('finds several failures in one text', () => {
    const found = ids(
      `codex 0.169.0\n${REUSED}\n\nlater:\nError: failed to initialize sqlite state db: migration 1 was previously applied but has been modified\n`,
    );
    expect(found.slice(0, 2).sort()).toEqual(['auth.refresh_token_reused', 'state.sqlite_migration']);
  });

  it('counts repeated lines and tells when the first and the last were written', () => {
    const line = (clock: string, turn: number) =>
      `2026-11-21T${clock}Z ERROR codex_core: turn ${turn}: ${REUSED}`;
    const { matches } = explain(
      ['codex starts', line('03:20:00', 7), 'idle', line('03:18:00', 3), line('03:31:09', 12)].join('\n'),
    );
    expect(matches[0]?.evidence).toEqual([
      {
        line: 2,
        text: line('03:20:00', 7),
        count: 3,
        firstAtMs: Date.UTC(2026, 10, 21, 3, 18),
        lastAtMs: Date.UTC(2026, 10, 21, 3, 31, 9),
      },
    ]);
  });

  it('never shows a secret that stands in the line', () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${'Q2xhaW1z'.repeat(30)}.c2lnbmF0dXJl`;
    const shown = JSON.stringify(
      explain(`codex: ${REUSED} {"access_token":"${token}","email":"ann@example.com"}`),
    );
    expect(shown).toContain('refresh token was already used');
    expect(shown).not.toMatch(/Q2xhaW1z|ann@/);
  });

  it('never answers surely on a message that any program prints, without a sign of Codex', () => {
    for (const text of [
      GLIBC.replace('./codex', './server'),
      'sqlite3.OperationalError: database is locked',
      'Error: EACCES: permission denied, mkdir /usr/local/lib/node_modules',
      'OSError: [Errno 98] Address already in use',
      'curl: (6) Could not resolve host: example.com',
      'write error: No space left on device (os error 28)',
    ]) {
      expect(explain(text).verdict, text).not.toBe('match');
    }
    expect(explain(GLIBC).verdict).toBe('match');
  });

  it('says of the errors of other tools that they are not Codex', () => {
    for (const text of [
      'TeamViewer: your license limits the maximum session duration to a partner',
      'Claude Code: API Error 529 overloaded_error',
      'gemini-cli: quota exceeded, please try again later',
      'error: terraform init failed to query available provider packages',
      'a poem about the sea',
      '',
      ' \n\t\n',
    ]) {
      const { verdict, matches, next } = explain(text);
      expect([verdict, matches], text).toEqual(['not-codex', []]);
      expect(next).toBeTruthy();
    }
  });

  it('says what to send next where it is not sure', () => {
    const { verdict, matches, next } = explain('codex behaves strangely today');
    expect([verdict, matches]).toEqual(['unsure', []]);
    expect(next).toMatch(/steward explain --last/);
    const generic = explain('bwrap: setting up uid map: Permission denied');
    expect(generic.verdict).toBe('unsure');
    expect(generic.matches[0]?.id).toBe('sandbox.userns_blocked');
    expect(generic.next).toMatch(/paste the command/);
  });
});
