/** A machine that gives out: full disk, read-only disk, two file systems. Nothing is left half done. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHost } from '../../src/host.ts';
import { fingerprint } from '../../src/storage/fingerprint.ts';
import { createJournal } from '../../src/storage/journal.ts';
import type { RepairPlan, Step } from '../../src/storage/steps.ts';
import { snapshot } from './journal-home.ts';

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount();
let folder: string;
let home: string;

beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/steward-machine-');
  home = join(folder, 'home');
  await mkdir(home);
});
afterEach(async () => {
  spawnSync('umount', [home], { stdio: 'ignore' });
  await rm(folder, { recursive: true, force: true });
});

const journalOf = (codexHome: string) =>
  createJournal({
    codexHome,
    host: createHost(),
    runningProcesses: async () => ({ app: [], all: [] }),
    readProcess: async () => undefined,
  });
const verified = { verify: async () => ({ kind: 'verified' }) as const };
const planOf = (...steps: Step[]): RepairPlan => ({
  repairId: 'test.x',
  summary: 'X',
  requiresStopped: 'nothing',
  steps,
});

async function configPlan(...more: Step[]): Promise<RepairPlan> {
  const path = join(home, 'config.toml');
  await writeFile(path, `model = "old"\n# ${'x'.repeat(100_000)}\n`);
  const expectation = await fingerprint(path);
  return planOf(
    { kind: 'toml-edit', path, expect: expectation, edits: [{ op: 'set', key: ['model'], value: 'new' }] },
    ...more,
  );
}

describe.skipIf(!canMount)('on a small file system of its own (needs root on Linux to mount one)', () => {
  it('says that the disk is full, at whatever point it fills up, and leaves everything as it was', async () => {
    mount('size=1m');
    const plan = await configPlan({
      kind: 'write-file',
      path: join(home, 'second'),
      expect: { kind: 'absent' },
      content: 'y'.repeat(150_000),
      mode: 0o600,
    });
    const before = await snapshot(home);
    const kinds = new Set<string>();
    for (let free = 0; free <= 600_000; free += 20_000) {
      await fillUp(free);
      const outcome = await journalOf(home)
        .apply(plan, verified)
        .catch((error: unknown) => error);
      await rm(join(home, 'filler'));
      const { '/filler': _filler, ...now } = await snapshot(home);
      if (outcome instanceof Error) {
        expect(outcome).toMatchObject({ kind: 'environment', message: expect.stringMatching(/full/) });
        kinds.add('thrown');
      } else {
        const { kind } = outcome as { kind: string };
        kinds.add(kind);
        if (kind === 'repaired') break;
        expect(outcome).toMatchObject({
          kind: 'rolled-back',
          left: [],
          reason: expect.stringMatching(/full/),
        });
      }
      expect(now, `${free} bytes free`).toEqual(before);
    }
    expect([...kinds].sort()).toEqual(['repaired', 'rolled-back', 'thrown']);
  });

  it('says that the file system is read-only, and throws nothing else', async () => {
    mount('size=4m');
    const plan = await configPlan();
    execFileSync('mount', ['-o', 'remount,ro', home]);
    await expect(journalOf(home).apply(plan, verified)).rejects.toMatchObject({
      kind: 'environment',
      message: expect.stringContaining('read-only'),
      hint: expect.stringContaining('writable'),
    });
    expect(await journalOf(home).recover()).toEqual([]);
    expect(await journalOf(home).history()).toEqual([]);
    expect(await readdir(home)).toEqual(['config.toml']);
  });

  it('moves a file of another file system beside its old name, and back', async () => {
    mount('size=4m');
    const other = join(folder, 'elsewhere.sqlite');
    await writeFile(other, 'data');
    const step: Step = { kind: 'move-aside', path: other, expect: await fingerprint(other), sidecars: [] };
    const outcome = await journalOf(home).apply(planOf(step), verified);
    expect(outcome).toMatchObject({ kind: 'repaired' });
    const moved = (await readdir(folder)).filter((name) => name.startsWith('elsewhere.sqlite.steward-'));
    expect(moved).toHaveLength(1);
    expect(await journalOf(home).undoLatest()).toMatchObject({ kind: 'undone' });
    expect(await readFile(other, 'utf8')).toBe('data');
    expect((await readdir(folder)).sort()).toEqual(['elsewhere.sqlite', 'home']);
  });
});

describe('with what any machine can have', () => {
  it('moves 2 GB without copying them: the file keeps its inode', async () => {
    const path = join(home, 'logs.sqlite');
    await writeFile(path, '');
    await truncate(path, 2 * 1024 ** 3);
    const before = await stat(path);
    const step: Step = { kind: 'move-aside', path, expect: await fingerprint(path), sidecars: ['-wal'] };
    expect(await journalOf(home).apply(planOf(step), verified)).toMatchObject({ kind: 'repaired' });
    const [id = ''] = await readdir(join(home, 'steward/journal'));
    const moved = await stat(join(home, 'steward/journal', id, 'moved', '0-logs.sqlite'));
    expect(moved.ino).toBe(before.ino);
    expect(await journalOf(home).undoLatest()).toMatchObject({ kind: 'undone' });
    expect((await stat(path)).ino).toBe(before.ino);
  });

  it('refuses a home that does not exist, and creates nothing', async () => {
    const nowhere = join(folder, 'nowhere');
    await expect(journalOf(nowhere).apply(planOf(), verified)).rejects.toMatchObject({
      code: 'ERR_STORAGE_NO_HOME',
      kind: 'environment',
    });
    expect(await journalOf(nowhere).history()).toEqual([]);
    expect(await journalOf(nowhere).recover()).toEqual([]);
    expect(await readdir(folder)).toEqual(['home']);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'says which folder is not ours to write to, as another user',
    async () => {
      await writeFile(join(home, 'config.toml'), 'a = 1\n');
      await chmod(home, 0o755);
      await chmod(folder, 0o755);
      const error = await asUser(65534, () => journalOf(home).apply(planOf(), verified));
      expect(error).toMatchObject({
        code: 'ERR_STORAGE_FILE',
        kind: 'environment',
        message: expect.stringContaining('permission denied'),
      });
      expect(await readdir(home)).toEqual(['config.toml']);
    },
  );
});

/** Runs with the rights of that user; file calls of this process take the effective id. */
async function asUser(uid: number, body: () => Promise<unknown>): Promise<unknown> {
  process.seteuid?.(uid);
  try {
    return await body().catch((error: unknown) => error);
  } finally {
    process.seteuid?.(0);
  }
}

function mount(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `${options},mode=700`, 'tmpfs', home]);
}

function tryMount(): boolean {
  spawnSync('mkdir', ['-p', '/var/tmp/steward-mount-probe']);
  const ok =
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/var/tmp/steward-mount-probe']).status ===
    0;
  if (ok) spawnSync('umount', ['/var/tmp/steward-mount-probe']);
  spawnSync('rmdir', ['/var/tmp/steward-mount-probe']);
  return ok;
}

/** Leaves about that many bytes free. */
async function fillUp(free: number): Promise<void> {
  const path = join(home, 'filler');
  await writeFile(path, '');
  spawnSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4096'], { stdio: 'ignore' });
  await truncate(path, Math.max(0, (await stat(path)).size - free));
}
