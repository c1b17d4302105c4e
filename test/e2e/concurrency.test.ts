/** Two stewards at once, a steward killed or interrupted in the middle, and undo against somebody else's changes. */
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configureTop } from '../faults/change.ts';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { FULL } from '../support/full.ts';
import { type DoctorJson, doctorJson, startSteward, steward } from '../support/steward.ts';

const FIX = ['doctor', '--fix', '--yes', '--json', '--only', 'config.invalid_value'];

let world: FaultWorld;
beforeAll(async () => {
  world = await makeWorld('codex-newest', 'npm');
});
afterEach(() => world.made.reset());
afterAll(() => world.remove());

const breakConfig = () => configureTop(world, 'sandbox_mode = "half-open"');
const configPath = () => join(world.codexHome, 'config.toml');

interface History {
  readonly entries: readonly { readonly id: string; readonly state: string; readonly summary: string }[];
}
async function history(): Promise<History['entries']> {
  const ran = await steward(world, ['history', '--json']);
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const { schemaVersion, command, entries } = JSON.parse(ran.stdout) as History & Record<string, unknown>;
  expect({ schemaVersion, command }).toEqual({ schemaVersion: 1, command: 'history' });
  return entries;
}

async function undo(...args: string[]) {
  const ran = await steward(world, ['undo', '--json', ...args]);
  expect(ran.stderr).toBe('');
  return { code: ran.code, ...(JSON.parse(ran.stdout) as { kind: string; reason?: string }) };
}

describe('two stewards at once', () => {
  test('repair a fault once: the other one says so', async () => {
    for (let round = 0; round < 3; round += 1) {
      await breakConfig();
      const runs = await Promise.all([steward(world, FIX), steward(world, FIX)]);
      const reports = runs.map((run) => {
        expect(run.stderr).toBe('');
        expect(run.code).toSatisfy((code) => code === 0 || code === 1);
        return JSON.parse(run.stdout) as DoctorJson;
      });
      const repairs = reports.flatMap((report) => report.repairs ?? []);
      expect(repairs.filter(({ result }) => result === 'repaired')).toHaveLength(1);
      for (const { result, reason } of repairs.filter((repair) => repair.result !== 'repaired')) {
        expect(['refused', 'gone']).toContain(result);
        if (result === 'refused') expect(reason).toMatch(/another steward|somebody else|changed/);
      }
      expect((await history()).map(({ state }) => state)).toEqual(['repaired']);
      expect((await readFile(configPath(), 'utf8')).match(/# codex-steward/g)).toHaveLength(1);
      expect((await doctorJson(world)).findings).toEqual([]);
      await world.made.reset();
    }
  });

  test('undo a repair once', async () => {
    await breakConfig();
    const before = await treeOf(world.codexHome);
    expect((await steward(world, FIX)).code).toBe(0);
    const outcomes = await Promise.all([undo(), undo()]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['refused', 'undone']);
    expect(outcomes.find(({ kind }) => kind === 'refused')?.reason).toMatch(
      /no repair to undo|another steward/,
    );
    expect(await treeOf(world.codexHome)).toEqual(before);
  });
});

describe('a steward that dies', () => {
  /** The trees before and after a repair, and how long it takes from start to end. */
  async function rehearse() {
    await breakConfig();
    expect((await steward(world, FIX)).code).toBe(0); // the first run after a build compiles, and takes longer
    await world.made.reset();
    await breakConfig();
    const before = await treeOf(world.codexHome);
    const startedAt = performance.now();
    expect((await steward(world, FIX)).code).toBe(0);
    const tookMs = performance.now() - startedAt;
    const after = await treeOf(world.codexHome);
    await world.made.reset();
    return { before, after, tookMs };
  }

  test('by kill -9 at any moment leaves a home that the next command finds whole or makes whole', async () => {
    const { before, after, tookMs } = await rehearse();
    const TRIES = FULL ? 20 : 8;
    const seen = { untouched: 0, takenBack: 0, repaired: 0 };
    for (let n = 0; n < TRIES; n += 1) {
      await breakConfig();
      const run = startSteward(world, FIX);
      // From the look, when nothing has happened yet, to when it should be through.
      await sleep(tookMs * (0.2 + (1.2 * n) / (TRIES - 1)));
      run.child.kill('SIGKILL');
      await run.ended;
      const next = await doctorJson(world, ['--only', 'config.invalid_value']);
      const tree = await treeOf(world.codexHome);
      const entries = await history();
      const moment = `killed ${n} of ${TRIES}: ${JSON.stringify(entries)}`;
      if (next.findings.length === 0) {
        seen.repaired += 1;
        expect(tree, moment).toEqual(after);
        expect(entries.map(({ state }) => state)).toEqual(['repaired']);
        expect((await undo()).kind).toBe('undone');
      } else {
        seen[next.recovered.length > 0 ? 'takenBack' : 'untouched'] += 1;
        expect(tree, moment).toEqual(before);
        expect(entries.filter(({ state }) => state !== 'rolled-back')).toEqual([]);
      }
      expect(await treeOf(world.codexHome), moment).toEqual(before);
      if (n % 4 === 0) {
        expect(await undo()).toMatchObject({ code: 1, reason: 'there is no repair to undo' });
        expect((await steward(world, FIX)).code, moment).toBe(0);
      }
      await world.made.reset();
    }
    expect(seen.untouched + seen.takenBack).toBeGreaterThan(0);
    expect(seen.repaired).toBeGreaterThan(0);
  });

  test('by Ctrl-C at any moment leaves nothing half done', async () => {
    const { before, after, tookMs } = await rehearse();
    for (let n = 0; n < 6; n += 1) {
      await breakConfig();
      const run = startSteward(world, FIX);
      await sleep(tookMs * (0.35 + 0.1 * n));
      run.child.kill('SIGINT');
      const { code, signal } = await run.ended;
      expect([0, 130, 'SIGINT']).toContain(signal ?? code); // the signal itself, where it did not listen yet
      const tree = await treeOf(world.codexHome);
      const unfinished = (await history()).filter(({ state }) => state === 'unfinished');
      expect(unfinished).toEqual([]);
      expect([before, after]).toContainEqual(tree);
      await world.made.reset();
    }
  });
});

describe('undo', () => {
  test('works once', async () => {
    await breakConfig();
    const before = await treeOf(world.codexHome);
    expect((await steward(world, FIX)).code).toBe(0);
    const [entry] = await history();
    expect(entry).toMatchObject({
      id: expect.any(String),
      repairId: expect.any(String),
      summary: expect.stringContaining('sandbox_mode'),
      startedAt: expect.any(Number),
      state: 'repaired',
      steps: [expect.stringContaining('config.toml')],
      left: [],
    });
    expect(await undo(entry?.id ?? '')).toMatchObject({ code: 0, kind: 'undone' });
    expect(await treeOf(world.codexHome)).toEqual(before);
    expect(await undo(entry?.id ?? '')).toMatchObject({ code: 1, kind: 'refused' });
    expect(await undo()).toMatchObject({ code: 1, reason: 'there is no repair to undo' });
    expect(await treeOf(world.codexHome)).toEqual(before);
    expect((await history()).map(({ state }) => state)).toEqual(['undone']);
  });

  test('refuses where the person has changed the file since, and names the file', async () => {
    await breakConfig();
    expect((await steward(world, FIX)).code).toBe(0);
    await appendFile(configPath(), '\n# my own note\n');
    const mine = await treeOf(world.codexHome);
    const refused = await undo();
    expect(refused).toMatchObject({ code: 1, kind: 'refused' });
    expect(refused.reason).toContain(configPath());
    const told = await steward(world, ['undo']);
    expect(told).toMatchObject({ code: 1, stderr: '' });
    expect(told.stdout).toContain('~/.codex/config.toml');
    expect(await treeOf(world.codexHome)).toEqual(mine);
    expect((await history()).map(({ state }) => state)).toEqual(['repaired']);
  });

  test('takes two repairs of one file back in the other order, and refuses the wrong one', async () => {
    await configureTop(world, 'sandbox_mode = "half-open"\napproval_policy = "sometimes"');
    const before = await treeOf(world.codexHome);
    expect((await steward(world, FIX)).code).toBe(0);
    const [newest, oldest] = await history();
    expect(await undo(oldest?.id ?? '')).toMatchObject({ code: 1, kind: 'refused' });
    expect(await undo(newest?.id ?? '')).toMatchObject({ code: 0 });
    expect(await undo(oldest?.id ?? '')).toMatchObject({ code: 0 });
    expect(await treeOf(world.codexHome)).toEqual(before);
  });

  test('shows what it would do with --dry-run, and does nothing', async () => {
    await breakConfig();
    expect((await steward(world, FIX)).code).toBe(0);
    const after = await treeOf(world.codexHome);
    const [entry] = await history();
    const text = await steward(world, ['undo', '--dry-run']);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain(`Would take back ${entry?.id}`);
    expect(await undo('--dry-run')).toMatchObject({ code: 0, dryRun: true, wouldUndo: { id: entry?.id } });
    expect(await treeOf(world.codexHome)).toEqual(after);
  });

  test('has a clear answer in a home whose journal is damaged', async () => {
    await breakConfig();
    expect((await steward(world, FIX)).code).toBe(0);
    const [entry] = await history();
    const folder = join(world.codexHome, 'steward', 'journal', entry?.id ?? '');
    await writeFile(join(folder, 'intent.json'), '{"format":1,"id":');
    for (const args of [['history'], ['undo'], ['undo', entry?.id ?? ''], ['doctor', '--only', 'config']]) {
      const ran = await steward(world, args);
      expect([0, 1, 3]).toContain(ran.code);
      expect(ran.stdout + ran.stderr).not.toMatch(/\bat .*:\d+:\d+\)|undefined|TypeError/);
    }
  });
});
