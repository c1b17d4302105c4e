/** The error texts that posts show: in code, in quotes, in quotation marks, and in prose that is plainly a program's. */
import type { Passage } from './passages.ts';

const COMPLAINT =
  /\b(?:error|failed|failure|fails|panicked|exception|denied|forbidden|unauthorized|refused|timed? ?out|disconnected|unexpected status|not (?:found|permitted|supported|allowed)|invalid|cannot|can['’]?t|could ?n[o'’]t|could not|unable|malformed|missing|expired|revoked|already used|no (?:matching|such)|unavailable|incomplete|went wrong|did not|exceeded|blocked|corrupt\w*|(?:does|is|was|has|have)(?: not|n['’]t))\b|\bE(?:ACCES|PERM|NOENT|EXIST|CONN\w+|TIMEDOUT|ADDRINUSE|NOSPC|ROFS|MFILE|PIPE|TARGET)\b|\bERR_[A-Z_]+\b|\bHTTP [45]\d\d\b/i;
/** No person writes like this. */
const PROGRAM =
  /\bunexpected status \d{3}\b|\blast status:? \d{3}\b|\b[45]\d\d (?:Unauthorized|Forbidden|Not Found|Bad Request|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout)\b|\bstream (?:disconnected|closed) before\b|\berror sending request\b|\b(?:transport|network) error:|\bos error \d+|\(code: \d+\)|\berror code:? -?\d+\b|\btimed out after \d+|\bpanicked at\b|^npm err(?:or)?!? \S|^ERR_[A-Z_]{4,60}$/i;
const BEGINS =
  /^(?:[⚠✗✖■❌]\s*|\[?[\w.-]{1,30}\]?:? )?(?:(?:fatal |npm |internal |unhandled |most recent )*(?:error|fatal|panic|exception|warning|err!)\b[^:]{0,30}:|failed to \w+|error (?:loading|running|sending)\b|MCP \w+ .{0,60}(?:timed out|failed|incomplete))/i;
const QUOTED = /(?<![\w])["“]([^"“”\n]{18,400})["”]/g;
const SPAN = /(`{1,2})([^`]{1,400})\1/g;
/** Commands, programs and settings talk of errors too. */
const NO_ERROR =
  /^(?:[$#%>❯]\s|PS [A-Z]:|throw\b|at \S+[ (]|\/\/|if\b|else\b|const\b|let\b|return\b|import\b|from\b|def\b|fn\b|try\b|catch\b|grep\b|rg\b|curl\b|cat\b|rm\b|sudo\b|echo\b|npm (?!err)\w+|npx\b|codex (?:--?\w+|exec|login|logout|resume|mcp|doctor|app-server|remote-control|sandbox|auth)\b|\[[\w.]+\]$|[\w.]+\s*=\s|[+-]{1,3}\s)|^\^+$|\bA complete log of this run\b/i;

/** The error texts of one post, in order. `title`: an issue is often called by its error. */
export function errorTexts(passages: readonly Passage[], title: string): readonly string[] {
  const found: string[] = [];
  const wanted = bare(title);
  for (const { kind, text, heading, lead } of passages) {
    if (/\bexpect/i.test(heading)) continue;
    if (kind === 'code') {
      if (isError(text)) found.push(text);
      continue;
    }
    if (kind === 'quote') {
      if (isError(text) && (PROGRAM.test(text) || BEGINS.test(text))) found.push(text);
      continue;
    }
    const inside = [...quotedIn(text)].filter((each) => isError(each));
    const whole =
      !NO_ERROR.test(text) &&
      (BEGINS.test(text) ||
        PROGRAM.test(text) ||
        isTitle(bare(text), wanted) ||
        (COMPLAINT.test(text) &&
          /^(?:actual|errors?|output|observed messages?)\b[^.]{0,30}[:：]?$/i.test(lead || heading)));
    if (whole && !inside.some((each) => each.length > text.length * 0.6)) found.push(text);
    else found.push(...inside);
  }
  return found;
}

function* quotedIn(text: string): Generator<string> {
  for (const [, words = ''] of text.matchAll(QUOTED)) yield words;
  for (const [, , words = ''] of text.matchAll(SPAN)) {
    // A span is a name or a command more often than a message: a message has words.
    if (words.length >= 12 && /[a-z]{2,} [a-z]{2,} \S/i.test(words)) yield words;
  }
}

function isTitle(text: string, title: string): boolean {
  const [long, short] = text.length > title.length ? [text, title] : [title, text];
  return short.length >= 30 && COMPLAINT.test(short) && long.includes(short);
}

function isError(text: string): boolean {
  return text.length >= 12 && COMPLAINT.test(text) && !NO_ERROR.test(text);
}

function bare(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

/** Two texts are one error when they differ in numbers, ids and quotation marks alone. */
export function errorKey(text: string): string {
  return text
    .toLowerCase()
    .replace(/\b[0-9a-f]{6,}(?:-[0-9a-f]{2,}){0,8}\b|\d+/g, '0')
    .replace(/[`"'“”*]+/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}
