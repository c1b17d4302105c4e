/** The names, options and help of `steward shim` and `steward uninstall`. */
import { type Command, Option } from 'commander';
import { SHELLS } from '../../shim/shell-files.ts';
import type { Registration } from './auth.ts';

/** Adds `shim` with everything below it, and `uninstall`, to the program. */
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

  program
    .command('uninstall')
    .description("take everything of steward out of Codex's way; accounts and journal stay")
    .option('--dry-run', 'show what would be taken away, change nothing')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/uninstall.ts')).runUninstall(options, deps)),
    );
}
