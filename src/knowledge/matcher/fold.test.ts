import { describe, expect, it } from 'vitest';
import { fold, foldText } from './fold.ts';

const ESC = '\u001b';
const PLAIN = foldText("You've hit your usage limit. Try again at 7:05 PM.");

describe('fold', () => {
  it.each([
    ['typographic quotes', 'You’ve hit your “usage limit”. Try again at 7:05 PM.'],
    ['letter case', "YOU'VE HIT YOUR USAGE LIMIT. TRY AGAIN AT 7:05 pm."],
    ['a hard wrap within a word', "You've hit your usa\nge limit. Try ag\r\n   ain at 7:05 PM."],
    ['markdown quoting', "> **You've hit** your\n> `usage limit`. Try again at 7:05 PM."],
    ['a box drawn around it', "│ You've hit your usage │\n│ limit. Try again at 7:05 PM. │"],
    ['full-width signs', 'Ｙｏｕ＇ｖｅ hit your ｕｓａｇｅ　limit。 Try again at 7：05 PM.'],
    ['blanks that are none', 'You\u2019ve\u00a0hit\u200b your\u202f usage limit. Try again at 7:05\u202fPM.'],
    ['a byte of another encoding', 'You\ufffdve hit your usage limit. Try again at 7:05 PM.'],
    ['NULs of UTF-16 read as UTF-8', [..."You've hit your usage limit. Try again at 7:05 PM."].join('\0')],
    ['colours', `${ESC}[1;31mYou've hit${ESC}[0m your usage ${ESC}[4mlim${ESC}[24mit. Try again at 7:05 PM.`],
    [
      'a link of the terminal',
      `You've hit your ${ESC}]8;;https://x.example${ESC}\\usage limit${ESC}]8;;\u0007. Try again at 7:05 PM.`,
    ],
    ['JSON', JSON.stringify("You've hit your \nusage\t limit. Try again at 7:05 PM.")],
    ['JSON in JSON', JSON.stringify(JSON.stringify("You've hit\n your usage limit. Try again at 7:05 PM."))],
    [
      'JSON, three deep',
      JSON.stringify(JSON.stringify(JSON.stringify("You've hit\n your usage limit. Try again at 7:05 PM."))),
    ],
    ['signs that JSON escapes', 'You\\u2019ve hit your usage\\u00a0limit. Try again at 7:05 PM.'],
    [
      'colours that JSON escapes',
      '\\u001b[31mYou\\u0027ve hit\\u001b[0m your usage limit. Try again at 7:05 PM.',
    ],
    [
      'colours that Rust or a shell escapes',
      "\\u{1b}[31mYou've hit\\x1b[0m your usage limit. Try again at 7:05 PM.",
    ],
    ['emoji', '⚠️ You’ve hit 🛑 your usage limit. Try again at 7:05 PM.'],
  ])('does not see %s', (_, text) => {
    expect(foldText(text)).toBe(PLAIN);
  });

  it('reads the debug form of Rust like the text within', () => {
    expect(foldText('RefreshTokenFailed { code: Some("refresh_token_reused") }')).toBe(
      foldText('refreshtokenfailed code: some refresh_token_reused'),
    );
  });

  it('keeps what tells messages apart: digits, underscores, slashes, dots', () => {
    expect(foldText('HTTP 401 at /backend-api/codex, os error 98, id_token=no!')).toBe(
      'http401at/backend-api/codex,oserror98,id_token=no!',
    );
  });

  it('lowers the letters of other languages and leaves those without case', () => {
    expect(foldText('Доступ ЗАПРЕЩЁН · Zugriff VERWEIGERT Ü · 拒绝访问。')).toBe(
      'доступзапрещёнzugriffverweigertü拒绝访问.',
    );
  });

  it('leads each sign back to where it stands in the text', () => {
    const text = `${ESC}[31mÄ “x\\ny” 终\\u2019z`;
    const folded = fold(text);
    expect(folded.text).toBe('äxy终z');
    expect([...folded.at].map((at) => text[at])).toEqual(['Ä', 'x', 'y', '终', 'z']);
  });

  it.each([
    ['\\', ''],
    ['\\u', 'u'],
    ['\\u12', 'u12'],
    ['\\u0000', 'u0000'],
    ['\\u{zz}', 'uzz'],
    ['\\xg1', 'xg1'],
    [ESC, ''],
    [`${ESC}[`, ''],
    [`${ESC}[31`, ''],
    [`${ESC}]0;title`, ''],
    ['\ud83d', ''],
  ])('takes the broken sequence %j for what can be read of it', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });
});
