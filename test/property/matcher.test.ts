/** The matcher on any input: it answers, it leaks nothing, and what does not matter does not change the answer. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FAILURE_IDS } from '../../src/knowledge/ids.ts';
import { createLogLineMatcher, matchLogLines } from '../../src/knowledge/matcher/log-lines.ts';
import { createMatcher } from '../../src/knowledge/matcher/matcher.ts';
import type { Explanation } from '../../src/knowledge/matcher/verdict.ts';

const matcher = createMatcher();
const matchLine = createLogLineMatcher();

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

/** Messages in the general form of their failures, with what differs from one text to the next as parameters. */
const MESSAGES: Readonly<Record<string, (name: string, number: number) => string>> = {
  'auth.refresh_token_reused': (name, number) =>
    `codex ${name}: Failed to refresh token (attempt ${number}): Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.`,
  'remote.mfa_required': (name, number) =>
    `codex remote control failed for ${name}: 403 Forbidden: {"detail":{"code":"mfa_required","message":"Multi-factor authentication is required"}}, request ${number}`,
  'ratelimit.usage_limit': (name, number) =>
    `stream disconnected before completion: unexpected status 429 Too Many Requests: {"error":{"type":"usage_limit_reached","plan_type":"${name}","resets_in_seconds":${number}}}`,
  'state.sqlite_migration': (name, number) =>
    `codex: failed to initialize state runtime at /home/${name}/.codex: migration ${number} was previously applied but has been modified`,
  'network.tls_ca': (name, number) =>
    `codex: error sending request for url (https://chatgpt.com/backend-api/${name}): invalid peer certificate: UnknownIssuer, try ${number}`,
  'auth.callback_port_in_use': (name, number) =>
    `codex login by ${name}: Port 127.0.0.1:1455 is already in use, pid ${number}`,
  'install.platform_incompat': (name, number) =>
    `/opt/${name}/codex: /lib/libc.so.6: version \`GLIBC_2.${number % 90}' not found (required by /opt/${name}/codex)`,
  'state.rollout_missing': (name, number) => `codex: no rollout found for thread id ${name}-${number}`,
  'state.disk_full': (name, number) =>
    `codex: failed to write /home/${name}/.codex/sessions/${number}.jsonl: No space left on device (os error 28)`,
};
const name = fc.stringMatching(/^[a-z]{3,9}$/).filter((text) => !/^(?:mfa|dns|app|npm|wsl|vpn)$/.test(text));
const number = fc.integer({ min: 2, max: 99_999 }).filter((n) => n < 400 || n > 599);
const message = fc
  .constantFrom(...Object.keys(MESSAGES))
  .chain((id) =>
    fc.tuple(name, number).map(([who, count]) => ({ id, text: MESSAGES[id]?.(who, count) ?? '' })),
  );

/** Changes that a terminal, a log or a person makes to a message. */
const MUTATIONS: Readonly<Record<string, (text: string, seed: number) => string>> = {
  'as it is': (text) => text,
  'upper case': (text) => text.toUpperCase(),
  'lower case': (text) => text.toLowerCase(),
  'typographic quotes': (text) => text.replaceAll("'", '’').replaceAll('"', '”').replaceAll('`', '‘'),
  'wrapped anywhere': (text, seed) => text.replace(new RegExp(`.{${20 + (seed % 60)}}`, 'g'), '$&\n'),
  'wrapped in a box': (text, seed) => text.replace(new RegExp(`.{${30 + (seed % 40)}}`, 'g'), '│ $& │\r\n'),
  'quoted in markdown': (text) => `> **Error**\n> ${text.replaceAll(' because', '\n> because')}\n`,
  'in a code fence': (text) => `It says:\n\`\`\`\n${text}\n\`\`\`\nWhat now?`,
  'as JSON': (text) => JSON.stringify({ level: 'error', message: text }),
  'as JSON in JSON': (text) => JSON.stringify({ message: JSON.stringify({ text }) }),
  'in the debug form of Rust': (text) => `Err(Fatal { source: Some(${JSON.stringify(text)}) })`,
  'with a log prefix': (text, seed) =>
    `2026-11-21T03:${10 + (seed % 50)}:18.123456Z ERROR codex_core::x{id=${seed}}: ${text}`,
  'with a prefix of syslog': (text, seed) => `Nov 21 03:18:00 host${seed} codex[${seed}]: ${text}`,
  coloured: (text) => `\u001b[1;31m${text.replaceAll(' ', ' \u001b[0m\u001b[31m')}\u001b[0m`,
  'on a bad screen': (text) => text.replaceAll(' ', '\u00a0').replaceAll("'", '\ufffd'),
  'after other output': (text, seed) =>
    `$ codex exec "fix it"\nOpenAI Codex v0.${seed % 200}.0\nworkdir: /srv\n--------\n${text}`,
  'in another language': (text) => `你好，我运行 codex 时出现以下错误，请问怎么解决？\n${text}\n谢谢！`,
  twice: (text) => `${text}\n${text}\n`,
  'in a German wrapper of Windows': (text) =>
    `codex : ${text}\nIn Zeile:1 Zeichen:1\n+ CategoryInfo : NotSpecified\n+ FullyQualifiedErrorId : NativeCommandError`,
};

describe('the matcher', () => {
  it('answers whatever the text is', () => {
    const known = new Set<string>(FAILURE_IDS);
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc
        .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 })
        .map((units) => String.fromCharCode(...units)),
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc
        .array(
          fc.oneof(
            message.map(({ text }) => text),
            fc.string({ unit: 'binary', maxLength: 9 }),
            fc.constantFrom('\\', '\\u', '\u001b[', '\u001b]', '\ud800', '\0', '\n'),
          ),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const { verdict, matches, next } = matcher.explainText(text);
        expect(['match', 'unsure', 'not-codex']).toContain(verdict);
        if (verdict !== 'match') expect(next).toBeTruthy();
        for (const { id, score, evidence } of matches) {
          expect(known.has(id)).toBe(true);
          expect(score).toBeGreaterThan(0);
          expect(score).toBeLessThan(1);
          for (const line of evidence) {
            expect(line.line).toBeGreaterThan(0);
            expect(line.line).toBeLessThanOrEqual(text.split('\n').length);
            expect(line.count).toBeGreaterThan(0);
          }
        }
        matchLine({ atMs: null, source: 'tui', where: 'x', text });
      }),
      { numRuns: 1500 },
    );
  });

  it('answers to any bytes, in any chunks, like to the text that they are', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 6000 }).map((array) => Buffer.from(array)),
      fc
        .array(
          fc.oneof(
            message.map(({ text }) => text),
            fc.string({ unit: 'binary', maxLength: 9 }),
          ),
        )
        .map((parts) => Buffer.from(parts.join('\n'))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, fc.integer({ min: 1, max: 5000 }), async (input, size) => {
        const [first = 0, second = 0] = input;
        const isMarked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
        fc.pre(!isMarked && input.filter((byte) => byte === 0).length * 50 < input.length);
        expect(await matcher.explainStream(chunked(input, size))).toEqual(
          matcher.explainText(input.toString('utf8')),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('never lets a secret of a matching line out', async () => {
    const token = fc.stringMatching(/^[A-Za-z0-9]{24,300}$/).filter((text) => new Set(text).size > 10);
    const secret = token.chain((text) =>
      fc
        .constantFrom(
          `{"access_token":"${text}"}`,
          `Authorization: Bearer ${text}`,
          `refresh_token: Some("rt_${text}")`,
          `OPENAI_API_KEY=sk-proj-${text}`,
          `eyJhbGciOiJSUzI1NiJ9.${text}.${text}`,
          `https://x.example/cb?code=${text}&state=1`,
          `Cookie: __Secure-session=${text}; path=/`,
          `${text.slice(0, 20)}@mail.example`,
        )
        .map((planted) => ({ planted, text })),
    );
    await fc.assert(
      fc.asyncProperty(
        message,
        secret,
        fc.nat(600),
        fc.nat(600),
        fc.boolean(),
        fc.boolean(),
        async ({ text }, { planted, text: hidden }, before, after, isBehind, isLong) => {
          const [one, other] = isBehind ? [text, planted] : [planted, text];
          const line = `${'lorem '.repeat(before / 6)}${one} ${other}${' ipsum'.repeat(after / 6)}`;
          const calm = isLong ? 'a line of an ordinary log of codex\n'.repeat(4500) : '';
          const explanation = await matcher.explainStream(
            chunked(Buffer.from(`${calm}${line}\n${calm}`), 50_000),
          );
          const [sample] = await matchLogLines([
            { atMs: 1, source: 'tui', where: 'x', text: `ERROR ${line}` },
          ]);
          expectGone(
            JSON.stringify([shown(explanation), sample?.sample]),
            planted.includes('@') ? hidden.slice(0, 20) : hidden,
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  it.each(Object.keys(MUTATIONS))('gives the same answer to a message %s', (mutation) => {
    fc.assert(
      fc.property(
        message,
        fc.integer({ min: 1, max: 9999 }).filter((n) => n < 400 || n > 599),
        ({ id, text }, seed) => {
          const mutated = MUTATIONS[mutation]?.(text, seed) ?? '';
          const { verdict, matches } = matcher.explainText(mutated);
          expect([verdict, matches[0]?.id], mutated).toEqual(['match', id]);
        },
      ),
      { numRuns: 60 },
    );
  });
});

function shown({ matches }: Explanation): string[] {
  return matches.flatMap(({ evidence }) => evidence.map(({ text }) => text));
}

/** Not even eight characters in a row may be left. */
function expectGone(result: string, secret: string): void {
  for (let at = 0; at + 8 <= secret.length; at++) expect(result).not.toContain(secret.slice(at, at + 8));
}
