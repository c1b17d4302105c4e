import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAutomaton } from './automaton.ts';
import { foldText } from './fold.ts';

const ANCHORS = ['usagelim', 'limit', 'it', '401', 'e_n', '登录已', '已过期', 'ü', 'токен'];

function foundIn(bytes: Uint8Array): Set<string> {
  const found = new Set<string>();
  createAutomaton(ANCHORS).scan(bytes, (anchor) => found.add(ANCHORS[anchor] as string));
  return found;
}

describe('the automaton', () => {
  it('reports each anchor with the end of its last byte, also one within another', () => {
    const seen: [string, number][] = [];
    const text = '  Usage-free: “usage LIM­it”, 登录 已过期';
    createAutomaton(ANCHORS).scan(Buffer.from(text), (anchor, end) => {
      seen.push([ANCHORS[anchor] as string, end]);
    });
    expect(seen.map(([anchor]) => anchor)).toEqual(['usagelim', 'limit', 'it', '登录已', '已过期']);
    for (const [anchor, end] of seen) {
      expect(foldText(Buffer.from(text).toString('utf8', 0, end)).endsWith(anchor)).toBe(true);
    }
  });

  it('finds in bytes exactly what folding finds in the text', () => {
    const piece = fc.constantFrom(
      ...ANCHORS,
      ...[...'limt401_en登录已过期ü', 'Ü', 'ТО', 'КЕН'],
      ...[
        '\\n',
        '\\u2019',
        '\\u767b',
        '\\\\',
        '\\',
        '\u001b[31m',
        '\u001b]8;;x\u0007',
        '\\u{1b}[1m',
        '\\x1b[0m',
      ],
      ...['’', '\u3000', '。', 'ｅ', '😀', '\ufffd', '\0', ' ', '\n', '"'],
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 40 }),
        (pieces) => {
          const bytes = Buffer.from(pieces.join(''), 'utf8');
          const folded = foldText(bytes.toString('utf8'));
          expect([...foundIn(bytes)].sort()).toEqual(
            ANCHORS.filter((anchor) => folded.includes(anchor)).sort(),
          );
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('passes over bytes that are no UTF-8, as decoding does', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom(...ANCHORS).map((text) => Buffer.from(text)),
            fc.uint8Array({ maxLength: 3 }),
          ),
        ),
        (pieces) => {
          const bytes = Buffer.concat(pieces);
          const folded = foldText(bytes.toString('utf8'));
          for (const anchor of ANCHORS) if (folded.includes(anchor)) expect(foundIn(bytes)).toContain(anchor);
        },
      ),
      { numRuns: 2000 },
    );
    expect(foundIn(Buffer.from('usa\x92ge lim', 'latin1'))).toEqual(new Set(['usagelim']));
  });
});
