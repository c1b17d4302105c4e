/** The shell that starts the gateway again: with programs that end in every way, instead of the gateway. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { guarded } from './guard.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steward-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a program that ends in these ways, one a start; how often it was started, and what came out. */
function run(...ends: readonly string[]) {
  const cases = ends.map((end, index) => `${index + 1}) ${end} ;;`).join(' ');
  const program = `echo start >> "$0/starts"; echo said; case $(wc -l < "$0/starts" | tr -d ' ') in ${cases} *) exit 0 ;; esac`;
  const [file, ...args] = guarded(['/bin/sh', '-c', program, folder], 'linux');
  const ran = spawnSync(file, args, { encoding: 'utf8' });
  const starts = readFileSync(join(folder, 'starts'), 'utf8').split('\n').length - 1;
  return { starts, code: ran.status, stdout: ran.stdout };
}

test.each([
  ['ended', 'exit 0', 0],
  ['could not start', 'exit 3', 3],
  ['was asked to end', 'kill -TERM $$', 143],
  ['was interrupted while starting', 'exit 130', 130],
])('a gateway that %s stays gone', (_name, end, code) => {
  expect(run(end)).toEqual({ starts: 1, code, stdout: 'said\n' });
});

test.each([
  ['was killed', 'kill -KILL $$'],
  ['ran out of memory', 'kill -ABRT $$'],
  ['broke down', 'exit 75'],
])('a gateway that %s is started again, and says nothing into a pipe that nobody reads', (_name, end) => {
  expect(run(end)).toEqual({ starts: 2, code: 0, stdout: 'said\n' });
});

test('nobody has to read what it says', async () => {
  const program =
    'echo start >> "$0/starts"; [ "$(wc -l < "$0/starts")" -gt 1 ] || { sleep 0.2; kill -KILL $$; }';
  const [file, ...args] = guarded(['/bin/sh', '-c', program, folder], 'linux');
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(readFileSync(join(folder, 'starts'), 'utf8')).toBe('start\nstart\n');
});

test('Windows has no such shell', () => {
  expect(guarded(['node', 'steward'], 'win32')).toEqual(['node', 'steward']);
});
