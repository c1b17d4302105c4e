#!/usr/bin/env node
/**
 * The bin entry, built as CommonJS: Node starts that 8 ms sooner than a module. It answers `--version` by itself, because shells
 * and prompts ask for it all the time, and loads the rest only for other commands.
 */
import module from 'node:module';

/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string;

async function start(argv: readonly string[]): Promise<void> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${STEWARD_VERSION}\n`);
    return;
  }
  // Node 22 and newer keep compiled code between runs; Node 20 has no such function.
  if ('enableCompileCache' in module && typeof module.enableCompileCache === 'function')
    module.enableCompileCache();
  const { main } = await import('./main.js');
  process.exitCode = await main(argv, STEWARD_VERSION);
  // A probe that overran its deadline may still hold a socket; it must not hold the shell.
  setTimeout(() => process.exit(), 200).unref();
}

void start(process.argv.slice(2));
