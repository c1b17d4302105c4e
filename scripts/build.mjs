/**
 * Builds `dist/`: the bundled command line (split: one lazily imported chunk a command), the library entry, and with
 * `--types` the declarations. Flags: --quiet, --types. The old `dist/` stays until the new one is whole, so that a build
 * that fails, or one beside a running program, breaks nothing.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const fresh = join(root, `dist.new-${process.pid}`);
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = {
  absWorkingDir: root,
  outdir: fresh,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  define: { STEWARD_VERSION: JSON.stringify(version) },
  legalComments: 'none',
  preserveSymlinks: true, // names of bundled modules are paths: below the project, wherever node_modules really is
  logLevel: 'warning',
};

process.on('exit', () => rmSync(fresh, { recursive: true, force: true }));
const bundled = {
  mainFields: ['module', 'main'], // jsonc-parser's "main" is UMD, which cannot be bundled
  minifyWhitespace: true,
  minifySyntax: true,
  external: [...Object.keys(dependencies), 'node:sqlite'],
};
// esbuild splits modules only; as CommonJS, Node 20 can load them with kept compiled code (`src/cli/chunk-loader.ts`).
const LIBRARY = { index: 'src/index.ts', remote: 'src/remote.ts' };
const program = await build({
  ...common,
  ...bundled,
  entryPoints: { main: 'src/cli/main.ts', ...LIBRARY },
  entryNames: 'program/[name]-[hash]',
  chunkNames: 'program/[name]-[hash]',
  splitting: true,
  format: 'esm',
  outExtension: { '.js': '.cjs' },
  metafile: true,
  write: false,
});
mkdirSync(join(fresh, 'program'), { recursive: true });
for (const { path, text } of program.outputFiles) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    target: common.target,
    supported: { 'dynamic-import': false },
    minifyWhitespace: true,
  });
  writeFileSync(path, code);
}
const quick = await build({
  ...common,
  ...bundled,
  entryPoints: { quick: 'src/cli/quick.ts' },
  entryNames: 'program/[name]-[hash]',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  supported: { 'dynamic-import': false },
  metafile: true,
});
/** The output made from that entry point: the name of its file, which holds the hash of its text, and what it exports. */
function chunkOf({ metafile }, source) {
  const [path, { exports }] = Object.entries(metafile.outputs).find(
    ([, output]) => output.entryPoint === source,
  );
  return { name: basename(path), exports };
}
// The library is a module for those who import it, and the same chunks behind.
for (const [name, source] of Object.entries(LIBRARY)) {
  const chunk = chunkOf(program, source);
  writeFileSync(
    join(fresh, `${name}.js`),
    `import library from './program/${chunk.name}';\nexport const { ${chunk.exports.join(', ')} } = library;\n`,
  );
}
const entry = await build({
  ...common,
  entryPoints: { steward: 'src/cli/steward.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: {
    ...common.define,
    STEWARD_CHUNKS: JSON.stringify({
      main: chunkOf(program, 'src/cli/main.ts').name,
      quick: chunkOf(quick, 'src/cli/quick.ts').name,
    }),
  },
  metafile: true,
});
chmodSync(join(fresh, 'steward.cjs'), 0o755);
if (process.argv.includes('--types')) {
  execFileSync(
    process.execPath,
    [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      'tsconfig.types.json',
      '--outDir',
      join(fresh, 'types'),
    ],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
}
const old = join(root, `dist.old-${process.pid}`);
if (existsSync(dist)) renameSync(dist, old);
renameSync(fresh, dist);
rmSync(old, { recursive: true, force: true });
if (!process.argv.includes('--quiet')) {
  const outputs = [program, quick, entry].flatMap(({ metafile }) => Object.values(metafile.outputs));
  const bytes = outputs.reduce((sum, output) => sum + output.bytes, 0);
  console.log(`dist: ${outputs.length} files, ${Math.round(bytes / 1024)} KiB`);
}
