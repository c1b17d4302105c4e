/** No generated secret survives redaction, wherever it is planted; what is no secret stays readable. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor, redact, redactValue } from '../../src/storage/redact.ts';

const from = (alphabet: string, min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const ALNUM = `${LOWER}${LOWER.toUpperCase()}0123456789`;
const URL64 = `${ALNUM}-_`;

const base64url = fc
  .uint8Array({ minLength: 12, maxLength: 60 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const jwt = fc
  .tuple(fc.constantFrom('RS256', 'HS256', 'none'), fc.emailAddress(), base64url)
  .map(([alg, email, signature]) => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg, typ: 'JWT' })}.${part({ email, sub: 'x' })}.${signature}`;
  });
/** Recognised by their shape alone. */
const shaped = fc.oneof(
  jwt,
  from(ALNUM, 16, 60).map((text) => `sk-${text}`),
  from(URL64, 16, 80).map((text) => `sk-proj-${text}`),
  from(URL64, 16, 60).map((text) => `rt_${text}`),
  from(ALNUM, 16, 40).map((text) => `sess-${text}`),
  from(ALNUM, 36, 36).map((text) => `ghp_${text}`),
  from(`${ALNUM}_`, 30, 80).map((text) => `github_pat_${text}`),
  from(`${ALNUM}-`, 20, 50).map((text) => `xoxb-${text}`),
  from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16, 16).map((text) => `AKIA${text}`),
);
/** Anything may be a password; only its place tells. */
const anything = from(`${ALNUM}!#$%*+-./:=?@^_~`, 6, 40);

/** Places in which the name or the syntax says that a secret stands. */
const PLACES: readonly ((secret: string) => string)[] = [
  (s) => `{"access_token":"${s}","n":1}`,
  (s) => `{\n  "refreshToken": "${s}"\n}`,
  (s) => `"{\\"client_secret\\":\\"${s}\\",\\"n\\":1}"`,
  (s) => `experimental_bearer_token = "${s}" # comment`,
  (s) => `password = '${s}'`,
  (s) => `http_headers = { "X-Api-Key" = "${s}" }`,
  (s) => `OPENAI_API_KEY="${s}" codex exec`,
  (s) => `Cookie: session=${s}; path=/`,
  (s) => `curl -H "Authorization: Bearer ${s}" https://api.example.com`,
  (s) => `Auth { refresh_token: Some("${s}"), id: 7 }`,
  (s) => `tool --api-key "${s}" --verbose`,
  (s) => `https://h.example/cb?code=${encodeURIComponent(s)}&x=1`,
  (s) => `-----BEGIN OPENSSH PRIVATE KEY-----\n${s}\n-----END OPENSSH PRIVATE KEY-----`,
];

const before = fc.constantFrom('', 'error: ', '2025-11-21T03:18:00Z WARN ', '[a] (', 'é😀 ');
const after = fc.constantFrom('', ' end', ') ok', '\nnext line', ', more');

describe('redaction', () => {
  it('takes out every secret that its shape gives away, in any text', () => {
    fc.assert(
      fc.property(
        before,
        shaped,
        after,
        fc.constantFrom('', '"', "'", '`', '<'),
        (head, secret, tail, quote) => {
          const result = redact(`${head}${quote}${secret}${quote}${tail}`);
          expectGone(result, secret);
          expect(redact(result)).toBe(result);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes out every value that its name or place gives away', () => {
    fc.assert(
      fc.property(
        before,
        fc.oneof(anything, shaped),
        after,
        fc.constantFrom(...PLACES),
        (head, secret, tail, place) => {
          const result = redact(head + place(secret) + tail);
          expectGone(result, secret);
          expectGone(result, encodeURIComponent(secret));
          expect(redact(result)).toBe(result);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('takes out every e-mail address', () => {
    fc.assert(
      fc.property(before, fc.emailAddress(), after, (head, email, tail) => {
        const [, domain = ''] = email.split('@');
        expect(redact(`${head}${email}${tail}`)).not.toContain(domain);
        expect(JSON.stringify(redactValue({ a: [email], [email]: 1 }))).not.toContain(domain);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes out secrets of structures, however deep, and keeps their shape', () => {
    const secretMember = fc.tuple(
      fc.constantFrom('token', 'apiKey', 'password', 'cookie', 'x_secret'),
      fc.oneof(anything, shaped),
    );
    fc.assert(
      fc.property(
        secretMember,
        fc.array(fc.constantFrom('a', 'tokens', 'list', 'env')),
        ([name, secret], path) => {
          const value = path.reduceRight<unknown>(
            (inner, part) => (part === 'list' ? [inner] : { [part]: inner }),
            { [name]: secret, n: 1 },
          );
          const result = JSON.stringify(redactValue(value));
          expectGone(result, JSON.stringify(secret).slice(1, -1));
          expect(result).toContain('"n":1');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('takes out known secrets: whole, in part, and encoded', () => {
    const ways: readonly ((secret: string) => string)[] = [
      (s) => s,
      (s) => s.slice(3, 17),
      (s) => JSON.stringify(JSON.stringify(s)),
      (s) => encodeURIComponent(s),
      (s) => Buffer.from(s).toString('base64'),
      (s) => Buffer.from(`user:${s}`).toString('base64url'),
    ];
    fc.assert(
      fc.property(
        fc.string({ minLength: 20, maxLength: 60 }),
        fc.constantFrom(...ways),
        before,
        (secret, way, head) => {
          fc.pre(new Set(secret).size > 6);
          const { redact: clean } = createRedactor({ secrets: [secret] });
          const result = clean(`${head}${way(secret)} tail`);
          for (let at = 0; at + 12 <= secret.length; at++)
            expect(result).not.toContain(secret.slice(at, at + 12));
          for (const word of result.split(/[^A-Za-z0-9+/_=-]/)) {
            for (const encoding of ['base64', 'base64url'] as const) {
              expect(Buffer.from(word, encoding).toString()).not.toContain(secret.slice(4, 18));
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('keeps identifiers, paths and plain words', () => {
    const hex = (length: number) => from('0123456789abcdef', length, length);
    const kept = fc.oneof(
      fc.uuid(),
      hex(32).map((text) => `req_${text}`),
      hex(16).map((text) => `cf-ray: ${text}-FRA`),
      hex(64).map((text) => `sha256:${text}`),
      fc
        .array(from(LOWER, 1, 12), { minLength: 1, maxLength: 6 })
        .map((parts) => `/home/${parts.join('/')}/config.toml`),
      fc.array(from(LOWER, 1, 14), { minLength: 1, maxLength: 8 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(kept, (text) => {
        expect(redact(`seen ${text} there`)).toBe(`seen ${text} there`);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Not even eight characters in a row may be left. */
function expectGone(result: string, secret: string): void {
  for (let at = 0; at + 8 <= secret.length; at++) {
    const part = secret.slice(at, at + 8);
    if (/^(?:bearer|basic|redacted)/i.test(part)) continue;
    expect(result).not.toContain(part);
  }
  if (secret.length < 8) expect(result).not.toContain(secret);
}
