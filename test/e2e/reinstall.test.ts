/** `install.binary_missing`: steward lets the real npm put the package back, from a registry of our own, and takes it back. */
import { access, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { treeOf } from '../support/fault-runner.ts';
import { type FaultWorld, makeWorld } from '../support/fault-world.ts';
import { type NpmRegistry, startNpmRegistry } from '../support/npm-registry.ts';
import { runProgram } from '../support/real-codex.ts';
import { doctorJson, idsOf, steward } from '../support/steward.ts';

const FIX = ['--fix', '--yes', '--only', 'install.binary_missing'];

let world: FaultWorld;
let registry: NpmRegistry;
beforeAll(async () => {
  world = await makeWorld('codex-0.133', 'npm');
  registry = await startNpmRegistry('codex-0.133');
  Object.assign(world.env, { npm_config_registry: registry.url, npm_config_update_notifier: 'false' });
  await rm(join(world.installFolder, 'node_modules'), { recursive: true });
});
afterAll(async () => {
  await registry.stop();
  await world.remove();
});

const prefix = () => join(world.root, '.npm-global');

test('a reinstall that npm cannot do leaves the install as it was, and says why', async () => {
  const before = await treeOf(prefix());
  const offline = { env: { npm_config_registry: 'http://127.0.0.1:9/', npm_config_fetch_retries: '0' } };
  const report = await doctorJson(world, FIX, { ...offline, timeoutMs: 90_000 });
  expect(report).toMatchObject({
    exitCode: 1,
    repairs: [{ id: 'install.binary_missing', result: 'rolled-back' }],
  });
  expect(report.repairs?.[0]?.reason).toMatch(/ended with code 1: FetchError: .* ECONNREFUSED/);
  expect(await treeOf(prefix())).toEqual(before);
});

test('the missing program is put back in the same version, starts, and is taken back by undo', async () => {
  const before = await treeOf(prefix());
  expect(idsOf(await doctorJson(world))).toContain('install.binary_missing');

  const report = await doctorJson(world, FIX, { timeoutMs: 90_000 });
  expect(report.repairs).toMatchObject([{ id: 'install.binary_missing', result: 'repaired', reason: null }]);
  expect(report.findings).toEqual([]);
  expect(registry.requests.filter((path) => path.endsWith('.tgz')).sort()).toEqual([
    `/0.133.0-linux-${process.arch}.tgz`,
    '/0.133.0.tgz',
  ]);
  const launcher = join(world.installFolder, 'bin', 'codex.js');
  expect(await readFile(launcher, 'utf8')).toContain('#!/usr/bin/env node');
  const ran = await runProgram(join(world.binFolder, 'codex'), ['--version'], { env: world.env });
  expect(ran).toMatchObject({ code: 0, stdout: 'codex-cli 0.133.0\n' });

  const undone = await steward(world, ['undo', '--json']);
  expect(undone).toMatchObject({ code: 0, stderr: '' });
  expect(await treeOf(prefix())).toEqual(before);
  await expect(access(join(world.installFolder, 'node_modules'))).rejects.toMatchObject({ code: 'ENOENT' });
});
