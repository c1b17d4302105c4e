/** Homes made by both real binaries, in both install layouts, with both logins: nothing is reported. */
import { describe, expect, it } from 'vitest';
import { healthyFindings } from '../support/fault-runner.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';

describe.each(CODEX_ALIASES)('a home made by %s', (alias) => {
  it.each([
    ['npm', 'chatgpt'],
    ['npm', 'apikey'],
    ['standalone', 'chatgpt'],
    ['standalone', 'apikey'],
  ] as const)('is reported healthy: %s install, %s login', async (layout, login) => {
    expect(await healthyFindings(alias, layout, login)).toEqual([]);
  });
});
