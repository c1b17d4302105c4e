#!/usr/bin/env node
/** The bin entry. Answers `--version` without loading anything else: shells and prompts ask for it all the time. */
import process from 'node:process';

/** The package version, put in by the build (`scripts/build.mjs`). */
declare const STEWARD_VERSION: string;

const [first, ...rest] = process.argv.slice(2);
if ((first === '--version' || first === '-V') && rest.length === 0) {
  process.stdout.write(`${STEWARD_VERSION}\n`);
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2), STEWARD_VERSION);
  // A probe that overran its deadline may still hold a socket; it must not hold the shell.
  setTimeout(() => process.exit(), 200).unref();
}
