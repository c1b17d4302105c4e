/** The one place where a thrown error becomes text for a person, or JSON for a machine, and an exit code. */
import { EXIT, messageOf, StewardError } from '../../errors.ts';
import { redact } from '../../storage/redact.ts';
import type { Terminal } from './terminal.ts';

/** Prints the error and returns the exit code that belongs to it. */
export function renderError(error: unknown, terminal: Terminal, options: { json: boolean }): number {
  const known = asStewardError(error);
  if (options.json) {
    const { code, kind, message, hint, details } = known;
    terminal.out(
      `${JSON.stringify({ schemaVersion: 1, error: { code, kind, message: redact(message), hint, details } })}\n`,
    );
    return known.exitCode;
  }
  terminal.err(`${terminal.paint('red', '✖')} ${redact(known.message)}\n`);
  if (known.hint !== undefined) terminal.err(`  ${terminal.paint('cyan', '→')} ${redact(known.hint)}\n`);
  if (known.kind === 'bug') {
    terminal.err(
      '  This is a fault of steward itself; `steward history` shows whether anything was changed.\n',
    );
    if (terminal.env.STEWARD_DEBUG && error instanceof Error) terminal.err(`${redact(error.stack ?? '')}\n`);
    else terminal.err('  Run again with STEWARD_DEBUG=1 and report what it prints.\n');
  }
  return known.exitCode;
}

/**
 * What went wrong, as an error of ours. System errors are the machine's fault (disk, rights, network); anything else that was
 * not meant is ours.
 */
export function asStewardError(error: unknown): StewardError {
  if (error instanceof StewardError) return error;
  if (error instanceof Error && 'syscall' in error) {
    return new StewardError('ERR_SYSTEM', 'environment', error.message, { cause: error });
  }
  return new StewardError('ERR_BUG', 'bug', messageOf(error), { cause: error, exitCode: EXIT.bug });
}
