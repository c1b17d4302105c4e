/** The names, options and help of `steward remote`. Each command's work is a chunk of its own, imported when it runs. */
import type { Command } from 'commander';
import type { Registration } from './auth.ts';

/** Adds `remote` and everything below it to the program. */
export function registerRemote(program: Command, { deps, done }: Registration): void {
  const remote = program
    .command('remote')
    .description('remote control of this machine from a phone: start, see why not, pair, repair')
    .enablePositionalOptions();

  remote
    .command('start')
    .description('switch remote control on; if it fails, say why and what to do')
    .option('--heal', 'repair stale local state at once, without asking')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/start.ts')).runRemoteStart(options, deps)),
    );
  remote
    .command('stop')
    .description('switch remote control off, and end the updater that Codex leaves running')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/stop.ts')).runRemoteStop(options, deps)),
    );
  remote
    .command('status')
    .description('this machine, this app, and what the server knows of both')
    .option('--watch', 'look again until Ctrl-C')
    .option('--offline', 'do not ask the server')
    .option('--json', 'one JSON object on stdout; with --watch, one a line')
    .action(async (options) =>
      done(await (await import('../commands/remote/status.ts')).runRemoteStatus(options, deps)),
    );
  remote
    .command('foreground')
    .description('run remote control in this terminal until Ctrl-C')
    .option('--json', 'one JSON object on stdout, as soon as the outcome is known')
    .action(async (options) =>
      done(await (await import('../commands/remote/foreground.ts')).runRemoteForeground(options, deps)),
    );
}
