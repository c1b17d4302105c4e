/** The names, options and help of `steward shim`. */
import { type Command, Option } from 'commander';
import { SHELLS } from '../../shim/shell-files.ts';
import type { Registration } from './auth.ts';

/** Adds `shim` and everything below it to the program. */
export function registerShim(program: Command, { deps, done }: Registration): void {
  const shim = program
    .command('shim')
    .description('put a `codex` with steward in front on PATH, or take it off')
    .enablePositionalOptions();
  shim
    .command('install')
    .description('`codex auth …`, `codex remote-control …` and the gateway, without changing Codex')
    .addOption(new Option('--shell <name...>', 'only these start-up files').choices(SHELLS))
    .option('--no-path', 'write the shim only; PATH is yours to set')
    .option('--dry-run', 'show what would be written, change nothing')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/shim.ts')).runShimInstall(options, deps)),
    );
  shim
    .command('uninstall')
    .description('take it off PATH and remove it')
    .option('--dry-run', 'show what would be removed, change nothing')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/shim.ts')).runShimUninstall(options, deps)),
    );
  shim
    .command('status')
    .description('what `codex` starts in this shell')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/shim.ts')).runShimStatus(options, deps)),
    );
}
