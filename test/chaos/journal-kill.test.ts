/** `kill -9` at every boundary of a repair, of its undo, and of a recovery: the next command brings it to an end. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FULL } from '../support/full.ts';
import { makeHome, makePlan, readProcess, snapshot, startVictim } from './journal-home.ts';
import { buildChild, removeChild, runChild } from './journal-run.ts';

beforeAll(buildChild);
afterAll(removeChild);

async function prepare() {
  const made = await makeHome();
  const victim = startVictim();
  const plan = join(made.root, 'plan.json');
  const replan = async () => writeFile(plan, JSON.stringify(await makePlan(made.home, victim.pid)));
  await replan();
  const look = async () => {
    const { '/plan.json': _plan, ...tree } = await snapshot(made.root);
    return tree;
  };
  const remove = async () => {
    victim.stop();
    await made.remove();
  };
  return { ...made, plan, replan, look, remove, before: await look() };
}

type Prepared = Awaited<ReturnType<typeof prepare>>;

async function withHome<T>(body: (home: Prepared) => Promise<T>): Promise<T> {
  const prepared = await prepare();
  try {
    return await body(prepared);
  } finally {
    await prepared.remove();
  }
}

/** Each boundary in a home of its own, three at a time. */
async function atEach(count: number, body: (home: Prepared, at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let at = next++; at < count; at = next++) {
      const number = at;
      await withHome((home) => body(home, number));
    }
  };
  await Promise.all([lane(), lane(), lane()]);
}

async function boundariesOf(mode: 'apply' | 'undo'): Promise<readonly string[]> {
  return await withHome(async ({ home, plan }) => {
    const applied = await runChild('apply', home, plan, -1);
    return (mode === 'apply' ? applied : await runChild('undo', home, plan, -1)).boundaries;
  });
}

describe('a repair with every kind of step', () => {
  it('is applied, verified, and undone to the last byte', async () => {
    await withHome(async ({ home, plan, look, before }) => {
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
  });

  it('survives kill -9 at every boundary: everything is as before, or everything is repaired', async () => {
    const boundaries = await boundariesOf('apply');
    expect(boundaries.length).toBeGreaterThan(50);
    await atEach(boundaries.length, async ({ home, plan, replan, look, before }, at) => {
      const where = `${at} ${boundaries[at]}`;
      const killed = await runChild('apply', home, plan, at);
      expect(killed.signal, where).toBe('SIGKILL');
      const recovered = await runChild('recover', home, plan, -1);
      expect(recovered.stderr, where).toBe('');
      if (boundaries[at] !== 'repaired') {
        expect(await look(), where).toEqual(before);
        if (!FULL && at % 5 !== 0) return; // back to the last byte: what comes now has nothing left to tell it by
        await replan();
        const again = await runChild('apply', home, plan, -1);
        expect(again.outcome, where).toMatchObject({ kind: 'repaired' });
      }
      const undone = await runChild('undo', home, plan, -1);
      expect(undone.outcome, where).toMatchObject({ kind: 'undone' });
      expect(await look(), where).toEqual(before);
    });
  }, 600_000);

  it('survives kill -9 at every boundary of its undo', async () => {
    const boundaries = await boundariesOf('undo');
    expect(boundaries.length).toBeGreaterThan(10);
    await atEach(boundaries.length, async ({ home, plan, look, before }, at) => {
      const where = `${at} ${boundaries[at]}`;
      await runChild('apply', home, plan, -1);
      const killed = await runChild('undo', home, plan, at);
      expect(killed.signal, where).toBe('SIGKILL');
      await runChild('recover', home, plan, -1);
      if (boundaries[at] === 'locked') await runChild('undo', home, plan, -1); // it had not begun
      expect(await look(), where).toEqual(before);
    });
  }, 600_000);

  it('survives kill -9 at every boundary of the recovery itself', async () => {
    const applying = await boundariesOf('apply');
    const late = applying.indexOf('verified'); // everything is done, and nothing says so
    const recovering = await withHome(async ({ home, plan }) => {
      await runChild('apply', home, plan, late);
      return (await runChild('recover', home, plan, -1)).boundaries;
    });
    expect(recovering.length).toBeGreaterThan(10);
    await atEach(recovering.length, async ({ home, plan, look, before }, at) => {
      const where = `${at} ${recovering[at]}`;
      await runChild('apply', home, plan, late);
      expect((await runChild('recover', home, plan, at)).signal, where).toBe('SIGKILL');
      await runChild('recover', home, plan, -1);
      expect(await look(), where).toEqual(before);
    });
  }, 600_000);

  it('takes back what a command did that outlived steward, once that command has ended', async () => {
    await withHome(async ({ home, root, look, before }) => {
      const plan = join(root, 'plan.json');
      const tree = join(home, 'tree');
      const script =
        'cd "$TREE" && echo half > tool && sleep 0.5 && kill -9 $PPID && sleep 2 && echo late > late';
      const steps = [
        {
          kind: 'command',
          argv: ['/bin/sh', '-c', script],
          env: { TREE: tree },
          touches: [tree],
          timeoutMs: 9000,
        },
      ];
      await writeFile(
        plan,
        JSON.stringify({ repairId: 'test.half', summary: 'Half', requiresStopped: 'nothing', steps }),
      );
      expect((await runChild('apply', home, plan, -1)).signal).toBe('SIGKILL');

      const blocked = await runChild('recover', home, plan, -1);
      expect(blocked.outcome).toMatchObject([{ kind: 'blocked', pid: expect.any(Number) }]);
      const refused = await runChild('apply', home, plan, -1);
      expect(refused.outcome).toMatchObject({ kind: 'refused', refusal: { kind: 'blocked' } });

      for (let tries = 0; tries < 100 && readProcess(blocked.outcome[0].pid) !== undefined; tries++)
        await wait(100);
      expect((await runChild('recover', home, plan, -1)).outcome).toMatchObject([
        { kind: 'rolled-back', left: [] },
      ]);
      expect(await look()).toEqual(before);
    });
  });
});
