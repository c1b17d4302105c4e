/**
 * Secrets that their name gives away: `token = "…"`, `"access_token":"…"` (also escaped inside a string),
 * `Authorization: Bearer …`, `Cookie: a=b; c=d`, `--api-key …`, `?code=…`, `refresh_token: Some("…")`.
 *
 * One pass: names are found by a pattern of bounded length that starts at word boundaries only, the end of a value by
 * scanning forward, and the search goes on behind the value. So the time is linear in the text, whatever stands in it.
 */
import { isSecretValue, nameKind, REDACTED } from './secret-names.ts';

/** Name, closing quote of a quoted name, separator. `--name value` has a blank as separator. */
const NAME =
  /(?<![A-Za-z0-9_])(?:--([A-Za-z][\w-]{1,100})[ \t]{1,4}(?![-\s])|([A-Za-z_][\w-]{0,100})(?:\\{0,7}["'`])?\s{0,8}(?::=|=>|:|=)\s{0,8})/g;
const WRAPPER = /(?:Some\(|Secret\(|SecretString\(|String\(|\[\s{0,8}){1,3}/y;
const OPENING = /\\{0,7}(?:"""|'''|["'`])/y;
/** Up to a blank or quote; punctuation ends it only where a blank, a quote or nothing follows. */
const BARE = /(?:[^\s"'`&\\,;)}\]]|[,;)}\]](?=[^\s"'`&\\,;)}\]])|\\(?!["'nrt]))+/y;
const SCHEME = /(?:Bearer|Basic|Digest|Negotiate|Token|AgentAssertion)\s{1,4}/iy;
const REST_OF_LINE = /[^\r\n"'`]+/y;
const NEXT_ITEM = /\s{0,8},\s{0,8}(?=\\{0,7}["'])/y;

/** The text with the values of secret names replaced. */
export function redactAssignments(text: string): string {
  let result = '';
  let done = 0;
  NAME.lastIndex = 0;
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    const name = match[1] ?? match[2] ?? '';
    const before = text[match.index - 1];
    const kind = nameKind(name, before === '?' || before === '&' || before === '#');
    if (kind === 'none') continue;
    const lower = name.toLowerCase();
    let position = skip(WRAPPER, text, NAME.lastIndex);
    const isList = position > NAME.lastIndex;
    for (;;) {
      const value = valueAt(text, position, lower);
      if (value === undefined) break;
      if (isSecretValue(kind, text.slice(value.start, value.end), value.quoted)) {
        result += text.slice(done, value.start) + REDACTED;
        done = value.end;
      }
      position = value.next;
      const item = isList && value.quoted ? skip(NEXT_ITEM, text, position) : position;
      if (item === position) break;
      position = item;
    }
    NAME.lastIndex = Math.max(NAME.lastIndex, position);
  }
  return result + text.slice(done);
}

interface ValueRange {
  readonly start: number;
  readonly end: number;
  /** Behind the closing quote, if any. */
  readonly next: number;
  readonly quoted: boolean;
}

function valueAt(text: string, position: number, name: string): ValueRange | undefined {
  const start = skip(OPENING, text, position);
  if (start > position) {
    const quote = text.slice(position, start);
    const end = closingQuote(text, start, quote);
    return { start, end, next: Math.min(text.length, end + quote.length), quoted: true };
  }
  if (/[{[(]/.test(text[position] ?? '') || text.startsWith(REDACTED, position)) return undefined;
  const from = name.endsWith('authorization') ? skip(SCHEME, text, position) : position;
  const end = skip(name.endsWith('cookie') ? REST_OF_LINE : BARE, text, from);
  // A name without a value of its own (`tokens: {`, `token: "`) is looked into by what follows.
  return end === from ? undefined : { start: from, end, next: end, quoted: false };
}

/** Where the literal ends: at its quote, not escaped, or, in text that was cut off, at the end of the line or text. */
function closingQuote(text: string, start: number, quote: string): number {
  const isEscaped = quote.startsWith('\\');
  if (!isEscaped && quote.length === 3) {
    const end = text.indexOf(quote, start);
    return end === -1 ? text.length : end;
  }
  let backslashes = 0;
  let at = start;
  for (; at < text.length && text[at] !== '\n' && text[at] !== '\r'; at++) {
    // In a string within a string the quote `\"` ends at exactly as many backslashes as it began with.
    const isEnd = isEscaped ? backslashes === 0 : backslashes % 2 === 0 || quote === "'";
    if (isEnd && text.startsWith(quote, at)) return at;
    backslashes = text[at] === '\\' ? backslashes + 1 : 0;
  }
  return at;
}

/** Where the sticky pattern ends that starts at `position`; `position` when it does not match there. */
function skip(pattern: RegExp, text: string, position: number): number {
  pattern.lastIndex = position;
  return pattern.test(text) ? pattern.lastIndex : position;
}
