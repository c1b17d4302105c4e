/**
 * `npm run check`: format and lint, types, unused files and exports, import directions, file sizes. Seconds, no network
 * once `tools/` is installed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a program; resolves to its exit code and output. */
function run(name, file, args) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('error', (error) => resolve({ name, code: 1, output: error.message }));
    child.on('close', (code) => resolve({ name, code: code ?? 1, output }));
  });
}

const tool = (name) => join(root, 'tools', 'node_modules', '.bin', name);
if (!existsSync(tool('biome'))) {
  const installed = await run('tools', 'npm', ['ci', '--prefix', 'tools', '--no-audit', '--no-fund']);
  if (installed.code !== 0) {
    console.error(installed.output);
    process.exit(1);
  }
}

const node = process.execPath;
const results = await Promise.all([
  run('types', node, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.']),
  run('format and lint', tool('biome'), ['check', '--error-on-warnings']),
  run('imports and sizes', node, [join(root, 'scripts', 'check-structure.mjs')]),
  run('failures page', node, [join(root, 'scripts', 'failures-page.mjs'), '--check']),
  run('unused code', tool('knip'), ['--no-progress']),
]);
for (const { name, code, output } of results) {
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  if (code !== 0) console.log(output);
}
process.exit(results.some(({ code }) => code !== 0) ? 1 : 0);
