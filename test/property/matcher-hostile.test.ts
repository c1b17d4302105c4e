/**
 * Hostile input costs time in proportion to its length, and no more. Measured as processor time of this process, the
 * least of several rounds: eight times the text may cost up to twenty times as much; a quadratic matcher needs 64 times.
 */
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../src/knowledge/catalogue.ts';
import { matchLogLines } from '../../src/knowledge/matcher/log-lines.ts';
import { createMatcher } from '../../src/knowledge/matcher/matcher.ts';
import { compileWording } from '../../src/knowledge/matcher/wording.ts';

const matcher = createMatcher();
const REUSED = 'codex: your refresh token was already used, refresh_token_reused ';

/** A part of the catalogue that fits into the shortest text: otherwise the longer one also holds more of it. */
const WORDINGS = CATALOGUE.flatMap(({ signals }) =>
  signals.flatMap(({ says }) => compileWording(says)),
).filter((_, index) => index % 12 === 0);
/** First parts of wordings with gaps: each starts a search that never ends well. */
const STARTS = WORDINGS.filter(({ parts }) => parts.length > 1)
  .map(({ parts }) => parts[0]?.text)
  .join(' ');
/** Pieces that the automaton looks for. */
const ANCHORS = WORDINGS.map(({ anchor }) => anchor).join(' ');

const HOSTILE: Readonly<Record<string, string>> = {
  'starts of wordings': `${STARTS}\n`,
  'pieces of wordings': ANCHORS,
  'one failure again and again': REUSED,
  'one failure a line': `${REUSED}\n`,
  'words without an end': 'a',
  digits: '2026-11-21T',
  'line breaks': '\n',
  blanks: ' \t',
  backslashes: '\\',
  'broken escapes of JSON': '\\u{1\\u12\\x',
  'escapes without an end': '\u001b[',
  'titles of the terminal without an end': '\u001b]0;',
  'quotes and brackets': '"[{<(\'`',
  'beginnings of tokens': 'eyJhbGciOiJ.eyJ.',
  'at signs': 'a@b.',
  'names of secrets': 'password=token:"',
  'other letters': '登录已过期 토큰 ’’ ﹏',
  'halves of emoji': '\ud83d',
};

function costOf(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function grows(make: (length: number) => () => void, length: number): void {
  const small = make(length);
  const cost = Math.max(2_000, Math.min(...[1, 2, 3].map(() => costOf(small))));
  const large = make(8 * length);
  // A busy machine may spoil one measurement; a quadratic matcher spoils them all.
  let factor = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && factor >= 20; round++) factor = Math.min(factor, costOf(large) / cost);
  expect(factor).toBeLessThan(20);
}

const fill = (piece: string, length: number) =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length);

describe.each(Object.entries(HOSTILE))('%s', (_, piece) => {
  it('cost in proportion in a text that is judged as a whole', () => {
    grows((length) => {
      const text = `${fill(piece, length / 2)}${REUSED}${fill(piece, length / 2)}`;
      return () => void matcher.explainText(text);
    }, 12_000);
  });

  it('cost in proportion in a text that is read in windows', () => {
    grows((length) => {
      const text = `${fill(piece, length / 2)}${REUSED}${fill(piece, length / 2)}`;
      return () => void matcher.explainText(text);
    }, 160_000);
  });
});

it('answers to a log line of any length at once', async () => {
  for (const piece of Object.values(HOSTILE)) {
    const text = `ERROR ${fill(piece, 16_000)}`;
    const lines = Array.from({ length: 20 }, () => ({ atMs: null, source: 'tui', where: 'x', text }));
    expect((await matchLogLines(lines)).every(({ count }) => count <= 20)).toBe(true);
  }
});
