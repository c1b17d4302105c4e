#!/usr/bin/env node
/**
 * The bin entry, built as CommonJS: Node starts that 8 ms sooner than a module. It answers `--version` by itself, because shells
 * and prompts ask for it all the time, and loads the rest only for other commands.
 */
import module from 'node:module';
import { join } from 'node:path';
import { type ChunkLoader, createChunkLoader } from './chunk-loader.ts';

/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string;

/** The file names of the two chunks that a run begins with, put in by the build. */
declare const STEWARD_CHUNKS: { readonly main: string; readonly status: string };

async function start(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${STEWARD_VERSION}\n`);
    return;
  }
  const chunks = openChunks();
  process.exitCode = isPlainStatus(argv)
    ? await (chunks.load(STEWARD_CHUNKS.status) as typeof import('./status.ts')).showStatus(argv)
    : await (chunks.load(STEWARD_CHUNKS.main) as typeof import('./main.ts')).main(argv, STEWARD_VERSION);
  if (!argv.includes('--dry-run')) chunks.keep();
  // A probe that overran its deadline may still hold a socket; it must not hold the shell.
  setTimeout(() => process.exit(), 200).unref();
}

/** Required, never imported: setting up Node's loader of modules alone takes longer than `auth status`. */
function openChunks(): ChunkLoader {
  const folder = join(__dirname, 'program');
  if (!('enableCompileCache' in module && typeof module.enableCompileCache === 'function'))
    return createChunkLoader(folder);
  module.enableCompileCache(join(folder, 'compiled'));
  return { load: module.createRequire(join(folder, 'chunk.cjs')), keep: () => {} };
}

/** Whether the command line is `auth status` or `auth list` with nothing but `--json`; all else goes through the parser. */
function isPlainStatus([first, second, ...rest]: readonly string[]): boolean {
  const isStatus = first === 'auth' && (second === 'status' || second === 'list');
  return isStatus && rest.every((word) => word === '--json' || word === '-j');
}

void start(process.argv.slice(2));
