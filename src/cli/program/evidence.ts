/** The names, options and help of `report`, `bundle`, `issue` and `signal`. */
import type { Command } from 'commander';
import type { Registration } from './auth.ts';

/** Adds them to the program. */
export function registerEvidence(program: Command, { deps, done }: Registration): void {
  program
    .command('report')
    .description('one object that says how this Codex is, without secrets')
    .option('--live', 'also ask the servers')
    .option('--json', 'one JSON object on stdout')
    .option('--out <file>', 'write the JSON to a file')
    .action(async (options) =>
      done(await (await import('../commands/report.ts')).runHealthReport(options, deps)),
    );

  const signal = program
    .command('signal')
    .description('say how a fix did; kept on this machine')
    .argument('[id]', 'the failure, as `steward doctor` names it')
    .argument('[verdict]', 'works, easy-fix, time-saver, blocking, common-issue, flaky, verified')
    .option('--json', 'one JSON object on stdout')
    .enablePositionalOptions()
    .action(async (id, verdict, options) =>
      done(await (await import('../commands/signal.ts')).runSignal(id, verdict, options, deps)),
    );
  signal
    .command('list')
    .description('what was said, a line a failure')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/signal.ts')).runSignalList(options, deps)),
    );
  signal
    .command('export')
    .description('all signals as a file for others')
    .option('--out <file>', 'instead of standard output')
    .action(async (options) =>
      done(await (await import('../commands/signal.ts')).runSignalExport(options, deps)),
    );
  signal
    .command('import')
    .description("add others' signals; twice changes nothing")
    .argument('<file>', 'written by `steward signal export`')
    .option('--json', 'one JSON object on stdout')
    .action(async (file, options) =>
      done(await (await import('../commands/signal.ts')).runSignalImport(file, options, deps)),
    );
}
