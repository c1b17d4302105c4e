/**
 * Builds `dist/`: the bundled command line (split: one lazily imported chunk a command), the library entry, and with
 * `--types` the declarations. Flags: --quiet, --types.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const common = {
  absWorkingDir: root,
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  define: { STEWARD_VERSION: JSON.stringify(version) },
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(dist, { recursive: true, force: true });
await build({
  ...common,
  entryPoints: { steward: 'src/cli/steward.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  external: ['./main.js'],
});
const result = await build({
  ...common,
  entryPoints: { main: 'src/cli/main.ts', index: 'src/index.ts' },
  chunkNames: 'chunks/[name]-[hash]',
  splitting: true,
  format: 'esm',
  mainFields: ['module', 'main'], // jsonc-parser's "main" is UMD, which cannot be bundled
  minifyWhitespace: true,
  minifySyntax: true,
  external: [...Object.keys(dependencies), 'node:sqlite'],
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  metafile: true,
});
chmodSync(join(dist, 'steward.cjs'), 0o755);
if (process.argv.includes('--types')) {
  execFileSync(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.types.json'],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
}
if (!process.argv.includes('--quiet')) {
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  console.log(`dist: ${Object.keys(result.metafile.outputs).length} files, ${Math.round(bytes / 1024)} KiB`);
}
