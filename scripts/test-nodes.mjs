/**
 * `npm run test:nodes [VERSION…]`: the whole test suite again on Node 22 and 24, which come from the npm registry. The tests'
 * own children run on that Node too, because they start `process.execPath`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const versions = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];

for (const version of versions) {
  const folder = join(root, 'node_modules', '.nodes', version);
  const bin = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin');
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true });
    run(
      'npm',
      ['install', '--prefix', folder, '--no-save', `node-${process.platform}-${process.arch}@${version}`],
      {},
    );
  }
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  run(join(bin, 'node'), ['node_modules/vitest/vitest.mjs', 'run'], env);
  console.log(`✔ Node ${version}`);
}

function run(file, args, env) {
  const { status } = spawnSync(file, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}
