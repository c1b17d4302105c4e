/**
 * Lines from standard input, one at a time. At a terminal its own line editing stays on, so that Ctrl-C keeps being the signal
 * that ends everything else too.
 */
import { createInterface } from 'node:readline';

/** Standard input, or something that stands in for it. */
export type InputStream = NodeJS.ReadableStream & { unref?(): void };

export interface LineReader {
  /** The next line; `null` at the end of input. Rejects when `signal` aborts. */
  next(signal: AbortSignal): Promise<string | null>;
  /** Lets go of the input, so that the process can end. */
  close(): void;
}

export function createLineReader(input: InputStream): LineReader {
  const lines: string[] = [];
  let isOver = false;
  let wake = () => {};
  const reader = createInterface({ input, terminal: false, crlfDelay: Infinity });
  reader.on('line', (line) => {
    lines.push(line);
    wake();
  });
  reader.on('close', () => {
    isOver = true;
    wake();
  });
  return {
    next: (signal) =>
      new Promise((resolve, reject) => {
        const take = () => {
          if (lines.length === 0 && !isOver) return;
          signal.removeEventListener('abort', give);
          wake = () => {};
          resolve(lines.shift() ?? null);
        };
        const give = () => {
          wake = () => {};
          reject(signal.reason);
        };
        if (signal.aborted) return give();
        signal.addEventListener('abort', give, { once: true });
        wake = take;
        take();
      }),
    close: () => {
      reader.close();
      input.pause();
      input.unref?.();
    },
  };
}

/** All of standard input, as text, without the newline at its end. Rejects when `signal` aborts. */
export async function readAllInput(input: InputStream, signal: AbortSignal): Promise<string> {
  const reader = createLineReader(input);
  try {
    const lines: string[] = [];
    for (let line = await reader.next(signal); line !== null; line = await reader.next(signal)) {
      lines.push(line);
    }
    return lines.join('\n');
  } finally {
    reader.close();
  }
}
