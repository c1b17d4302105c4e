/**
 * Builds `dist/`: the bundled command line (split: one lazily imported chunk a command), the library entry, and with
 * `--types` the declarations. Flags: --quiet, --types. The old `dist/` stays until the new one is whole, so that a build
 * that fails, or one beside a running program, breaks nothing.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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
await build({
  ...common,
  entryPoints: { steward: 'src/cli/steward.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  external: ['./main.js'],
});
const bundled = {
  mainFields: ['module', 'main'], // jsonc-parser's "main" is UMD, which cannot be bundled
  minifyWhitespace: true,
  minifySyntax: true,
  external: [...Object.keys(dependencies), 'node:sqlite'],
};
await build({
  ...common,
  ...bundled,
  entryPoints: { status: 'src/cli/status.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
});
const result = await build({
  ...common,
  entryPoints: { main: 'src/cli/main.ts', index: 'src/index.ts', remote: 'src/remote.ts' },
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  ...bundled,
  format: 'esm',
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
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
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`dist: ${Object.keys(result.metafile.outputs).length} files, ${Math.round(bytes / 1024)} KiB`);
}
