/** The gateway's log: a line of JSON an event, bounded to two files of one size. Never a token, never a text. */
import { appendFileSync } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePrivateFolder } from '../../storage/atomic-file.ts';
import { redact } from '../../storage/redact.ts';

export interface LogFile {
  /** Takes a line at once and writes it soon; lines of a full disk are dropped, traffic goes on. */
  write(line: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const WRITE_EVERY_MS = 250;

export function gatewayLogPath(codexHome: string): string {
  return join(codexHome, 'steward', 'gateway.log');
}

/** Opens the log for appending (0600). */
export async function openLogFile(codexHome: string): Promise<LogFile> {
  await ensurePrivateFolder(join(codexHome, 'steward'));
  const path = gatewayLogPath(codexHome);
  let handle: FileHandle = await open(path, 'a', 0o600);
  let size = (await handle.stat()).size;
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  const flush = async () => {
    timer = undefined;
    const text = waiting.join('');
    waiting = [];
    if (text === '') return;
    try {
      if (size > MAX_BYTES) {
        await handle.close();
        await rename(path, `${path}.1`);
        handle = await open(path, 'a', 0o600);
        size = 0;
      }
      await handle.appendFile(text);
      size += Buffer.byteLength(text);
    } catch {
      // a full disk must not stop the traffic, and there is nowhere else to say it
    }
  };
  return {
    write: (line) => {
      waiting.push(lineOf(line));
      timer ??= setTimeout(() => {
        writing = writing.then(flush);
      }, WRITE_EVERY_MS);
    },
    close: async () => {
      clearTimeout(timer);
      await writing.then(flush);
      await handle.close();
    },
  };
}

/** What broke the process, written before it goes. */
export function writeLastWords(codexHome: string, error: Error): void {
  try {
    appendFileSync(
      gatewayLogPath(codexHome),
      lineOf({ kind: 'broken', message: error.stack ?? error.message }),
    );
  } catch {
    // as above: nowhere else to say it
  }
}

function lineOf(line: Readonly<Record<string, unknown>>): string {
  return `${redact(JSON.stringify({ at: new Date().toISOString(), ...line }))}\n`;
}
