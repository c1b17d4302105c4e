import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from './lock.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp('/var/tmp/steward-lock-');
  path = join(folder, 'steward/lock.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('takeLock', () => {
  it('is held by one at a time, and says by whom and since when', async () => {
    const first = await takeLock(path, 1_700_000_000_000);
    expect(first.kind).toBe('taken');
    expect(await takeLock(path, 1)).toEqual({ kind: 'held', pid: process.pid, since: 1_700_000_000_000 });
    if (first.kind === 'taken') await first.lock.release();
    const second = await takeLock(path, 2);
    expect(second.kind).toBe('taken');
    expect(await takeLock(path, 3)).toMatchObject({ since: 2 });
    if (second.kind === 'taken') await second.lock.release();
  });

  it('goes to exactly one of many who ask at once', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => takeLock(path, 5)));
    const taken = results.filter((result) => result.kind === 'taken');
    expect(taken).toHaveLength(1);
    for (const result of taken) await result.lock.release();
  });

  it('lives in files that only the owner can read', async () => {
    const result = await takeLock(path, 1);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'steward'))).mode & 0o777).toBe(0o700);
    if (result.kind === 'taken') await result.lock.release();
  });

  it('says so when the folder above is missing', async () => {
    await expect(takeLock(join(folder, 'none/steward/lock.db'), 1)).rejects.toMatchObject({
      code: 'ERR_STORAGE_FILE',
      kind: 'environment',
    });
  });
});
