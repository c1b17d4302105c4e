/**
 * What leaves the machine goes through here: secrets by structure, by shape, by randomness and by value, and the user's
 * home folder, whose name is a person's. And the proof, made on the finished bytes: none of the values is left in them.
 */

import { redact } from '../storage/redact.ts';
import { redactEmails } from '../storage/redaction/emails.ts';
import { createKnownSecrets } from '../storage/redaction/known-secrets.ts';

export interface Scrubber {
  /** The text without secrets, the user's home folder as `~`. */
  text(text: string): string;
  /** A copy of plain data with every text in it scrubbed, the names of members too. Numbers stay: they are our own. */
  data<T>(value: T): T;
  /** Whether a known secret, or 12 characters of one, stands in the text as it is, or in what its base64 words hold. */
  hasSecret(text: string): boolean;
}

export interface ScrubberOptions {
  readonly secrets: readonly string[];
  readonly userHome: string;
}

/** Members of our own that name an account without telling who it is. */
const OWN_KEY = /^sha256:[0-9a-f]{64}$/;

export function createScrubber({ secrets, userHome }: ScrubberOptions): Scrubber {
  const known = createKnownSecrets(secrets);
  const scrub = (text: string) => {
    if (OWN_KEY.test(text)) return text;
    // Addresses first: a part of a secret may be the domain of one, whose name would then stand there alone.
    return withoutHome(redact(known(withoutEncoded(redactEmails(text), known))), userHome);
  };
  return {
    text: scrub,
    // The shape stays: members are copied one by one, and a text is replaced by a text.
    data: <T>(value: T) => walk(value, scrub) as T,
    hasSecret: (text) => known(text) !== text || withoutEncoded(text, known) !== text,
  };
}

function walk(value: unknown, scrub: (text: string) => string): unknown {
  if (typeof value === 'string') return scrub(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, scrub));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [scrub(name), walk(member, scrub)]),
  );
}

const BASE64_WORD = /[A-Za-z0-9+/_-]{16,}={0,2}/g;

/** Letters written as numbers: `\x41`, `\u0041`, `&#65;`, `&#x41;`, and a dump of bytes (`41 42 43`, `41:42:43`). */
const NUMBERED =
  /(?:(?:\\x|\\u00)[0-9a-f]{2}|&#x[0-9a-f]{2};|&#\d{2,3};|\b[0-9a-f]{2}(?:[ :-](?=[0-9a-f]{2}\b))?){8,}/gi;
const NUMBER = /(?:\\x|\\u00|&#x)([0-9a-f]{2});?|&#(\d{2,3});|([0-9a-f]{2})/gi;

function withoutNumbered(text: string, known: (text: string) => string): string {
  return text.replace(NUMBERED, (run) => {
    const plain = run.replace(NUMBER, (_, hex?: string, decimal?: string, byte?: string) =>
      String.fromCharCode(decimal === undefined ? Number.parseInt(hex ?? byte ?? '0', 16) : Number(decimal)),
    );
    const joined = plain.replaceAll(/[ :-]/g, '');
    return known(plain) === plain && known(joined) === joined ? run : '<redacted>';
  });
}

/** Words whose base64 content holds a secret, also encoded twice, letters as numbers, and runs of `%xx` that spell one. */
function withoutEncoded(text: string, known: (text: string) => string): string {
  const noNumbers = withoutNumbered(text, known);
  const noBase64 = noNumbers.replace(BASE64_WORD, (word) => (holds(word, known, 2) ? '<redacted>' : word));
  if (!/%[0-9a-f]{2}/i.test(noBase64)) return noBase64;
  return noBase64.replace(/[^\s"'`<>]{0,4096}%[0-9a-f]{2}[^\s"'`<>]{0,4096}/gi, (word) => {
    const plain = word.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return known(plain) === plain ? word : '<redacted>';
  });
}

function holds(word: string, known: (text: string) => string, depth: number): boolean {
  const inner = Buffer.from(word, 'base64').toString('latin1');
  if (known(inner) !== inner) return true;
  return depth > 1 && (inner.match(BASE64_WORD) ?? []).some((next) => holds(next, known, depth - 1));
}

function withoutHome(text: string, userHome: string): string {
  if (userHome.length < 2) return text;
  const escaped = JSON.stringify(userHome).slice(1, -1); // a Windows path inside JSON
  const short = text.replaceAll(userHome, '~');
  return escaped === userHome ? short : short.replaceAll(escaped, '~');
}
