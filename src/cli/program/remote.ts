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

  remote
    .command('pair')
    .description('pair a phone: QR code and code to type, until it is taken')
    .option('--no-qr', 'only the code to type')
    .option('--no-wait', 'show one code and end')
    .option('--json', 'one code as one JSON object on stdout, without waiting')
    .action(async (options) =>
      done(await (await import('../commands/remote/pair.ts')).runRemotePair(options, deps)),
    );
  remote
    .command('clients')
    .description('the phones and apps that may drive machines of this account')
    .option('--environment <id>', 'only those paired with that machine; "this" for this one')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/clients.ts')).runRemoteClients(options, deps)),
    );
  remote
    .command('revoke')
    .description('take a phone or app its right away: on the server, for good')
    .argument('<client...>', 'as shown by `steward remote clients`; "pending" for all that never finished')
    .option('--environment <id>', 'only its right to that machine; "this" for this one')
    .option('-y, --yes', 'do not ask')
    .option('--json', 'one JSON object on stdout')
    .action(async (clients, options) =>
      done(await (await import('../commands/remote/clients.ts')).runRemoteRevoke(clients, options, deps)),
    );
  remote
    .command('environments')
    .description('the machines of this account, as the server lists them')
    .option('--remove <id...>', 'remove these, which must be offline: on the server, for good')
    .option('-y, --yes', 'with --remove: do not ask')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/environments.ts')).runRemoteEnvironments(options, deps)),
    );
  remote
    .command('repair')
    .description('discard what the server has revoked or lost, clear the way, and enrol anew')
    .option('--dry-run', 'name what would be removed, change nothing')
    .option('-y, --yes', 'do not ask, neither here nor for the server')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/repair.ts')).runRemoteRepair(options, deps)),
    );
  remote
    .command('reset')
    .description('the full clean start of this account: forget all pairing state, and enrol anew')
    .option('--all-accounts', 'also what belongs to other accounts that used this Codex home')
    .option('--dry-run', 'name what would be removed, change nothing')
    .option('-y, --yes', 'do not ask, neither here nor for the server')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/remote/repair.ts')).runRemoteReset(options, deps)),
    );
}
