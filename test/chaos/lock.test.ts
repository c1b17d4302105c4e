/** The lock between processes holds whatever else its holder does with the file. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { awaitLock, takeLock } from '../../src/storage/lock.ts';
import { childBundle } from './child-bundle.ts';

const run = promisify(execFile);
const child = childBundle('lock-child.ts');
let folder: string;
beforeAll(async () => {
  await child.build();
  folder = await mkdtemp('/var/tmp/steward-lock-');
});
afterAll(async () => {
  child.remove();
  await rm(folder, { recursive: true, force: true });
});

/** What another process gets. */
async function elsewhere(path: string): Promise<string> {
  return (await run(process.execPath, [child.file, path])).stdout;
}

// Locks of POSIX belong to the process, and closing any file descriptor of the file lets all of them go.
it('stays taken for others while its own process asks for it again', async () => {
  const path = join(folder, 'steward', 'lock.db');
  expect(await elsewhere(path)).toBe('taken');
  const mine = await takeLock(path, 1);
  expect(mine.kind).toBe('taken');
  expect(await elsewhere(path)).toBe('held');
  expect((await takeLock(path, 2)).kind).toBe('held');
  expect(await elsewhere(path)).toBe('held');
  const waiting = awaitLock(path, 3, { timeoutMs: 60, signal: new AbortController().signal });
  expect(await elsewhere(path)).toBe('held');
  expect((await waiting).kind).toBe('held');
  expect(await elsewhere(path)).toBe('held');
  if (mine.kind === 'taken') await mine.lock.release();
  expect(await elsewhere(path)).toBe('taken');
});
