/**
 * `npm test`: everything that a clean machine can run. Installs the official Codex binaries and GitHub's description of
 * its API (packages of their own, with locks of their own) on first use, then: check, build with types, unit, property, chaos and e2e tests.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

function step(name, file, args) {
  const startedAt = Date.now();
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (error) console.error(error.message);
  console.log(`${status === 0 ? '✔' : '✖'} ${name} (${Math.round((Date.now() - startedAt) / 1000)} s)`);
  if (status !== 0) process.exit(status ?? 1);
}

for (const [folder, sign, name] of [
  ['test/codex', 'codex-newest', 'official Codex binaries'],
  ['test/github', '@octokit/openapi/package.json', "GitHub's description of its API"],
]) {
  if (!existsSync(join(root, folder, 'node_modules', sign)))
    step(name, 'npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund']);
}
step('check', process.execPath, ['scripts/check.mjs']);
step('build', process.execPath, ['scripts/build.mjs', '--types']);
step('tests', process.execPath, ['node_modules/vitest/vitest.mjs', 'run']);
