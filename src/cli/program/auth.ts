/**
 * The names, options and help of `steward auth`. Reading and changing commands are registered beside this file; what only
 * brings accounts in or out stands here. Each command's work is a chunk of its own, imported when it runs.
 */
import { type Command, Option } from 'commander';
import { EXIT, StewardError } from '../../errors.ts';
import { nearestNames } from '../../nearest.ts';
import type { CommandDeps } from '../main.ts';
import { registerChangingCommands } from './auth-changing.ts';
import { registerReadingCommands } from './auth-reading.ts';

/** What registering a command needs: who runs it, and who is told its exit code. */
export interface Registration {
  readonly deps: CommandDeps;
  readonly done: (exitCode: number) => void;
}

/** Gives the `auth` command everything below it. */
export function registerAuth(auth: Command, registration: Registration): void {
  const { deps, done } = registration;
  auth
    .enablePositionalOptions()
    .helpCommand(true)
    .allowExcessArguments()
    .action(async (_options, command: Command) => {
      const [word] = command.args;
      if (word !== undefined) refuseUnknown(command, word);
      done(await (await import('../commands/auth/home.ts')).runAuthHome(deps));
    });

  auth
    .command('login')
    .description('add an account, or log one in again, and make it the active one')
    .addOption(
      new Option('--device-auth', 'with a code that you type in a browser anywhere').conflicts([
        'manual',
        'browser',
      ]),
    )
    .option('--manual', 'open no browser: paste the address that the sign-in ends on')
    .option('--no-browser', 'the same as --manual')
    .addOption(
      new Option('--with-api-key', 'read an API key from standard input').conflicts([
        'deviceAuth',
        'manual',
        'browser',
        'org',
        'issuer',
      ]),
    )
    .option('--org <id>', 'use this workspace of the login (default: $CODEX_AUTH_ACCOUNT_ID)')
    .option('--issuer <url>', 'another sign-in server, such as a lab')
    .option('-j, --json', 'one JSON object on stdout')
    .action(async (options) =>
      done(await (await import('../commands/auth/login.ts')).runLogin(options, deps)),
    );

  auth
    .command('import')
    .description('take over accounts: exported files, pools of other tools, or the login Codex has')
    .argument('[file]', 'a pool, or a file from `steward auth export`; - for standard input')
    .option('--codex', 'the login that Codex itself has (auth.json)')
    .option('--passphrase-file <path>', 'the passphrase of an encrypted file (- for standard input)')
    .option('-n, --dry-run', 'say what would be added or updated, change nothing')
    .option('-j, --json', 'one JSON object on stdout')
    .action(async (file, options) =>
      done(await (await import('../commands/auth/import.ts')).runImport(file, options, deps)),
    );

  auth
    .command('export')
    .description('write all accounts into one file, encrypted with a passphrase')
    .argument('<file>', 'a file that does not exist yet')
    .option('--passphrase-file <path>', 'read the passphrase there (- for standard input) instead of asking')
    .option('-j, --json', 'one JSON object on stdout')
    .action(async (file, options) =>
      done(await (await import('../commands/auth/export.ts')).runExport(file, options, deps)),
    );

  registerReadingCommands(auth, registration);
  registerChangingCommands(auth, registration);
}

/** Commands of codex-multi-auth that have no namesake here, and what does their job. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  monitor: '`steward auth report` shows the pool and the gateway, `steward auth usage` what was used',
  features: '`codex features list` shows those of Codex, `steward auth --help` what steward does',
  integrations:
    '`steward shim install` puts codex itself behind the gateway; nothing has to be pasted anywhere',
  bridge:
    'the gateway hands out its tokens itself; `steward run -- …` uses it, `steward gateway status` shows it',
  debug: '`steward bundle` makes a redacted zip for an issue',
  history:
    '`codex resume` lists the sessions, which all stay in sight; `steward history` lists what steward changed',
  'init-config': 'no file is needed; `steward auth config explain` shows each setting and its variable',
  uninstall: '`steward uninstall` takes steward out again and leaves the accounts',
};

function refuseUnknown(command: Command, word: string): never {
  const elsewhere = ELSEWHERE[word];
  if (elsewhere !== undefined) {
    throw new StewardError('ERR_CLI_USAGE', 'user', `there is no \`steward auth ${word}\``, {
      hint: elsewhere,
      exitCode: EXIT.usage,
    });
  }
  const names = command.commands.flatMap((each) => [each.name(), ...each.aliases()]);
  const [meant] = nearestNames(word, names);
  const question = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  return command.error(`unknown command '${word}'${question}`, { code: 'commander.unknownCommand' });
}
