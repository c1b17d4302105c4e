/**
 * `auth status` and `auth list` on a way of their own: prompts and status lines call them all the time, and a bundle without
 * the parser and the other commands starts in half the time. Built as CommonJS, like the entry.
 */
import process from 'node:process';
import { runStatus } from './commands/auth/status.ts';
import { createTerminal, watchOutput } from './render/terminal.ts';

/** Shows the accounts and returns the exit code; errors are rendered here. */
export async function showStatus(argv: readonly string[]): Promise<number> {
  watchOutput([process.stdout, process.stderr]);
  const terminal = createTerminal(process);
  const json = argv.length > 2;
  try {
    return await runStatus({ json }, { terminal, signal: new AbortController().signal });
  } catch (error) {
    const { renderError } = await import('./render/error.ts');
    return renderError(error, terminal, { json });
  }
}
