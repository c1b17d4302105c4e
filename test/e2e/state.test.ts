/** The checks of local state against homes made by both real binaries: each fault is found with a plan, and nothing else changes. */
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { STATE_CHECKS } from '../../src/doctor/checks/state.ts';
import { createContext } from '../../src/doctor/context.ts';
import { runChecks } from '../../src/doctor/engine.ts';
import { createHost } from '../../src/host.ts';
import { LOCAL_STATE_FAULTS } from '../faults/local-state.ts';
import { type CodexTestHome, makeCodexHome } from '../support/codex-home.ts';
import { treeOf } from '../support/fault-runner.ts';
import type { FaultWorld } from '../support/fault-world.ts';
import { CODEX_ALIASES } from '../support/real-codex.ts';

async function runStateChecks(home: CodexTestHome) {
  const host = createHost(home.host());
  const scope = {
    host,
    home: { path: home.path, source: 'env' as const },
    signal: new AbortController().signal,
  };
  const runs = await runChecks(STATE_CHECKS, createContext({ ...scope, live: false }));
  return runs.flatMap((run) => run.result.problems);
}

describe.each(CODEX_ALIASES)('the state of a home made by %s', (alias) => {
  let home: CodexTestHome;
  let world: FaultWorld;

  beforeAll(async () => {
    home = await makeCodexHome(alias, { login: 'chatgpt', threads: 2 });
    const env = { ...home.host().env };
    world = {
      alias,
      layout: 'npm',
      root: home.userHome,
      codexHome: home.path,
      project: home.cwd,
      binFolder: '',
      installFolder: '',
      env,
      made: home,
      remove: home.remove,
    };
  });
  afterAll(() => home.remove());
  afterEach(() => home.reset());

  it('has nothing to report when it is healthy', async () => {
    const before = await treeOf(home.userHome);
    expect((await runStateChecks(home)).map(({ finding }) => finding.cause)).toEqual([]);
    expect(await treeOf(home.userHome)).toEqual(before);
  });

  it.each(LOCAL_STATE_FAULTS.map((fault) => [fault.name, fault] as const))(
    '%s: found, planned, untouched',
    async (_, fault) => {
      const cleanUp = await fault.inject(world);
      try {
        const before = await treeOf(home.userHome, fault.volatile);
        const problems = await runStateChecks(home);
        expect(problems.map(({ finding }) => finding.id)).toEqual(problems.map(() => fault.id));
        expect(problems.length).toBeGreaterThan(0);
        for (const { finding, plan } of problems) {
          expect(finding.evidence.length).toBeGreaterThan(0);
          const planned = await plan?.();
          expect(planned !== undefined && !('refused' in planned)).toBe(fault.repairable);
          expect(finding.fix.repairId !== null).toBe(fault.repairable);
        }
        expect(await treeOf(home.userHome, fault.volatile)).toEqual(before);
      } finally {
        await cleanUp?.();
        for (const name of ['codex', 'hold.cjs']) await rm(`${home.userHome}/${name}`, { force: true });
      }
    },
  );
});
