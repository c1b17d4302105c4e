/** `kill -9` at every boundary of a repair, of its undo, and of a recovery: the next command brings it to an end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeHome, makePlan, snapshot, startVictim, type TestHome } from './journal-home.ts';
import { buildChild, removeChild, runChild } from './journal-run.ts';

const homes: TestHome[] = [];
const victims: { stop(): void }[] = [];
beforeAll(buildChild);
afterAll(removeChild);
afterEach(async () => {
  for (const victim of victims.splice(0)) victim.stop();
  for (const home of homes.splice(0)) await home.remove();
});

async function prepare() {
  const made = await makeHome();
  homes.push(made);
  const victim = startVictim();
  victims.push(victim);
  const plan = join(made.root, 'plan.json');
  const replan = async () => writeFile(plan, JSON.stringify(await makePlan(made.home, victim.pid)));
  await replan();
  const look = async () => {
    const { '/plan.json': _plan, ...tree } = await snapshot(made.root);
    return tree;
  };
  return { ...made, plan, replan, look, before: await look() };
}

describe('a repair with every kind of step', () => {
  it('is applied, verified, and undone to the last byte', async () => {
    const { home, plan, look, before } = await prepare();
    const applied = await runChild('apply', home, plan, -1);
    expect(applied.stderr).toBe('');
    expect(applied.outcome).toMatchObject({ kind: 'repaired' });
    const undone = await runChild('undo', home, plan, -1);
    expect(undone.outcome).toMatchObject({
      kind: 'undone',
      notUndone: [expect.stringContaining('not started again')],
    });
    expect(await look()).toEqual(before);
  });

  it('survives kill -9 at every boundary: everything is as before, or everything is repaired', async () => {
    const count = await boundariesOf('apply');
    expect(count).toBeGreaterThan(50);
    for (let at = 0; at < count; at++) {
      const { home, plan, replan, look, before } = await prepare();
      const killed = await runChild('apply', home, plan, at);
      expect(killed.signal, `boundary ${at}`).toBe('SIGKILL');
      const recovered = await runChild('recover', home, plan, -1);
      expect(recovered.stderr, `boundary ${at}`).toBe('');
      const isRepaired = at === count - 1; // killed behind the record that says so
      if (!isRepaired) {
        expect(await look(), `boundary ${at}`).toEqual(before);
        await replan();
        const again = await runChild('apply', home, plan, -1);
        expect(again.outcome, `boundary ${at}`).toMatchObject({ kind: 'repaired' });
      }
      const undone = await runChild('undo', home, plan, -1);
      expect(undone.outcome, `boundary ${at}`).toMatchObject({ kind: 'undone' });
      expect(await look(), `boundary ${at}`).toEqual(before);
      await cleanUp();
    }
  }, 600_000);

  it('survives kill -9 at every boundary of its undo', async () => {
    const count = await boundariesOf('undo');
    expect(count).toBeGreaterThan(10);
    for (let at = 0; at < count; at++) {
      const { home, plan, look, before } = await prepare();
      await runChild('apply', home, plan, -1);
      const killed = await runChild('undo', home, plan, at);
      expect(killed.signal, `boundary ${at}`).toBe('SIGKILL');
      await runChild('recover', home, plan, -1);
      if (at === 0) expect((await runChild('undo', home, plan, -1)).outcome.kind).toBe('undone'); // it had not begun
      expect(await look(), `boundary ${at}`).toEqual(before);
      await cleanUp();
    }
  }, 600_000);

  it('survives kill -9 at every boundary of the recovery itself', async () => {
    const count = await boundariesOf('apply');
    const late = count - 2; // everything is applied and verified, and nothing says so
    for (let at = 0; ; at++) {
      const { home, plan, look, before } = await prepare();
      await runChild('apply', home, plan, late);
      const first = await runChild('recover', home, plan, at);
      await runChild('recover', home, plan, -1);
      expect(await look(), `boundary ${at}`).toEqual(before);
      await cleanUp();
      if (first.signal === null) {
        expect(at).toBeGreaterThan(10);
        break;
      }
    }
  }, 600_000);
});

async function boundariesOf(mode: 'apply' | 'undo'): Promise<number> {
  const { home, plan } = await prepare();
  const applied = await runChild('apply', home, plan, -1);
  const run = mode === 'apply' ? applied : await runChild('undo', home, plan, -1);
  await cleanUp();
  return run.boundaries.length;
}

async function cleanUp(): Promise<void> {
  for (const victim of victims.splice(0)) victim.stop();
  for (const home of homes.splice(0)) await home.remove();
}
