/** Where output goes and how much it may be dressed up: colour only on a TTY that wants it, widths, symbols. */
import process from 'node:process';
import { styleText } from 'node:util';
import { EXIT, messageOf, systemCode } from '../../errors.ts';

export type Style = 'red' | 'yellow' | 'green' | 'cyan' | 'bold' | 'dim';

export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Somebody is there to be asked: standard input and standard error are both a terminal. */
  readonly interactive: boolean;
  /** Standard error is a terminal that can redraw a line. */
  readonly canRedraw: boolean;
  /** Standard output is a terminal: somebody looks at it, and columns pay. */
  readonly isTerminal: boolean;
  /** Columns, at most 100: longer lines are hard to read. */
  readonly width: number;
  /** The text in that style where colour is wanted, else as it is. */
  paint(style: Style | readonly Style[], text: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What is written to: one of the process's streams, or what stands in for it. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** The streams are asked for only when they are used: Node sets each up at its first mention. */
interface ProcessLike {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The terminal of this process. `NO_COLOR` and `TERM=dumb` switch colour off, `FORCE_COLOR` on (no-color.org). */
export function createTerminal(own: ProcessLike): Terminal {
  const { stdout, env } = own;
  const dumb = env.TERM === 'dumb';
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '' && env.FORCE_COLOR !== '0';
  const colour = (env.NO_COLOR ?? '') === '' && (forced || (stdout.isTTY === true && !dumb));
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void own.stderr.write(text),
    get interactive() {
      return own.stdin.isTTY === true && own.stderr.isTTY === true;
    },
    get canRedraw() {
      return own.stderr.isTTY === true && !dumb;
    },
    isTerminal: stdout.isTTY === true,
    width: Math.min(stdout.columns || 80, 100),
    paint: (style, text) =>
      colour ? styleText(style as Style | Style[], text, { validateStream: false }) : text,
    env,
  };
}

/**
 * What a closed or full output means. `steward doctor | head` closes it early: the reader's choice; what is being done is
 * brought to its end, unheard. A full disk below it ends the program with 3, without a stack trace.
 */
export function watchOutput(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams) stream.on('error', outputFailed);
}

/** What {@link watchOutput} does about a failed write. */
export function outputFailed(error: unknown): void {
  if (systemCode(error) === 'EPIPE') return;
  process.stderr.write(`✖ the output cannot be written: ${messageOf(error)}\n`);
  process.exit(EXIT.environment);
}
