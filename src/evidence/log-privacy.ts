/**
 * Log lines without the conversation. Codex 0.133 and 0.169 write prompts, answers, commands and their output into their
 * logs: `codex_core::tools::router` even at level ERROR, others at INFO and below, and all of it in the spans and payloads
 * of TRACE. So a line is kept by its structure: from parts of Codex that never see what is said, at INFO and above. Of
 * every other line the time, the level, the part and the ids stay, by which OpenAI finds a request.
 */
import type { LogLine } from '../codex/log-files.ts';

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
const HEADER = /^(\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)\s+(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\s+/;
const TARGET = /^([a-z]\w*(?:(?:::|\.)\w+)*):\s?/;
const SPAN = /^[\w.:-]+\{/;
/** Ids in spans and messages; what stands between the name and the value is one of `=`, `: `, `":"`. */
const IDS =
  /\b(?:x-)?(?:request|thread|conversation|session|turn|submission|connection)[._ -]?id["']?\s?[=:]\s?["']?(?=[A-Za-z_-]{0,80}\d)[A-Za-z0-9_-]{6,80}|\bcf-ray["']?\s?[=:]\s?["']?[A-Za-z0-9-]{6,40}/gi;

/** The same lines, in the same order and places, without what may be quoted from a conversation. */
export function withoutConversation(lines: readonly LogLine[]): readonly LogLine[] {
  let [log, isOpen] = ['', false];
  return lines.map((line) => {
    const file = line.where.replace(/(?::\d+|, line \d+ from the end)$/, '');
    if (file !== log) [log, isOpen] = [file, false];
    const shown = line.source === 'db' ? rowShown(line.text) : lineShown(line.text, isOpen);
    isOpen = shown.goesOn;
    return { ...line, text: shown.text };
  });
}

interface Shown {
  readonly text: string;
  /** Whether lines without a head that follow belong to a message that is shown. */
  readonly goesOn: boolean;
}

/** A row stands as `target: spans: message`; only warnings and errors are ever read. */
function rowShown(text: string): Shown {
  const target = TARGET.exec(text);
  if (target === null) return { text: LEFT_OUT, goesOn: false };
  const [head, name = ''] = target;
  return shown(`${name}:`, name, 'WARN', text.slice(head.length));
}

function lineShown(line: string, isOpen: boolean): Shown {
  if (line.startsWith('{')) return jsonShown(line);
  const header = HEADER.exec(line);
  if (header === null) {
    const panic = /^thread '[\w-]{1,40}'(?: \(\d+\))? panicked at [\w./:-]{1,200}/.exec(line)?.[0];
    if (panic !== undefined) return { text: panic, goesOn: false };
    return { text: isOpen ? line : LEFT_OUT, goesOn: isOpen };
  }
  const [head, time = '', level = ''] = header;
  const { rest, ids } = withoutSpans(line.slice(head.length));
  const target = TARGET.exec(rest);
  const name = target?.[1] ?? '';
  return shown(`${time} ${level} ${name}:${ids}`, name, level, rest.slice(target?.[0].length ?? 0));
}

/** `LOG_FORMAT=json`, as the daemon of remote control is started. */
function jsonShown(line: string): Shown {
  const member = (name: string) =>
    new RegExp(`"${name}":"((?:[^"\\\\]|\\\\.){0,400})"`).exec(line)?.[1] ?? '';
  const [time, level, target] = [member('timestamp'), member('level'), member('target')];
  return shown(`${time} ${level} ${target}:`, target, level, member('message'), line);
}

function shown(head: string, target: string, level: string, rest: string, all = rest): Shown {
  const { rest: message, ids: fromSpans } = withoutSpans(rest);
  const isShown = /^(?:INFO|WARN|ERROR|FATAL)$/.test(level) && SPEAKS_FOR_ITSELF.test(target);
  if (isShown) return { text: `${head}${fromSpans} ${message}`.trimEnd(), goesOn: true };
  const ids = idsIn(all).filter((id) => !head.includes(id));
  return { text: `${head} ${LEFT_OUT}${ids.length === 0 ? '' : ` ${ids.join(' ')}`}`.trim(), goesOn: false };
}

/** Spans (`name{…}:name{…}: `) repeat what was asked; their ids stay. */
function withoutSpans(text: string): { readonly rest: string; readonly ids: string } {
  let at = 0;
  while (SPAN.test(text.slice(at, at + 200))) {
    const end = endOfSpan(text, text.indexOf('{', at));
    if (end === -1)
      return {
        rest: '',
        ids: idsIn(text)
          .map((id) => ` ${id}`)
          .join(''),
      }; // cut within a span
    at = end + 1;
    if (text[at] === ':') at++;
  }
  const ids = idsIn(text.slice(0, at));
  return { rest: text.slice(at).trimStart(), ids: ids.map((id) => ` ${id}`).join('') };
}

function endOfSpan(text: string, open: number): number {
  let [depth, isQuoted] = [0, false];
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '{') depth++;
    else if (!isQuoted && character === '}' && --depth === 0) return at;
  }
  return -1;
}

function idsIn(text: string): readonly string[] {
  const found = [...text.matchAll(IDS)].map(([whole]) => whole.replaceAll(/["']/g, ''));
  return [...new Set(found)].slice(0, 6);
}
