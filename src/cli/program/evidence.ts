/** The names, options and help of `report`, `bundle`, `issue` and `signal`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
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

  program
    .command('bundle')
    .description('report, logs around each failure, config and a bug report as one zip, without secrets')
    .option('-y, --yes', 'write it without asking')
    .option('--dry-run', 'show what would be in it, write nothing')
    .option('--out <file>', 'where to write it (default: codex-bundle-TIME.zip here)')
    .option('--add <file...>', 'text to add: the whole output of the command that failed')
    .addOption(
      new Option('--max-mb <mb>', 'limit of all texts together (default: 5)').argParser(parseMegabytes),
    )
    .option('--live', 'also ask the servers')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) => done(await (await import('../commands/bundle.ts')).runBundle(options, deps)));

  program
    .command('issue')
    .description('a GitHub issue and all that is linked to it, as one report')
    .argument('<issue>', 'OWNER/REPO#NUMBER, or the address of an issue or pull request')
    .addOption(new Option('--depth <links>', 'how many links to follow').argParser(parseDepth).default(2))
    .addOption(
      new Option('--max-requests <count>', 'default: 50, with GITHUB_TOKEN 500').argParser(parseRequests),
    )
    .option('--analyze', 'add an analysis by your own codex (read-only), marked as written by a model')
    .option('--out <file>', 'write it to a file')
    .option('--json', 'one JSON object on stdout')
    .action(async (issue, options) =>
      done(await (await import('../commands/issue.ts')).runIssue(issue, options, deps)),
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

function parseMegabytes(text: string): number {
  const mb = Number(text);
  if (!(mb > 0 && mb <= 100)) throw new InvalidArgumentError(`"${text}" is not a number from 0 to 100.`);
  return mb;
}

function parseDepth(text: string): number {
  if (!/^[0-5]$/.test(text)) throw new InvalidArgumentError(`"${text}" is not a number from 0 to 5.`);
  return Number(text);
}

function parseRequests(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 5000)
    throw new InvalidArgumentError(`"${text}" is not a number from 1 to 5000.`);
  return count;
}
