/** Several stewards at once on one home: one repairs, the others say so, nothing is applied twice. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makeHome, makePlan, type TestHome } from './journal-home.ts';
import { buildChild, childFile, removeChild, runChild } from './journal-run.ts';

let made: TestHome;
let plan: string;
beforeAll(buildChild);
afterAll(removeChild);
beforeEach(async () => {
  made = await makeHome();
  plan = join(made.root, 'plan.json');
  await writeFile(plan, JSON.stringify(await makePlan(made.home, null)));
});
afterEach(() => made.remove());

describe('stewards at the same time', () => {
  it('repair once: the others are told who is at work, or that it is repaired', async () => {
    const runs = await Promise.all([1, 2, 3].map(() => runChild('apply', made.home, plan, -1, 300)));
    const kinds = runs.map(({ outcome }) => outcome.kind).sort();
    expect(kinds).toEqual(['refused', 'refused', 'repaired']);
    for (const { outcome } of runs.filter((run) => run.outcome.kind === 'refused')) {
      expect(['locked', 'already-repaired']).toContain(outcome.refusal.kind);
      if (outcome.refusal.kind === 'locked')
        expect(outcome.reason).toMatch(/another steward.*is repairing this Codex home/);
    }
    expect((await readdir(join(made.home, 'steward/journal'))).length).toBe(1);
  });

  it('one after the other: the second finds it repaired and changes nothing', async () => {
    expect((await runChild('apply', made.home, plan, -1)).outcome.kind).toBe('repaired');
    const config = await stat(join(made.home, 'config.toml'));
    const second = await runChild('apply', made.home, plan, -1);
    expect(second.outcome).toMatchObject({ kind: 'refused', refusal: { kind: 'already-repaired' } });
    expect((await stat(join(made.home, 'config.toml'))).mtimeMs).toBe(config.mtimeMs);
  });

  it('name the holder of the lock by pid and time, and take over in an instant when it is killed', async () => {
    const holder = spawn(process.execPath, [childFile, 'apply', made.home, plan, '-1', '60000'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      await once(holder.stderr, 'data'); // it has the lock
      const second = await runChild('apply', made.home, plan, -1);
      expect(second.outcome).toMatchObject({ kind: 'refused', refusal: { kind: 'locked', pid: holder.pid } });
      expect(Math.abs(Date.now() - second.outcome.refusal.since)).toBeLessThan(60_000);
      expect(second.outcome.reason).toContain(`pid ${holder.pid}, since 20`);
    } finally {
      holder.kill('SIGKILL');
    }
    await new Promise((resolve) => holder.once('close', resolve));
    expect((await runChild('apply', made.home, plan, -1)).outcome.kind).toBe('repaired');
  });

  it('leave a journal that only its owner can read', async () => {
    await runChild('apply', made.home, plan, -1);
    const modes = new Set<string>();
    const walk = async (path: string): Promise<void> => {
      const found = await stat(path);
      // What was moved aside keeps its own mode, in a folder that is closed to others.
      if (path.includes('/moved/')) return;
      modes.add(`${found.isDirectory() ? 'folder' : 'file'} ${(found.mode & 0o777).toString(8)}`);
      if (found.isDirectory()) for (const name of await readdir(path)) await walk(join(path, name));
    };
    await walk(join(made.home, 'steward'));
    expect([...modes].sort()).toEqual(['file 600', 'folder 700']);
    expect(await readFile(join(made.home, 'steward/lock.db'), 'latin1')).toContain('SQLite format 3');
  });
});
