import { describe, expect, test } from 'vitest';
import { createTroubleWatch } from './server-trouble.ts';

function watch() {
  let now = 1_000_000;
  const trouble = createTroubleWatch(() => now);
  const fail = (...keys: string[]) => {
    for (const key of keys) trouble.failed(key);
  };
  const wait = (ms: number) => {
    now += ms;
  };
  return { trouble, fail, wait, isOutage: () => trouble.isEverywhere(['a', 'b']) };
}

describe('an outage', () => {
  test('is when all accounts fail again and again for seconds, and none succeeds', () => {
    const { fail, wait, isOutage } = watch();
    for (const pause of [250, 500, 1000, 1000, 1000]) {
      expect(isOutage()).toBe(false);
      fail('a', 'b');
      wait(pause);
    }
    fail('a', 'b');
    expect(isOutage()).toBe(true);
    wait(10_000);
    expect(isOutage()).toBe(false);
  });

  test('is over with the first success', () => {
    const { trouble, fail, wait, isOutage } = watch();
    for (let times = 0; times < 5; times += 1) {
      fail('a', 'b');
      wait(1000);
    }
    expect(isOutage()).toBe(true);
    trouble.succeeded();
    fail('a', 'b');
    expect(isOutage()).toBe(false);
  });

  test('is not when one account has not failed', () => {
    const { fail, wait, isOutage } = watch();
    for (let times = 0; times < 9; times += 1) {
      fail('a');
      wait(1000);
    }
    expect(isOutage()).toBe(false);
  });

  test('is not told from failures before and after a time in which nothing was tried', () => {
    const { fail, wait, isOutage } = watch();
    fail('a', 'b', 'a');
    wait(5000);
    for (let times = 0; times < 50; times += 1) fail('a', 'b');
    expect(isOutage()).toBe(false);
  });
});
