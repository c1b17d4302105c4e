/** A single line on standard error that says what is still going on, once a command takes over half a second. */
import type { Terminal } from './terminal.ts';

const QUIET_MS = 500;
const FRAME_MS = 80;
/** The sign that something is going on, one picture after the other. */
export const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

export interface Progress {
  /** What is going on now; replaces the former text. */
  update(text: string): void;
  /** Removes the line; nothing is drawn afterwards. */
  stop(): void;
}

/** Starts the line. Without a terminal on standard error nothing is ever drawn. */
export function startProgress(terminal: Terminal, text: string): Progress {
  if (!terminal.canRedraw) return { update: () => {}, stop: () => {} };
  let current = text;
  let frame = 0;
  let drawn = false;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    drawn = true;
    const line = `${FRAMES[frame++ % FRAMES.length]} ${current}`.slice(0, terminal.width - 1);
    terminal.err(`\r\u001b[2K${terminal.paint('dim', line)}`);
  };
  const start = setTimeout(() => {
    draw();
    timer = setInterval(draw, FRAME_MS);
  }, QUIET_MS);
  return {
    update: (next) => {
      current = next;
    },
    stop: () => {
      clearTimeout(start);
      clearInterval(timer);
      if (drawn) terminal.err('\r\u001b[2K');
    },
  };
}
