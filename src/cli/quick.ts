/**
 * The commands that prompts and status lines call all the time, on a way of their own: a bundle without the parser and the other
 * commands starts in half the time.
 */
import process from 'node:process';
import { plainOutput } from './plain-output.ts';
import { createTerminal, watchOutput } from './render/terminal.ts';

/** `auth <name>` with nothing but these words; all else goes through the parser. */
export interface QuickCommand {
  readonly name: 'status' | 'forecast';
  readonly json: boolean;
}

/** Runs the command and returns the exit code; errors are rendered here. */
export async function runQuick({ name, json }: QuickCommand): Promise<number> {
  const terminal = createTerminal({
    stdout: plainOutput() ?? watched(process.stdout),
    get stderr() {
      return watched(process.stderr);
    },
    get stdin() {
      return process.stdin;
    },
    env: process.env,
  });
  const deps = { terminal, signal: new AbortController().signal };
  try {
    if (name === 'status') return await (await import('./commands/auth/status.ts')).runStatus({ json }, deps);
    return await (await import('./commands/auth/stored-forecast.ts')).runStoredForecast({ json }, deps);
  } catch (error) {
    const { renderError } = await import('./render/error.ts');
    return renderError(error, terminal, { json });
  }
}

function watched(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (stream.listenerCount('error') === 0) watchOutput([stream]);
  return stream;
}
