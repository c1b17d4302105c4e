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
  process.exitCode = isPlainStatus(argv) ? await showStatus(argv) : await runCommand(argv);
  // A probe that overran its deadline may still hold a socket; it must not hold the shell.
  setTimeout(() => process.exit(), 200).unref();
}

async function runCommand(argv: readonly string[]): Promise<number> {
  const { main } = await import('./main.js');
  return main(argv, STEWARD_VERSION);
}

/** Whether the command line is `auth status` or `auth list` with nothing but `--json`; all else goes through the parser. */
function isPlainStatus([first, second, ...rest]: readonly string[]): boolean {
  const isStatus = first === 'auth' && (second === 'status' || second === 'list');
  return isStatus && rest.every((word) => word === '--json' || word === '-j');
}

/** Required, not imported: Node sets up its module loader only for an import, which takes longer than the whole command. */
function showStatus(argv: readonly string[]): Promise<number> {
  const loaded: typeof import('./status.ts') = module.createRequire(__filename)('./status.cjs');
  return loaded.showStatus(argv);
}

void start(process.argv.slice(2));
