#!/usr/bin/env node
/**
 * The bin entry, built as CommonJS: Node starts that 8 ms sooner than a module. It answers `--version` by itself, because shells
 * and prompts ask for it all the time, and loads the rest only for other commands.
 */
import module from 'node:module';
import { join } from 'node:path';
import { type ChunkLoader, createChunkLoader } from './chunk-loader.ts';
import type { QuickCommand } from './quick.ts';

/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string;

/** The file names of the two chunks that a run begins with, put in by the build. */
declare const STEWARD_CHUNKS: { readonly main: string; readonly quick: string };

async function start(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${STEWARD_VERSION}\n`);
    return;
  }
  const chunks = openChunks();
  const quick = quickCommand(argv);
  process.exitCode = quick
    ? await (chunks.load(STEWARD_CHUNKS.quick, useOf(quick)) as typeof import('./quick.ts')).runQuick(quick)
    : await (chunks.load(STEWARD_CHUNKS.main) as typeof import('./main.ts')).main(argv, STEWARD_VERSION);
  if (!argv.includes('--dry-run')) chunks.keep();
  // A probe that overran its deadline may still hold a socket; it must not hold the shell.
  setTimeout(exitOnceRead, 200).unref();
}

function useOf({ name, json }: QuickCommand): string {
  return json ? `${name}-json` : name;
}

/** Whoever reads slowly (`| less`) gets all of it: a pipe takes 64 KiB, and the rest waits in this process. */
function exitOnceRead(): void {
  process.stderr.write('', () => process.stdout.write('', () => process.exit()));
}

/** Required, never imported: setting up Node's loader of modules alone takes longer than `auth status`. */
function openChunks(): ChunkLoader {
  const folder = join(__dirname, 'program');
  if (!('enableCompileCache' in module && typeof module.enableCompileCache === 'function'))
    return createChunkLoader(folder);
  module.enableCompileCache(join(folder, 'compiled'));
  const require = module.createRequire(join(folder, 'chunk.cjs'));
  return { load: (name) => require(`./${name}`), keep: () => {} };
}

const QUICK: Readonly<Record<string, QuickCommand['name']>> = {
  status: 'status',
  list: 'status',
  forecast: 'forecast',
};

/** `auth status`, `auth list` or `auth forecast` with nothing but `--json`; all else goes through the parser. */
function quickCommand([first, second = '', ...rest]: readonly string[]): QuickCommand | undefined {
  const name = first === 'auth' ? QUICK[second] : undefined;
  const isPlain = rest.every((word) => word === '--json' || word === '-j');
  return name === undefined || !isPlain ? undefined : { name, json: rest.length > 0 };
}

void start(process.argv.slice(2));
