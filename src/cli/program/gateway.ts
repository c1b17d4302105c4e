/** The names, options and help of `steward run` and `steward gateway`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Registration } from './auth.ts';

const MAX_COUNT = 1_000_000;

/** Adds `run` and `gateway` to the program. */
export function registerGateway(program: Command, { deps, done }: Registration): void {
  program
    .command('run')
    .description('the official Codex, through the gateway where rotation applies')
    .argument('[words...]', 'after --: what you would type after `codex`')
    .option('--account <account>', 'this account only, for this run')
    .action(async (words, options) =>
      done(await (await import('../commands/run.ts')).runCodex(words, options, deps)),
    );

  const gateway = program
    .command('gateway')
    .description('the local process that lets another of your accounts answer')
    .enablePositionalOptions();
  gateway
    .command('start')
    .description('start it, or find it running')
    .addOption(new Option('--quiet', 'only where rotation is wanted, and in silence').conflicts('json'))
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/gateway.ts')).runGatewayStart(options, deps)),
    );
  gateway
    .command('stop')
    .description('end it; requests under way get ten seconds')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/gateway.ts')).runGatewayStop(options, deps)),
    );
  gateway
    .command('status')
    .description('what it does, and which accounts can serve')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/gateway.ts')).runGatewayStatus(options, deps)),
    );
  gateway
    .command('logs')
    .description('the end of its log: a line of JSON a request')
    .addOption(new Option('-n, --lines <count>', 'how many lines').argParser(parseCount).default(20))
    .option('-f, --follow', 'go on until Ctrl-C')
    .action(async (options) =>
      done(await (await import('../commands/gateway.ts')).runGatewayLogs(options, deps)),
    );
  gateway
    .command('serve', { hidden: true })
    .description('the process itself, in the foreground')
    .addOption(
      new Option('--idle <minutes>', 'end after so long without a session; 0: never')
        .argParser(parseCount)
        .default(30),
    )
    .option('--wait', 'wait while another one serves this home')
    .action(async (options) =>
      done(await (await import('../commands/gateway.ts')).runGatewayServe(options, deps)),
    );
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count > MAX_COUNT)
    throw new InvalidArgumentError(`"${text}" is not a number from 0 to ${MAX_COUNT}.`);
  return count;
}
