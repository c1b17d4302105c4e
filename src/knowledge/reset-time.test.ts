import { describe, expect, it } from 'vitest';
import { describeReset, readResetTime } from './reset-time.ts';

const NOW = Date.UTC(2026, 10, 21, 12, 0);

describe('readResetTime', () => {
  it('takes the number of seconds that the server sends', () => {
    expect(readResetTime('{"error":{"type":"usage_limit_reached","resets_at":1795269900}}', NOW)).toBe(
      1795269900000,
    );
  });

  it('counts from now when only the distance is given', () => {
    expect(readResetTime('"resets_in_seconds": 90', NOW)).toBe(NOW + 90_000);
  });

  it('finds none in a text without one', () => {
    expect(readResetTime("You've hit your usage limit. Try again at 4:35 AM.", NOW)).toBeNull();
  });
});

describe('describeReset', () => {
  it('says the local time and how long that is', () => {
    expect(describeReset(NOW + 133 * 60_000, NOW, 'UTC')).toBe('Sat 21 Nov, 14:13 (in 2 h 13 min)');
    expect(describeReset(NOW + 3 * 86_400_000, NOW, 'UTC')).toBe('Tue 24 Nov, 12:00 (in 3 d)');
  });

  it('says of a past reset that it is over', () => {
    expect(describeReset(NOW - 1, NOW, 'UTC')).toContain('that is over');
  });
});
