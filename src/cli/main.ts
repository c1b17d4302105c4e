/** The command line: names, options and help. Each command's work is a chunk of its own, imported when it runs. */
import process from 'node:process';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, StewardError } from '../errors.ts';
import { registerEvidence } from './program/evidence.ts';
import { registerGateway } from './program/gateway.ts';
import { registerRemote } from './program/remote.ts';
import { registerShim } from './program/shim.ts';
import { createTerminal, type Terminal, watchOutput } from './render/terminal.ts';

/** What every command's `run` is given besides its own options. */
export interface CommandDeps {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Runs the command in `argv` (without node and script) and returns the exit code; errors are rendered here. */
export async function main(argv: readonly string[], version: string): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  watchOutput([process.stdout, process.stderr]);
  const terminal = createTerminal(process);
  const deps: CommandDeps = { terminal, signal: interrupt.signal };
  let exitCode: number = EXIT.ok;
  const done = (code: number) => {
    exitCode = code;
  };
  const program = createProgram(deps, version, done);
  try {
    // Thirty commands, for which the others need not wait 2 ms (`auth …`, `help auth`).
    const auth =
      argv.slice(0, 2).includes('auth') && program.commands.find((command) => command.name() === 'auth');
    if (auth) (await import('./program/auth.ts')).registerAuth(auth, { deps, done });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (interrupt.signal.aborted) return EXIT.interrupted;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    if (error instanceof CommanderError && error.code === 'commander.help') return EXIT.usage; // it was shown
    const { renderError } = await import('./render/error.ts');
    const told = error instanceof CommanderError ? usageError(error, commandOf(program, argv)) : error;
    return renderError(told, terminal, { json: wantsJson(argv) });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** The program with all commands; `done` is told the exit code of the one that ran. */
export function createProgram(deps: CommandDeps, version: string, done: (exitCode: number) => void): Command {
  const program = new Command('steward')
    .description(
      'Finds what is wrong with an OpenAI Codex install, repairs it with a backup, and can undo it.',
    )
    .version(version, '-V, --version')
    .configureOutput({
      writeOut: (text) => deps.terminal.out(text),
      writeErr: (text) => deps.terminal.err(text),
      outputError: () => {}, // thrown too, and rendered like every other error
    })
    .exitOverride()
    .enablePositionalOptions();

  program
    .command('doctor')
    .description('find what is wrong; with --fix, repair it')
    .option('--fix', 'apply the repairs: safe ones at once, others after asking')
    .option('--dry-run', 'with --fix: show each change, make none')
    .option('-y, --yes', 'with --fix: do not ask before repairs that need consent')
    .option('--live', 'also use the network and start MCP servers')
    .option('--only <id...>', 'only these failures, checks or families (remote, config.toml_syntax, …)')
    .option('-v, --verbose', 'show each check and all evidence')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) => done(await (await import('./commands/doctor.ts')).runDoctor(options, deps)));

  program
    .command('undo')
    .description('take a repair back: the latest, or the one with that id')
    .argument('[id]', 'as shown by `steward history`')
    .option('--dry-run', 'show what would be put back, change nothing')
    .option('--json', 'one JSON object on stdout')
    .action(async (id, options) =>
      done(await (await import('./commands/undo.ts')).runUndo(id, options, deps)),
    );

  program
    .command('history')
    .description('list what steward changed, newest first')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) => done(await (await import('./commands/history.ts')).runHistory(options, deps)));

  program
    .command('explain')
    .description('cause and fix for an error text, a file, or standard input')
    .argument('[text...]', 'the error text, a file name, or - for standard input')
    .option('--last', "Codex's own recent logs, newest failure first")
    .option('--json', 'one JSON object on stdout')
    .action(async (text, options) =>
      done(await (await import('./commands/explain.ts')).runExplain(text, options, deps)),
    );

  program.command('auth').description('your accounts: log in, look, check, switch, repair');
  registerGateway(program, { deps, done });
  registerRemote(program, { deps, done });
  registerShim(program, { deps, done });
  registerEvidence(program, { deps, done });

  const lab = program
    .command('lab')
    .description('rehearse a failure against a simulated OpenAI')
    .enablePositionalOptions();
  lab
    .command('list')
    .description('the scenarios, one line each')
    .option('--json', 'one JSON object on stdout')
    .action(async (options) => done(await (await import('./commands/lab.ts')).runLabList(options, deps)));
  lab
    .command('start')
    .description('serve a scenario until Ctrl-C')
    .argument('[scenario]', 'scenario name; combine with +', 'ok')
    .addOption(new Option('--port <port>', 'loopback port (default: any free one)').argParser(parsePort))
    .option('--trace', 'print each request')
    .action(async (name, options) =>
      done(await (await import('./commands/lab.ts')).runLabStart(name, options, deps)),
    );
  lab
    .command('run')
    .description('run a command in a throw-away Codex home against a scenario')
    .argument('<scenario>', 'scenario name; combine with +')
    .argument('<command...>', 'after --: codex …, or steward …')
    .option('--trace', 'print each request as it comes')
    .option('--codex-version <version>', 'that version from npm instead of the installed Codex')
    .action(async (name, command, options) =>
      done(await (await import('./commands/lab.ts')).runLabRun(name, command, options, deps)),
    );

  return program;
}

/** The parser's complaint, with the command whose help tells what is right. */
function usageError(error: CommanderError, command: string): StewardError {
  const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new StewardError('ERR_CLI_USAGE', 'user', message, {
    hint: `${command} --help`,
    exitCode: EXIT.usage,
  });
}

/** `steward lab run` for `lab run nope`: as far as the words name commands. */
function commandOf(program: Command, argv: readonly string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const word of argv) {
    command = command.commands.find((candidate) => candidate.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(' ');
}

/** What stands behind `--` belongs to another program. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = argv.slice(0, end === -1 ? argv.length : end);
  // Only the `auth` family knows `-j`, also among other letters (`-lj`).
  return own.includes('--json') || (own[0] === 'auth' && own.some((word) => /^-[a-z]*j$/.test(word)));
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError(`"${text}" is not a port number (0 to 65535).`);
  }
  return port;
}
