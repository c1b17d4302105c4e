import { describe, expect, it } from 'vitest';
import type { Wording } from '../types.ts';
import { fold, foldText } from './fold.ts';
import { compileWording, findWording } from './wording.ts';

function found(wording: Wording, text: string): string | undefined {
  const folded = fold(text);
  for (const compiled of compileWording(wording)) {
    const span = findWording(compiled, folded, text);
    if (span) return text.slice(span.start, span.end);
  }
  return undefined;
}

describe('a wording', () => {
  it.each([
    ['usage limit', 'Your USAGE\n  “limit” ends', 'USAGE\n  “limit'],
    ['port * in use', 'port 127.0.0.1:1455 is already in use!', 'port 127.0.0.1:1455 is already in use'],
    ['(log|sign) in (again|anew)', 'please sign in anew', 'sign in anew'],
    [['first', 'second choice'], 'a second choice', 'second choice'],
    ['¦zed¦', 'zed: error', 'zed'],
    ['401', 'status=401,', '401'],
    ['os error (98|10048)', '(os error 10048)', 'os error 10048'],
  ] as const)('%j is found in %j', (wording, text, expected) => {
    expect(found(wording, text)).toBe(expected);
  });

  it.each([
    ['¦zed¦', 'analyzed in full'],
    ['¦zed¦', 'zed_old'],
    ['mfa', 'mfaster'],
    ['dns', 'the_dns_x'],
    ['401', 'turn 14010'],
    ['os error 9', 'os error 98'],
    ['a * b c', `a${'x'.repeat(161)}bc`],
    ['b * a', 'a then b'],
  ])('%j is not found in %j', (wording, text) => {
    expect(found(wording, text)).toBeUndefined();
  });

  it('bridges a gap of 160 signs', () => {
    expect(found('start * finish', `start${'x'.repeat(160)}finish`)).toBeDefined();
    expect(found('start * finish', `start${'x'.repeat(400)}start${'x'.repeat(9)}finish`)).toBe(
      `start${'x'.repeat(9)}finish`,
    );
  });

  it.each([
    ['enotfound', 'the executable not found there'],
    ['opencode', 'I dare to open Codex'],
    ['¦enoent', 'a tenoent'],
  ])('%j does not stand in %j', (wording, text) => {
    expect(found(wording, text)).toBeUndefined();
  });

  it.each([
    ['enotfound', 'getaddrinfo ENOTFOUND host', 'ENOTFOUND'],
    ['apikey', 'no API key given', 'API key'],
    ['opencode', 'the open\ncodex of the terminal', 'open\ncode'],
    ['¦enoent', 'stack:\\nENOENT in a JSON string', 'ENOENT'],
  ])('%j stands in %j', (wording, text, stretch) => {
    expect(found(wording, text)).toBe(stretch);
  });

  it('has an anchor that every text with the wording holds', () => {
    for (const source of [
      'usage limit',
      '403 * html',
      'codex * hangs (here|there)',
      '登录 * 过期',
      'a',
      '401',
    ]) {
      for (const { anchor, parts, rarity } of compileWording(source)) {
        expect(parts.some((part) => part.text.includes(anchor))).toBe(true);
        expect(anchor).toBe(foldText(anchor));
        expect(anchor).not.toBe('');
        expect(rarity).toBeGreaterThan(0);
      }
    }
    const [html] = compileWording('403 * html');
    expect(html?.anchor).toBe('html');
    expect(compileWording('codex * hangs')[0]?.anchor).toBe('hangs');
  });

  it.each(['', ' * ', '"*"', '(a|b'])('%j is refused', (wording) => {
    expect(() => compileWording(wording)).toThrow(TypeError);
  });
});
