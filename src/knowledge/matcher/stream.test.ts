/** Streams: short ones are judged like a text, long ones in windows and in constant memory. */
import { describe, expect, it } from 'vitest';
import { createMatcher } from './matcher.ts';
import type { Explanation } from './verdict.ts';

const matcher = createMatcher();
const REUSED =
  'Your access token could not be refreshed because your refresh token was already used. Please log out and sign in again.';
const CALM = (n: number) =>
  `2026-11-21T03:00:${String(n % 60).padStart(2, '0')}Z INFO app::turn: session ${n % 97}, ${n} tokens, status ok`;
const calm = (count: number) => Array.from({ length: count }, (_, n) => CALM(n)).join('\n');

async function* chunked(bytes: Buffer, ...cuts: number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    yield bytes.subarray(from, cut);
    from = cut;
  }
}

async function* every(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const long = (text: string, size = 65_536) => matcher.explainStream(every(Buffer.from(text), size));
const counts = ({ matches }: Explanation, id: string) =>
  matches.find((match) => match.id === id)?.evidence.map(({ line, count }) => [line, count]);

describe('explainStream', () => {
  it('answers like explainText wherever a short input is cut, also within a letter', async () => {
    const text = `2026-11-21T03:18:00Z codex: ${REUSED}\n“Zugriff” 拒绝访问 😀\r\nstream disconnected before completion\n`;
    const expected = matcher.explainText(text);
    expect(expected.verdict).toBe('match');
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await matcher.explainStream(chunked(bytes, cut))).toEqual(expected);
    }
    expect(await matcher.explainStream(every(bytes, 1))).toEqual(expected);
  });

  it('answers alike for every encoding of Windows', async () => {
    const text = `codex: ${REUSED}\r\n`;
    const expected = matcher.explainText(text);
    for (const mark of ['', '\ufeff']) {
      const little = Buffer.from(mark + text, 'utf16le');
      expect(await matcher.explainStream(every(little, 7))).toEqual(expected);
      expect(await matcher.explainStream(every(Buffer.from(little).swap16(), 7))).toEqual(expected);
    }
    expect(await matcher.explainStream(every(Buffer.from(`\ufeff${text}`), 7))).toEqual(expected);
  });

  it('finds the one bad line of a long log, wherever the blocks are cut', async () => {
    const error = `2026-11-21T03:18:00Z ERROR codex_core::auth: ${REUSED} 😀`;
    const text = `${calm(9_000)}\n${error}\n${calm(9_000)}`;
    const at = Buffer.byteLength(calm(9_000)) + 1;
    const bytes = Buffer.from(text);
    for (let offset = -3; offset < error.length + 6; offset += 5) {
      const { verdict, matches } = await matcher.explainStream(chunked(bytes, at + offset));
      expect(verdict).toBe('match');
      expect(matches[0]).toMatchObject({
        id: 'auth.refresh_token_reused',
        evidence: [{ line: 9_001, text: error, count: 1 }],
      });
    }
  });

  it('finds it as well in colours, escaped, quoted and wrapped', async () => {
    for (const shown of [
      REUSED.replace('refresh token was', '\u001b[31mrefresh\u001b[0m token w\u001b[1mas'),
      JSON.stringify({ message: JSON.stringify({ text: REUSED.replaceAll(' ', '\n') }) }),
      REUSED.replaceAll(' ', ' ”’ '),
      REUSED.replace('already', 'alre\nady').replace('refresh token was', 'refresh to\nken was'),
    ]) {
      const { matches } = await long(`codex\n${calm(4_000)}\n${shown}\n${calm(4_000)}`);
      expect(matches[0]?.id, shown).toBe('auth.refresh_token_reused');
    }
  });

  it('counts every repeated line once, near each other or far apart', async () => {
    const error = (n: number) =>
      `2026-11-21T03:18:${String(n % 60).padStart(2, '0')}Z ERROR codex_core::auth: turn ${n}: ${REUSED}`;
    const dense = Array.from({ length: 3_000 }, (_, n) => error(n)).join('\n');
    expect(counts(await long(dense), 'auth.refresh_token_reused')).toEqual([[1, 3_000]]);
    const sparse = Array.from({ length: 40 }, (_, n) => `${calm(1 + (n % 9))}\n`.repeat(30) + error(n)).join(
      '\n',
    );
    expect(counts(await long(sparse, 9_999), 'auth.refresh_token_reused')?.[0]?.[1]).toBe(40);
    const { matches } = await long(dense);
    expect(matches[0]?.evidence[0]).toMatchObject({
      firstAtMs: Date.UTC(2026, 10, 21, 3, 18, 0),
      lastAtMs: Date.UTC(2026, 10, 21, 3, 18, 59),
    });
  });

  it('names several failures of one log, and lets wrappers of other lines stand for themselves', async () => {
    const text = [
      calm(2_000),
      'ERROR codex_core: stream disconnected before completion: error sending request',
      calm(2_000),
      `ERROR codex_core: ${REUSED}`,
    ].join('\n');
    const found = (await long(text)).matches.map((match) => match.id);
    expect(found[0]).toBe('auth.refresh_token_reused');
    expect(found).toContain('network.stream_disconnected');
  });

  it('knows from anywhere in the text whether it is about Codex', async () => {
    const generic = 'bwrap: setting up uid map: Permission denied';
    const text = (sign: string) => `${calm(3_000)}\n${generic}\n${calm(3_000)}\n${sign}\n${calm(500)}`;
    expect((await long(text('bye'))).verdict).not.toBe('match');
    expect(await long(text('now running Codex'))).toMatchObject({
      verdict: 'match',
      matches: [{ id: 'sandbox.userns_blocked' }],
    });
    expect((await long(text('TeamViewer starts'))).verdict).not.toBe('match');
  });

  it('has nothing to say about a long healthy log', async () => {
    expect(await long(`codex starts\n${calm(20_000)}`)).toMatchObject({ verdict: 'unsure', matches: [] });
    expect(await long(calm(20_000))).toMatchObject({ verdict: 'not-codex', matches: [] });
  });

  it('keeps to the place that matters in one huge line, and shows no half secret', async () => {
    const secret = `eyJhbGciOiJSUzI1NiJ9.${'Q2xhaW1z'.repeat(400)}.${'c2lnbmF0dXJl'.repeat(9)}`;
    const filler = JSON.stringify({ n: 1, text: 'lorem ipsum dolor sit amet' }).repeat(10_000);
    const line = `${filler}{"access_token":"${secret}","error":"codex refresh_token_reused","refresh_token":"${secret}"}${filler}`;
    for (const text of [line, `${line}\n`, `${filler}\n${line}`]) {
      const explanation = await long(text);
      expect(explanation.matches[0]?.id).toBe('auth.refresh_token_reused');
      expect(explanation.matches[0]?.evidence[0]?.text).toContain('refresh_token_reused');
      expect(JSON.stringify(explanation)).not.toMatch(/Q2xhaW|c2lnbm/);
    }
  });

  it('answers explainText alike for a long text', async () => {
    const text = `codex 拒绝\n${calm(5_000)}\n${REUSED} 😀\n${calm(25_000)}\nno rollout found for thread id 7`;
    expect(matcher.explainText(text)).toEqual(await long(text));
  });

  it('tells its progress, and stops when it is told to', async () => {
    const bytes = Buffer.from(calm(60_000));
    const seen: { readonly bytes: number; readonly lines: number }[] = [];
    await matcher.explainStream(every(bytes, 65_536), { onProgress: (progress) => seen.push(progress) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.at(-1)?.bytes).toBe(bytes.length);
    expect(seen.every((now, index) => index === 0 || now.lines >= (seen[index - 1]?.lines ?? 0))).toBe(true);

    let isClosed = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield bytes;
      } finally {
        isClosed = true;
      }
    }
    const abort = new AbortController();
    const stopped = matcher.explainStream(endless(), {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(isClosed).toBe(true);
  });

  it('passes on the error of a stream that breaks', async () => {
    async function* broken(): AsyncGenerator<Buffer> {
      yield Buffer.from('codex');
      throw new Error('the disk went away');
    }
    await expect(matcher.explainStream(broken())).rejects.toThrow('the disk went away');
  });
});
