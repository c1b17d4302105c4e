/** The last lines of a log file, with their places, without reading the whole of it. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, systemCode } from '../errors.ts';
import type { Reading } from './reading.ts';

/** Opening a pipe that nobody writes to must not hang. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export interface LogTail {
  readonly mtimeMs: number;
  /** Oldest first. `where`: the file with its line number, or the distance from the end where the start was not read. */
  readonly lines: readonly { readonly text: string; readonly where: string }[];
}

/** Reads at most that many bytes from the end. Bytes that are not UTF-8 are replaced: a log may be cut anywhere. */
export async function readTail(path: string, maxBytes: number): Promise<Reading<LogTail>> {
  try {
    const handle = await open(path, OPEN_FLAGS);
    try {
      const stat = await handle.stat();
      if (!stat.isFile())
        return { kind: 'unreadable', path, code: 'NOT_A_FILE', message: 'not a regular file' };
      const length = Math.min(stat.size, maxBytes);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await handle.read(buffer, 0, length, stat.size - length);
      const whole = length === stat.size;
      const texts = buffer.subarray(0, bytesRead).toString('utf8').split('\n');
      if (!whole) texts.shift(); // most likely the rest of a line
      const lines = texts.map((text, index) => ({
        text,
        where: whole ? `${path}:${index + 1}` : `${path}, line ${texts.length - index} from the end`,
      }));
      return {
        kind: 'ok',
        path,
        value: { mtimeMs: stat.mtimeMs, lines: lines.filter(({ text }) => text !== '') },
      };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = systemCode(error) ?? 'EUNKNOWN';
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', path };
    return { kind: 'unreadable', path, code, message: messageOf(error) };
  }
}
