/** E-mail addresses become `a…@d…`: two of them can still be told apart, none can be written to. */
import { REDACTED } from './secret-names.ts';

const LOCAL = /[\p{L}\p{N}._%+'`!#$&*=?^{|}~/-]/u;
const DOMAIN = /[\p{L}\p{N}.-]/u;
/** A top-level domain, and not a version (`codex@0.133.0`) or a unit (`user@1000.service`). */
const ENDS_AS_DOMAIN = /\.(?!service$|socket$|slice$|scope$)(?:\p{L}{2,24}|xn--[a-z0-9-]+)\.?$/u;
const AT = /@|%40/gi;
/** No address is longer (RFC 5321, 4.5.3.1: 64 + 255). */
const MAX_LENGTH = 320;

/** The text with each e-mail address shortened; also `%40` of URLs. Linear: bounded work an `@`. */
export function redactEmails(text: string): string {
  let result = '';
  let done = 0;
  AT.lastIndex = 0;
  for (let at = AT.exec(text); at !== null; at = AT.exec(text)) {
    let start = at.index;
    while (start > done && at.index - start < MAX_LENGTH && LOCAL.test(text[start - 1] ?? '')) start--;
    // `name=a@b.c`, `path/a@b.c`: the address begins behind the last of these, which hardly any address contains.
    const local = text.slice(start, at.index);
    const cut =
      Math.max(...['=', '/', '?', '&', '|', '{', '`', "'"].map((mark) => local.lastIndexOf(mark))) + 1;
    if (cut < local.length) start += cut; // else the address is made of nothing but such marks
    let end = AT.lastIndex;
    while (end - AT.lastIndex < MAX_LENGTH && DOMAIN.test(text[end] ?? '')) end++;
    const domain = text.slice(AT.lastIndex, end).replace(/[.-]+$/, '');
    end = AT.lastIndex + domain.length;
    if (!ENDS_AS_DOMAIN.test(domain) || (start === at.index && !isBlankedName(text, start))) continue;
    if (text.slice(start, at.index) === 'git') continue; // `git@github.com:owner/name` names a repository
    const name = start === at.index ? '' : `${first(text, start)}…`;
    result += `${text.slice(done, start)}${name}@${first(text, AT.lastIndex)}…`;
    done = end;
    AT.lastIndex = end;
  }
  return result + text.slice(done);
}

/** A name with the shape of a key is blanked before; behind `:` or `/` it is the user of an URL, whose host stays. */
function isBlankedName(text: string, end: number): boolean {
  const start = end - REDACTED.length;
  return text.startsWith(REDACTED, start) && !/[:/]/.test(text[start - 1] ?? '');
}

function first(text: string, index: number): string {
  return String.fromCodePoint(text.codePointAt(index) ?? 0x3f);
}
