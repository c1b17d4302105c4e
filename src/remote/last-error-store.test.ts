import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CodexScope } from '../codex/home.ts';
import { createHost } from '../host.ts';
import { ownError } from './last-error.ts';
import { readStoredError, storeError } from './last-error-store.ts';

let home: string;
let scope: CodexScope;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'steward-error-'));
  scope = {
    host: createHost({ env: {} }),
    home: { path: home, source: 'env' },
    signal: new AbortController().signal,
  };
});
afterEach(async () => {
  await chmod(home, 0o700);
  await rm(home, { recursive: true, force: true });
});

it('remembers for the owner alone, and forgets', async () => {
  const error = ownError('no-answer', 1_795_000_000_000, {
    url: 'https://chatgpt.com/x',
    reason: 'no answer',
  });
  await storeError(scope, error);
  expect(await readStoredError(scope)).toEqual(error);
  const path = join(home, 'steward', 'remote.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'steward'))).mode & 0o777).toBe(0o700);
  await storeError(scope, null);
  expect(await readStoredError(scope)).toBeNull();
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ schemaVersion: 1, lastError: null });
});

it('writes nothing where there is nothing to remember, and takes a damaged memory for none', async () => {
  await storeError(scope, null);
  await expect(stat(join(home, 'steward'))).rejects.toMatchObject({ code: 'ENOENT' });
  await storeError(scope, ownError('unknown', 1));
  await writeFile(join(home, 'steward', 'remote.json'), '{"schemaVersion":1,"lastError":{"kind":"??"}}');
  expect(await readStoredError(scope)).toBeNull();
});

it('does not fail where the home cannot be written: the error is told all the same', async () => {
  await writeFile(join(home, 'steward'), 'a file stands here');
  await expect(storeError(scope, ownError('unknown', 1))).resolves.toBeUndefined();
});
