/**
 * Log lines without the conversation. Codex 0.133 and 0.169 write prompts, answers, commands and their output into their
 * logs: `codex_core::tools::router` even at level ERROR, others at INFO and below, and all of it in the spans and payloads
 * of TRACE. So a line is kept by its structure: from parts of Codex that never see what is said, at INFO and above. Of
 * every other line the time, the level, the part and the ids stay, by which OpenAI finds a request.
 */
import type { LogLine } from '../codex/log-files.ts';
import { type LogLineParts, logLineParts, logRowParts } from '../codex/log-line.ts';

/** What stands in the place of a text. */
export const LEFT_OUT = '(left out: it may quote the conversation)';

/** Parts of Codex (and of its libraries) that deal with connections, logins, settings, files and databases alone. */
const SPEAKS_FOR_ITSELF = new RegExp(
  `^(?:${[
    'codex_(?:api::endpoint::responses(?:_websocket)?|api::files|client|http_client|login|cli|cloud_requirements|config|features|file_watcher|keyring_store|lmstudio|ollama|model_provider|models_manager|network_proxy|rollout|state|terminal_detection|core_plugins|core_skills|app_server_transport|app_server_daemon|app_server_client)',
    'codex_app_server::(?:config_manager|config|transport|attestation|mcp_refresh|request_processors::(?:account|config|initialize)_processor)',
    'codex_core::(?:auth|client|config|connectors|default_client|exec_policy|models_manager|responses_retry|rollout|session::turn|session_startup_prewarm|shell_snapshot|state_db|thread_manager)',
    'codex_mcp::(?:connection_manager|mcp::auth)',
    'codex_otel::(?:metrics|provider)',
    '(?:hyper|hyper_util|h2|reqwest|rustls|sqlx|tungstenite|tokio_tungstenite|opentelemetry\\w*)',
  ].join('|')})(?:$|::)|^codex_(?:core|app_server)$`,
);
/** Ids in spans and messages; what stands between the name and the value is one of `=`, `: `, `":"`. */
const IDS =
  /\b(?:x-)?(?:request|thread|conversation|session|turn|submission|connection)[._ -]?id["']?\s?[=:]\s?["']?(?=[A-Za-z_-]{0,80}\d)[A-Za-z0-9_-]{6,80}|\bcf-ray["']?\s?[=:]\s?["']?[A-Za-z0-9-]{6,40}/gi;

/** The same lines, in the same order and places, without what may be quoted from a conversation. */
export function withoutConversation(lines: readonly LogLine[]): readonly LogLine[] {
  return lines.map((line) => ({
    ...line,
    text: line.source === 'db' ? shown(logRowParts(line.text), line.text) : lineShown(line.text),
  }));
}

/** What has no head of its own goes on a message above it, or was printed by somebody else. */
function lineShown(line: string): string {
  if (line.startsWith('{')) return shown(jsonParts(line), line);
  const parts = logLineParts(line);
  if (parts.head !== null) return shown(parts, line);
  return /^thread '[\w-]{1,40}'(?: \(\d+\))? panicked at [\w./:-]{1,200}/.exec(line)?.[0] ?? LEFT_OUT;
}

/** `LOG_FORMAT=json`, as the daemon of remote control is started. */
function jsonParts(line: string): LogLineParts {
  const member = (name: string) =>
    new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.){0,400})"`).exec(line)?.[1] ?? '';
  const head = { time: member('timestamp'), level: member('level') };
  return { head, spans: '', target: member('target'), message: member('message') };
}

/** Only warnings and errors are read of the database, so that a row needs no level. */
function shown({ head, spans, target, message }: LogLineParts, whole: string): string {
  const start = `${head === null ? '' : `${head.time} ${head.level} `}${target}:`;
  const isShown = SPEAKS_FOR_ITSELF.test(target) && /^(?:INFO|WARN|ERROR|FATAL)$/.test(head?.level ?? 'WARN');
  const ids = idsIn(isShown ? spans : whole);
  return [start, ...(isShown ? [...ids, message] : [LEFT_OUT, ...ids])].join(' ').trimEnd();
}

/** Each value once: Codex gives the same id under several names. */
function idsIn(text: string): readonly string[] {
  const found = new Map<string, string>();
  for (const [whole] of text.matchAll(IDS)) {
    const id = whole.replaceAll(/["']/g, '');
    const value = id.replace(/^.*[=:]\s?/, '');
    if (!found.has(value)) found.set(value, id);
  }
  return [...found.values()].slice(0, 6);
}
