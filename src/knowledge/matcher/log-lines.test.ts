import { describe, expect, it } from 'vitest';
import { createLogLineMatcher, type LogLine, matchLogLines } from './log-lines.ts';

const REUSED =
  'Failed to refresh token: Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.';
const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({
  atMs: null,
  source: 'tui',
  where: 'log/codex-tui.log:1',
  text,
  ...more,
});
const match = createLogLineMatcher();

describe('matchLogLines', () => {
  it('groups the failures by id, the newest first, with the newest line as sample', async () => {
    const migration = 'ERROR codex_state: migration 1 was previously applied but has been modified';
    const found = await matchLogLines([
      line(`ERROR codex_core::auth: ${REUSED} a`, { atMs: 3_000, where: 'a:3' }),
      line(migration, { atMs: 9_000, source: 'database', where: 'logs#7' }),
      line(`ERROR codex_core::auth: ${REUSED} b`, { atMs: 5_000, where: 'a:5' }),
      line(`ERROR codex_core::auth: ${REUSED} c`, { atMs: null, where: 'a:6' }),
      line(`ERROR codex_core::auth: ${REUSED} d`, { atMs: 1_000, where: 'a:1' }),
    ]);
    expect(found).toEqual([
      {
        id: 'state.sqlite_migration',
        count: 1,
        firstAtMs: 9_000,
        lastAtMs: 9_000,
        sample: migration,
        where: 'logs#7',
        source: 'database',
      },
      {
        id: 'auth.refresh_token_reused',
        count: 4,
        firstAtMs: 1_000,
        lastAtMs: 5_000,
        sample: `ERROR codex_core::auth: ${REUSED} b`,
        where: 'a:5',
        source: 'tui',
      },
    ]);
  });

  it('shows no secret of the line, wherever the sample is cut', async () => {
    const token = `eyJhbGciOiJSUzI1NiJ9.${'Q2xhaW1z'.repeat(60)}.c2lnbmF0dXJl`;
    for (let padding = 0; padding < 400; padding += 13) {
      const [found] = await matchLogLines([
        line(`ERROR ${'x '.repeat(padding / 2)}{"access_token":"${token}"} ${REUSED}`),
      ]);
      expect(found?.id).toBe('auth.refresh_token_reused');
      expect(found?.sample).not.toContain('Q2xhaW');
    }
  });

  it.each([
    ['what the model wrote', `DEBUG SSE event: {"type":"response.output_text.delta","delta":"${REUSED}"}`],
    ['the output of a tool', `ERROR codex_core: {"type":"function_call_output","output":"${REUSED}"}`],
    ['a tool that is called', `INFO codex_core: ToolCall: shell {"command":["rg","${REUSED}"]}`],
    ['a tool call without level', `ToolCall: shell {"command":["rg","${REUSED}"]}`],
    ['what the user asked', `WARN codex_core: user_message: what does "${REUSED}" mean?`],
    ['a patch', `ERROR apply_patch: +  throw new Error("${REUSED}")`],
    ['a quiet level', `2026-11-21T03:18:00Z INFO codex_core::auth: ${REUSED}`],
    [
      'a quiet level in colour',
      `\u001b[2m2026-11-21T03:18:00Z\u001b[0m \u001b[32m INFO\u001b[0m codex_core::auth: ${REUSED}`,
    ],
    ['a quiet level in colour without a blank', `\u001b[32mDEBUG\u001b[0m codex_core::auth: ${REUSED}`],
    ['a quiet level in JSON', `{"timestamp":"2026-11-21T03:18:00Z","level":"DEBUG","message":"${REUSED}"}`],
    ['a line longer than any message', `ERROR ${REUSED} ${'x'.repeat(20_000)}`],
  ])('gives nothing on %s', (_, text) => {
    expect(match(line(text))).toEqual([]);
  });

  it('takes the level from the log where it names one', () => {
    expect(match(line(REUSED, { level: 'INFO' }))).toEqual([]);
    expect(match(line(REUSED, { level: 'ERROR' }))).toEqual(['auth.refresh_token_reused']);
    expect(match(line(`\u001b[31mERROR\u001b[0m ${REUSED}`))).toEqual(['auth.refresh_token_reused']);
  });

  it('gives nothing on a healthy log', async () => {
    const healthy = [
      '2026-11-21T03:18:00Z  INFO codex_core::codex: Codex starts, version 0.169.0, model gpt-5',
      '2026-11-21T03:18:01Z  WARN codex_core::config: a value of config.toml is not used: tui.notifications',
      '2026-11-21T03:18:02Z  WARN codex_core::mcp_connection_manager: MCP server docs takes long to start',
      '2026-11-21T03:18:03Z ERROR codex_core::exec: exec error: command exited with code 1',
      '2026-11-21T03:18:04Z  INFO feedback_tags: endpoint="/responses" auth_error="" status=200',
      '2026-11-21T03:18:05Z  WARN codex_core::util: Turn error was seen 0 times; token refresh is not due',
      '',
      'x',
    ];
    expect(await matchLogLines(healthy.map((text) => line(text)))).toEqual([]);
    expect(await matchLogLines([])).toEqual([]);
  });

  it('names what a line shows, not what only wraps it', () => {
    const ids = match(
      line(
        'ERROR codex_core::client: stream disconnected before completion: unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached"}}',
      ),
    );
    expect(ids).toContain('ratelimit.usage_limit');
    expect(ids).not.toContain('network.stream_disconnected');
  });
});
