/** The prompt library below the screen: it reads the keys, redraws what changed, and gives the terminal back. */
import { Writable } from 'node:stream';
import { Prompt } from '@clack/core';
import type { ScreenKey } from './keys.ts';

const CLEAR = '\u001b[2J\u001b[H';
/** The second page of the terminal: what was on the first one is there again afterwards. */
const SHOW = `\u001b[?1049h${CLEAR}`;
const HIDE = '\u001b[?25h\u001b[?1049l';

export interface PromptTurn {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  /** Ends the turn. */
  readonly signal: AbortSignal;
  draw(): string;
  /** `true` ends the turn; Escape and Ctrl-C end it in any case. */
  onKey(key: ScreenKey): boolean;
}

/** One painting of the whole screen, and the keys until something ends it. */
export interface RunningTurn {
  readonly ended: Promise<void>;
  redraw(): void;
}

/** The library takes Enter for the end of a prompt; here it is a key like others. */
class KeyPrompt extends Prompt<never> {
  protected override _shouldSubmit(): boolean {
    return false;
  }
}

export function startTurn({ input, output, signal, draw, onKey }: PromptTurn): RunningTurn {
  let isOver = false;
  const canvas = new Writable({
    write: (chunk, _encoding, done) => {
      if (!isOver) output.write(chunk);
      done(); // at once: what follows a turn must not overtake it
    },
  });
  Object.defineProperties(canvas, {
    columns: { get: () => output.columns },
    rows: { get: () => output.rows },
  });
  const prompt = new KeyPrompt({ render: draw, input, output: canvas, signal });
  prompt.on('key', (char, { name, ctrl, meta }) => {
    if (onKey({ char, name, ctrl, meta })) prompt.state = 'submit';
  });
  input.ref(); // a login lets go of it
  output.write(CLEAR);
  return {
    ended: prompt.prompt().then(() => {
      isOver = true;
    }),
    redraw: () => void canvas.emit('resize'),
  };
}

export interface ScreenPage {
  show(): void;
  hide(): void;
}

/** The terminal's second page; nothing is written twice. */
export function createPage(output: NodeJS.WriteStream): ScreenPage {
  let isShown = false;
  const turnTo = (wanted: boolean) => {
    if (wanted !== isShown) output.write(wanted ? SHOW : HIDE);
    isShown = wanted;
  };
  return { show: () => turnTo(true), hide: () => turnTo(false) };
}
