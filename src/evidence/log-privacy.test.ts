import { describe, expect, it } from 'vitest';
import type { LogLine } from '../codex/log-files.ts';
import { withoutConversation } from './log-privacy.ts';

const T = '2026-11-21T09:57:14.155318Z';
const SPANS =
  'session_loop{thread_id=0198e2f4-1111-7222-8333-444455556666}:turn{input="say } the SECRET plan" turn.id=0198e2f4-aaaa}: ';

function shown(...texts: readonly string[]): readonly string[] {
  const lines = texts.map(
    (text, index): LogLine => ({ atMs: 0, source: 'log', where: `/log/a.log:${index + 1}`, text }),
  );
  return withoutConversation(lines).map(({ text }) => text);
}

function row(text: string): string | undefined {
  return withoutConversation([{ atMs: 0, source: 'db', where: 'logs_2.sqlite, row 1', text }])[0]?.text;
}

describe('a log line without the conversation', () => {
  it('stays as it is, where connections, logins and files speak', () => {
    const lines = [
      `${T} ERROR codex_api::endpoint::responses_websocket: failed to connect to websocket: HTTP error: 426 Upgrade Required`,
      `${T}  WARN codex_core::responses_retry: stream disconnected - retrying (1/5), request id: req_0123456789`,
      `${T} ERROR codex_core: unexpected status 503 Service Unavailable, cf-ray: 8f1c2d3e4f5a6b7c-FRA`,
    ];
    expect(shown(...lines)).toEqual(lines.map((line) => line.replace(/ {2}WARN/, ' WARN')));
  });

  it.each([
    ['the output of a command, at ERROR', 'ERROR codex_core::tools::router: error=Exit code: 1'],
    ['the call of a tool', 'INFO codex_core::stream_events_utils: ToolCall: exec_command {"cmd":"SECRET"}'],
    ['telemetry', 'INFO codex_otel.log_only: event.name="codex.tool_result" arguments={"cmd":"SECRET"}'],
    ['a payload', 'TRACE codex_client::transport: POST {"input":"SECRET"}'],
    ['an event of the stream', 'TRACE codex_api::sse::responses: SSE event: {"delta":"SECRET"}'],
    ['the terminal', 'ERROR codex_tui::chatwidget: could not show SECRET'],
    ['an MCP server', 'ERROR codex_rmcp_client::logging_client_handler: SECRET'],
    ['a part nobody has seen', 'ERROR something_new::part: SECRET'],
  ])('keeps time, level, part and ids alone of %s', (_what, line) => {
    const [first, ...rest] = shown(
      `${T} ${line} SECRET request id: req_0123456789`,
      'SECRET output',
      '  SECRET more',
    );
    const [level, part] = /^(\w+) ([\w:.]+): /.exec(line)?.slice(1) ?? [];
    expect(first).toBe(
      `${T} ${level} ${part}: (left out: it may quote the conversation) request id: req_0123456789`,
    );
    expect(rest.join()).not.toContain('SECRET');
  });

  it('loses its spans, of which the ids stay, and what follows it without a head', () => {
    expect(shown(`${T} WARN ${SPANS}codex_core::client: falling back to HTTP`, 'look at SECRET')).toEqual([
      `${T} WARN codex_core::client: thread_id=0198e2f4-1111-7222-8333-444455556666 turn.id=0198e2f4-aaaa falling back to HTTP`,
      '(left out: it may quote the conversation)',
    ]);
    const named = 'app.request{a="SECRET"}:run_turn:stream_request: codex_core::client: falling back';
    expect(shown(`${T} WARN ${named}`, `${T} WARN run_turn: codex_tui::app: SECRET`)).toEqual([
      `${T} WARN codex_core::client: falling back`,
      `${T} WARN codex_tui::app: (left out: it may quote the conversation)`,
    ]);
    expect(shown(`${T} WARN codex_tui::app: codex_core::client: SECRET`).join()).not.toContain('SECRET');
    expect(shown(`${T} WARN ${SPANS.slice(0, 90)}`).join()).not.toContain('SECRET');
  });

  it('is judged in the database and in JSON by the same rules', () => {
    expect(row(`codex_core::tools::router: ${SPANS}error=Exit code: 1\nOutput:\nSECRET`)).toBe(
      'codex_core::tools::router: (left out: it may quote the conversation) thread_id=0198e2f4-1111-7222-8333-444455556666 turn.id=0198e2f4-aaaa',
    );
    expect(row(`codex_core::responses_retry: ${SPANS}retrying`)).toBe(
      'codex_core::responses_retry: thread_id=0198e2f4-1111-7222-8333-444455556666 turn.id=0198e2f4-aaaa retrying',
    );
    const json = (target: string) =>
      shown(
        `{"timestamp":"${T}","level":"WARN","fields":{"message":"said SECRET"},"target":"${target}","span":{"input":"SECRET"}}`,
      );
    expect(json('codex_tui::app')[0]).not.toContain('SECRET');
    expect(json('codex_app_server_transport::remote')).toEqual([
      `${T} WARN codex_app_server_transport::remote: said SECRET`,
    ]);
  });

  it('is left out where nothing tells what wrote it, but for the place of a panic', () => {
    expect(
      shown('a prompt in a file of its own', "thread 'main' panicked at core/src/x.rs:1:2: SECRET"),
    ).toEqual(['(left out: it may quote the conversation)', "thread 'main' panicked at core/src/x.rs:1:2:"]);
  });
});
