/**
 * The one place that takes secrets out of what steward prints, stores in a listing, or sends: tokens, keys, passwords,
 * cookies, private keys, e-mail addresses. What helps to find a fault stays: paths, uuids, request and thread ids.
 *
 * When in doubt a string goes. Linear time, and redacting twice changes nothing.
 */
import { redactAssignments } from './redaction/assignments.ts';
import { redactEmails } from './redaction/emails.ts';
import { redactHighEntropy } from './redaction/entropy.ts';
import { createKnownSecrets } from './redaction/known-secrets.ts';
import { isSecretValue, type NameKind, nameKind, REDACTED } from './redaction/secret-names.ts';
import { redactShapes } from './redaction/shapes.ts';

export { REDACTED } from './redaction/secret-names.ts';

export interface Redactor {
  redact(text: string): string;
  /** A copy of plain JSON-like data, with member names redacted too. */
  redactValue(value: unknown): unknown;
}

/** The text without secrets. */
export function redact(text: string): string {
  if (text.length < 5) return text;
  return redactHighEntropy(redactEmails(redactAssignments(redactShapes(text))));
}

/** A copy of plain JSON-like data without secrets: by the names of members, and by the shape of strings. */
export function redactValue(value: unknown): unknown {
  return walk(value, 'none', redact);
}

/** Also blanks these values: whole, any part of 12 characters or more, and in JSON, URL and base64 encodings. */
export function createRedactor(options: { readonly secrets: readonly string[] }): Redactor {
  const blankKnown = createKnownSecrets(options.secrets);
  // Addresses first: a part of a secret may be the domain of one, whose name would then stand there alone.
  const both = (text: string) => redact(blankKnown(redactEmails(text)));
  return { redact: both, redactValue: (value) => walk(value, 'none', both) };
}

function walk(value: unknown, kind: NameKind, redactText: (text: string) => string): unknown {
  if (typeof value === 'string') return isSecretValue(kind, value, true) ? REDACTED : redactText(value);
  if (typeof value === 'number' || typeof value === 'bigint') {
    return kind === 'certain' ? REDACTED : value;
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, kind, redactText));
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return value;
  // Built from entries, so that a member called `__proto__` stays a member.
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const own = nameKind(name);
      // Every member of `cookies` or `secrets` is one; `tokens` also holds ids.
      const inherited = kind === 'certain' ? 'certain' : 'none';
      return [redactText(name), walk(member, own === 'none' ? inherited : own, redactText)];
    }),
  );
}
