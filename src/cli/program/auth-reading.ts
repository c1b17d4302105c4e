/** Registration of the `auth` commands that look at accounts: state, forecast, reports, usage. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Registration } from './auth.ts';

const JSON_OPTION = ['-j, --json', 'one JSON object on stdout'] as const;
const MODEL_OPTION = ['-m, --model <model>', 'for requests to this model'] as const;
const LIVE_OPTION = ['-l, --live', 'ask the server about each account; costs no quota'] as const;

/** Adds the reading commands to `auth`. */
export function registerReadingCommands(auth: Command, { deps, done }: Registration): void {
  auth
    .command('status')
    .alias('list')
    .description('the accounts: which is active, what each has left')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/status.ts')).runStatus(options, deps)),
    );

  auth
    .command('best')
    .description('switch to the account with the best forecast')
    .option(...LIVE_OPTION)
    .option(...MODEL_OPTION)
    .option(...JSON_OPTION)
    .action(async (options) => done(await (await import('../commands/auth/best.ts')).runBest(options, deps)));

  auth
    .command('forecast')
    .description('which account can be used now, which next, when all are full again')
    .option(...LIVE_OPTION)
    .option('--explain', 'the reasons for each account')
    .option(...MODEL_OPTION)
    .option('--no-runtime-overlay', 'leave out what a running gateway knows')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/forecast.ts')).runForecast(options, deps)),
    );

  auth
    .command('report')
    .description('state of the pool, forecast and gateway in one report')
    .option(...LIVE_OPTION)
    .option('--explain', 'the reasons for each account')
    .option(...MODEL_OPTION)
    .addOption(new Option('--max-accounts <n>', 'with --live: look at so many').argParser(parseCount))
    .addOption(new Option('--max-probes <n>', 'with --live: ask the server so often').argParser(parseCount))
    .option('--cached-only', 'with --live: ask only where a usable access token is at hand')
    .option('--out <path>', 'write the JSON report into this file')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/report.ts')).runReport(options, deps)),
    );

  auth
    .command('why-selected')
    .description('why this account, and not another')
    .addOption(new Option('-n, --now', 'a choice made now (default)').conflicts('last'))
    .option('-l, --last', 'the last choice of the gateway')
    .option(...MODEL_OPTION)
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/why-selected.ts')).runWhySelected(options, deps)),
    );

  auth
    .command('models')
    .description('which account can serve which model')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/models.ts')).runModels(options, deps)),
    );

  auth
    .command('config')
    .description('the settings in effect')
    .command('explain')
    .description('each setting, where it comes from and what it would be otherwise')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/config-explain.ts')).runConfigExplain(options, deps)),
    );

  auth
    .command('verify')
    .description('verify where files are kept, and the flagged accounts')
    .addOption(new Option('--paths', 'the path chain of this project').conflicts(['flagged', 'all']))
    .addOption(new Option('--flagged', 'the same as verify-flagged').conflicts('all'))
    .option('--all', 'both')
    .option('-n, --dry-run', 'with --flagged or --all: contact nobody, change nothing')
    .option('--no-restore', 'with --flagged or --all: leave healthy accounts flagged')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/verify.ts')).runVerify(options, deps)),
    );

  const usage = auth
    .command('usage')
    .description('what was used: requests, tokens, cost')
    .option('--since <when>', 'from then on: 24h, 7d, or a date')
    .addOption(
      new Option('--by <what>', 'group by').choices(['model', 'account', 'project', 'outcome', 'day']),
    )
    .addOption(new Option('--csv', 'comma-separated values').conflicts('json'))
    .option('--out <path>', 'write into this file')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/usage.ts')).runUsage(options, deps)),
    );
  usage
    .command('rotate')
    .description('put the ledger aside and begin a new one')
    .addOption(
      new Option('--if-larger-than-bytes <n>', 'only when it is larger than this').argParser(parseCount),
    )
    .option(...JSON_OPTION)
    .action(async (_options, command: Command) =>
      done(
        await (await import('../commands/auth/usage-rotate.ts')).runUsageRotate(
          command.optsWithGlobals(),
          deps,
        ),
      ),
    );

  const budget = auth.command('budget').description('limits of your own on requests, tokens and cost');
  budget
    .command('limit')
    .description('set a limit')
    .argument('<key>', 'what it is for')
    .addOption(new Option('--window <window>', 'counted over').choices(['hour', 'day', 'week', 'month']))
    .addOption(new Option('--requests <n>', 'at most so many requests').argParser(parseCount))
    .addOption(new Option('--tokens <n>', 'at most so many tokens').argParser(parseCount))
    .option('--cost <usd>', 'at most so many US dollars')
    .option(...JSON_OPTION)
    .action(async (key, options) =>
      done(await (await import('../commands/auth/budget.ts')).runBudgetLimit(key, options, deps)),
    );
  budget
    .command('check')
    .description('whether a limit is reached (exit code 1)')
    .argument('<key>', 'as in `budget list`')
    .option(...JSON_OPTION)
    .action(async (key, options) =>
      done(await (await import('../commands/auth/budget.ts')).runBudgetCheck(key, options, deps)),
    );
  budget
    .command('list')
    .description('all limits')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/budget.ts')).runBudgetList(options, deps)),
    );
}

/** A count given on the command line. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw new InvalidArgumentError(`"${text}" is not a whole number.`);
  }
  return count;
}
