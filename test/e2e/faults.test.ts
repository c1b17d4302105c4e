/** Every fault of `test/faults/`, in homes made by both real binaries: found, repaired, verified, undone. */
import { describe, expect, it } from 'vitest';
import { FAULTS } from '../faults/index.ts';
import { healthyFindings, runFault } from '../support/fault-runner.ts';
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

  it.each(FAULTS.map((fault) => [fault.id, fault.name, fault] as const))(
    '%s: %s',
    async (_id, _name, fault) => {
      const result = await runFault(fault, alias);
      expect(result.trouble).toEqual([]);
      expect(result.found).toBe(true);
      expect(result.repaired).toBe(fault.repairable ? true : null);
      expect(result.undone).toBe(fault.repairable ? true : null);
    },
  );
});
