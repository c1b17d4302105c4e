/**
 * `npm run bench [NAME…]`: builds, then runs the benchmarks in `bench/`, each of which prints ratios measured in one run. What a
 * whole one printed (none shortened by a BENCH_ variable) is kept in `bench/kept/NAME.txt`, with the machine it was measured on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const wanted = process.argv.slice(2);
const all = readdirSync(join(root, 'bench'))
  .filter((name) => name.endsWith('.ts'))
  .map((name) => name.slice(0, -3));
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark called ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  process.exit(2);
}

/** As an argument, not within the text of a program that is written elsewhere. */
const OWN_URL = /(?<=(?:fileURLToPath|URL)\((?:[^()]*, )?)import\.meta\.url/g;
/** Sources find files from where they stand, not from where the bundle stands. */
const ownUrls = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\/(bench|test)\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(OWN_URL, JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

const node = (args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
};
node(['scripts/build.mjs', '--quiet']);
for (const name of wanted.length > 0 ? wanted : all) {
  const outfile = join(root, 'node_modules', '.bench', `${name}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [`bench/${name}.ts`],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    plugins: [ownUrls],
  });
  keep(name, await printed(outfile));
}

/** Runs it, shows what it prints, and returns it. */
async function printed(file) {
  const child = spawn(process.execPath, [file], { cwd: root, stdio: ['inherit', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part) => {
    process.stdout.write(part);
    text += part;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) process.exit(code ?? 1);
  return text;
}

function keep(name, text) {
  if (Object.keys(process.env).some((variable) => variable.startsWith('BENCH_'))) return;
  const folder = join(root, 'bench', 'kept');
  mkdirSync(folder, { recursive: true });
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim()}, ${process.platform} ${release()}, Node ${process.version}`;
  const commit =
    spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(
    join(folder, `${name}.txt`),
    `npm run bench ${name}, ${day}, ${commit}: ${machine}\n\n${text.trim()}\n`,
  );
}
