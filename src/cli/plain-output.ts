/** Standard output that is no terminal, written to directly: Node's own stream takes 3 ms to set up, which a prompt waits for. */
import { fstatSync, writeSync } from 'node:fs';
import process from 'node:process';
import { systemCode } from '../errors.ts';
import { type Output, outputFailed, watchOutput } from './render/terminal.ts';

const STDOUT = 1;

/** `null` where standard output may be a terminal, or nothing that can be written to. */
export function plainOutput(): Output | null {
  return isPipeOrFile() ? { write: writeAll } : null;
}

function isPipeOrFile(): boolean {
  try {
    const stat = fstatSync(STDOUT);
    return stat.isFIFO() || stat.isSocket() || stat.isFile();
  } catch {
    return false; // closed: Node's stream knows what to make of that
  }
}

function writeAll(text: string): void {
  let left = Buffer.from(text);
  while (left.length > 0) {
    try {
      left = left.subarray(writeSync(STDOUT, left));
    } catch (error) {
      // A full pipe that another program made non-blocking: Node's stream waits until there is room.
      if (systemCode(error) === 'EAGAIN') {
        watchOutput([process.stdout]);
        process.stdout.write(left);
      } else outputFailed(error);
      return;
    }
  }
}
