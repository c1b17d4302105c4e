/** `steward` at a real terminal: a pseudo-terminal of 100 columns, on which a person sees colours and types. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import { type Place, STEWARD } from './steward.ts';

export const CTRL_C = '\u0003';

export interface AtTerminal {
  readonly pid: number;
  /** Everything written so far, control sequences included. */
  written(): string;
  /** Waits until that was written; throws with what was written when it does not come. */
  until(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  /** At once; nothing when it has ended. */
  kill(): void;
  readonly ended: Promise<{ readonly code: number; readonly signal: number }>;
}

export function startAtTerminal(
  place: Place,
  args: readonly string[],
  env: Record<string, string> = {},
): AtTerminal {
  const terminal = spawn(process.execPath, [STEWARD, ...args], {
    cwd: place.project,
    env: { ...place.env, ...env },
    cols: 100,
    rows: 50,
  });
  let written = '';
  let isOver = false;
  terminal.onData((text) => {
    written += text;
  });
  const ended = new Promise<{ code: number; signal: number }>((resolve) => {
    terminal.onExit(({ exitCode, signal }) => {
      isOver = true;
      resolve({ code: exitCode, signal: signal ?? 0 });
    });
  });
  return {
    pid: terminal.pid,
    written: () => written,
    until: async (pattern) => {
      for (let waited = 0; !pattern.test(plain(written)); waited += 20) {
        if (waited > 20_000) throw new Error(`${pattern} was not written, but: ${written}`);
        await sleep(20);
      }
    },
    type: (keys) => terminal.write(keys),
    resize: (columns, rows) => terminal.resize(columns, rows),
    kill: () => {
      if (!isOver) terminal.kill('SIGKILL');
    },
    ended,
  };
}

/** The text without colours and cursor moves. */
export function plain(written: string): string {
  return written.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, '');
}

/** What stays on the screen of a run that only ever clears the line it stands on. */
export function visibleLines(written: string): readonly string[] {
  return written.split('\n').map((line) => plain(line.split('\r\u001b[2K').at(-1) ?? '').replace(/\r$/, ''));
}
