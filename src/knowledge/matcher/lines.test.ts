import { describe, expect, it } from 'vitest';
import { createLineShower, lineAt, lineShape, lineStarts, timeOf } from './lines.ts';

const JWT = `${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')}.${'aGVsbG8gd29ybGQx'.repeat(40)}.${'c2lnbmF0dXJl'.repeat(8)}`;

describe('lines', () => {
  it('knows which line an offset stands in', () => {
    const starts = lineStarts('ab\n\ncd\n');
    expect([0, 1, 2, 3, 4, 6, 7].map((offset) => lineAt(starts, offset))).toEqual([0, 0, 0, 1, 2, 2, 3]);
  });

  it.each([
    ['2026-11-21T03:18:00.250Z ERROR x', Date.UTC(2026, 10, 21, 3, 18, 0, 250)],
    ['2026-11-21 03:18:00,250 x', Date.UTC(2026, 10, 21, 3, 18, 0, 250)],
    ['{"timestamp":"2026-11-21T03:18:00.250123456Z"}', Date.UTC(2026, 10, 21, 3, 18, 0, 250)],
    ['[2026-11-21T05:18:00+02:00] x', Date.UTC(2026, 10, 21, 3, 18)],
    ['2026-11-21T05:18:00+0200 x', Date.UTC(2026, 10, 21, 3, 18)],
    ['no time', null],
    ['2026-19-39T03:18:00Z', null],
    [`${'x'.repeat(200)} 2026-11-21T03:18:00Z`, null],
  ])('reads the time of %j', (line, time) => {
    expect(timeOf(line)).toBe(time);
  });

  it('gives lines one shape that differ only in times, counts and ids', () => {
    const a = '2026-11-21T03:18:00Z ERROR turn 17 of 0199a1b2-c3d4 failed ';
    const b = '  2026-11-22T14:01:59.120Z ERROR turn 4 of ffff0000-1 failed\r';
    expect(lineShape(a)).toBe(lineShape(b));
    expect(lineShape(a)).not.toBe(lineShape(a.replace('failed', 'fails')));
    expect(lineShape('a b')).not.toBe(lineShape('b a'));
    expect(lineShape('')).not.toBe(lineShape('a'));
  });

  it('shows a long line around the place that matters', () => {
    const line = `${'before '.repeat(200)}HERE ${'after '.repeat(200)}`;
    const shown = createLineShower(line)(line, line.indexOf('HERE'));
    expect(shown).toContain('HERE');
    expect(shown.length).toBeLessThan(420);
    expect(shown.startsWith('…') && shown.endsWith('…')).toBe(true);
  });

  it.each([
    ['a token cut at its start', `{"access_token":"${JWT}","error":"refresh_token_reused"}`],
    ['a token cut at its end', `{"error":"refresh_token_reused", "at": "${JWT}"}`],
    [
      'a password cut off from its name',
      `{"password":"${'correct horse battery staple '.repeat(12)}","error":"refresh_token_reused"}`,
    ],
  ])('never shows half a secret: %s', (_, line) => {
    for (let padding = 0; padding < 700; padding += 23) {
      const long = `${'x '.repeat(padding)}${line}${' y'.repeat(padding)}`;
      const shown = createLineShower(long)(long, long.indexOf('refresh_token_reused'));
      expect(shown).toContain('refresh_token_reused');
      expect(shown).not.toMatch(/aGVsbG8|c2lnbmF0|horse|battery/);
    }
  });

  it('hides a word that may be half a secret where the text itself was cut', () => {
    const show = createLineShower('bmF0dXJl.tail" the error', { start: true, end: false });
    expect(show('bmF0dXJl.tail" the error', 10)).toBe('<redacted>" the error');
    expect(createLineShower('the err', { start: false, end: true })('the err', 0)).toBe('the <redacted>');
  });
});
