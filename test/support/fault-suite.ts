/** The tests of one family of faults: found, repaired, verified, undone, in homes made by the real binaries. */
import { describe, expect, it } from 'vitest';
import { type Fault, runFault } from './fault-runner.ts';
import { FULL } from './full.ts';
import { CODEX_ALIASES, type CodexAlias } from './real-codex.ts';

/** Declares them: each fault on one version in turn, or on both (see {@link FULL}). */
export function describeFaults(family: string, faults: readonly Fault[]): void {
  const runs = faults.flatMap((fault, at) =>
    CODEX_ALIASES.filter((_alias, n) => FULL || n === at % CODEX_ALIASES.length).map(
      (alias): [CodexAlias, string, string, Fault] => [alias, fault.id, fault.name, fault],
    ),
  );
  describe(`${family} in a home of the real Codex`, () => {
    it.each(runs)('%s, %s: %s', async (alias, _id, _name, fault) => {
      const result = await runFault(fault, alias);
      expect(result.trouble).toEqual([]);
      expect(result.found).toBe(true);
      expect(result.repaired).toBe(fault.repairable ? true : null);
      expect(result.undone).toBe(fault.repairable ? true : null);
    });
  });
}
