import { describe, expect, test } from 'vitest';
import { createLabClock } from './clock.ts';
import { createFaultBook, pathPattern } from './fault-book.ts';
import { fillIn } from './placeholders.ts';

const subject = { method: 'POST', path: '/v1/responses', transport: 'http', account: 'plus' } as const;

describe('patterns of paths', () => {
  test.each([
    ['/a/*', '/a/b', true],
    ['/a/*', '/a/b/c', false],
    ['/a/**', '/a/b/c', true],
    ['**/responses', '/v1/responses', true],
    ['/a.b', '/axb', false],
    ['/a', '/a/', false],
  ])('%s against %s: %s', (glob, path, matches) => {
    expect(pathPattern(glob).test(path)).toBe(matches);
  });
});

describe('what meets a request', () => {
  test('delays and headers add up, and of two answers the first wins', () => {
    const book = createFaultBook();
    book.add([
      { name: 'a', effect: { kind: 'delay', ms: 5 } },
      { name: 'a', effect: { kind: 'headers', headers: { 'x-a': '1' } } },
      { name: 'b', effect: { kind: 'delay', ms: 7 } },
      { name: 'b', effect: { kind: 'answer', status: 500 } },
      { name: 'c', effect: { kind: 'challenge' } },
    ]);
    expect(book.take(subject)).toMatchObject({
      names: ['a', 'b', 'c'],
      delayMs: 12,
      headers: { 'x-a': '1' },
      instead: { kind: 'answer', status: 500 },
    });
  });

  test('only requests that match count', () => {
    const book = createFaultBook();
    book.add([{ match: { method: 'GET' }, times: 1, effect: { kind: 'hang' } }]);
    book.add([{ match: { account: 'pro' }, effect: { kind: 'hang' } }]);
    book.add([{ match: { transport: 'websocket' }, effect: { kind: 'hang' } }]);
    expect(book.take(subject).instead).toBeUndefined();
    expect(book.take({ ...subject, method: 'GET' }).instead).toEqual({ kind: 'hang' });
    expect(book.take({ ...subject, method: 'GET' }).instead).toBeUndefined();
    expect(book.take({ ...subject, account: 'pro' }).instead).toEqual({ kind: 'hang' });
    expect(book.take({ ...subject, transport: 'websocket' }).instead).toEqual({ kind: 'hang' });
  });

  test('a fault of the wrong shape is refused', () => {
    expect(() => createFaultBook().add([{ times: 0, effect: { kind: 'hang' } }])).toThrow();
  });
});

test('placeholders become times by the lab’s clock, as numbers where they stand alone', () => {
  const clock = createLabClock(() => 1_000_000);
  clock.move(5000);
  expect(
    fillIn({ at: '{{unix+60}}', list: ['in {{unix-5}} s', '{{iso}}'], keep: 1 }, clock, undefined),
  ).toEqual({
    at: 1065,
    list: ['in 1000 s', '1970-01-01T00:16:45.000Z'],
    keep: 1,
  });
});
