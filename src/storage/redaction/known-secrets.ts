/** Blanks secrets that we know by value: whole, in part, and in the encodings in which they travel. */
import { REDACTED } from './secret-names.ts';

/** A part this long identifies a secret; shorter ones occur by chance. */
const PART = 12;
/** A shorter "secret" would blank half of the text. */
const MIN_SECRET = 5;

/** A function that blanks those values. Its time is linear in the text, whatever the number of secrets. */
export function createKnownSecrets(secrets: readonly string[]): (text: string) => string {
  const parts = new Set<string>();
  const short = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < MIN_SECRET) continue;
    for (const form of encodings(secret)) {
      if (form.length < PART) short.add(form);
      for (let at = 0; at + PART <= form.length; at++) parts.add(form.slice(at, at + PART));
    }
  }
  return (text) => {
    let result = text;
    for (const value of short) result = result.replaceAll(value, REDACTED);
    return parts.size === 0 ? result : blankParts(result, parts);
  };
}

function blankParts(text: string, parts: ReadonlySet<string>): string {
  let result = '';
  let done = 0;
  for (let at = 0; at + PART <= text.length; at++) {
    if (!parts.has(text.slice(at, at + PART))) continue;
    let end = at + PART;
    while (end < text.length && parts.has(text.slice(end - PART + 1, end + 1))) end++;
    result += text.slice(done, at) + REDACTED;
    done = end;
    at = end - 1;
  }
  return result + text.slice(done);
}

/**
 * As it is, in JSON, in a URL, in hexadecimal digits, and in base64 and base64url at each of the three positions at which it can stand inside
 * a longer encoded text (`user:secret`); characters that depend on the neighbours are cut off.
 */
function encodings(secret: string): Set<string> {
  const forms = new Set([secret, JSON.stringify(secret).slice(1, -1)]);
  const wellFormed = secret.replace(/[\uD800-\uDFFF]/gu, '\uFFFD'); // a lone surrogate cannot be encoded
  forms.add(encodeURIComponent(wellFormed));
  forms.add(new URLSearchParams({ v: wellFormed }).toString().slice(2));
  const bytes = Buffer.from(secret);
  forms.add(bytes.toString('base64'));
  forms.add(bytes.toString('base64url'));
  forms.add(bytes.toString('hex'));
  forms.add(bytes.toString('hex').toUpperCase());
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const start = shift === 0 ? 0 : shift + 1;
    const end = (shift + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
    const form = encoded.slice(start, end);
    if (form.length < MIN_SECRET + 2) continue;
    forms.add(form);
    forms.add(form.replaceAll('+', '-').replaceAll('/', '_'));
  }
  return forms;
}
