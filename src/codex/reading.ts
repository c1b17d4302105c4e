/**
 * What a reader of somebody else's file returns. Each way in which a file can be bad is a value here, so that a
 * check turns it into a finding instead of catching exceptions.
 */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { messageOf, systemCode } from '../errors.ts';

/** `O_NONBLOCK`: opening a pipe that nobody writes to must not hang. Windows has no such flag. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export type Reading<T> =
  | { readonly kind: 'ok'; readonly path: string; readonly value: T }
  | { readonly kind: 'missing'; readonly path: string }
  /** It is there but cannot be read: `code` is `EACCES`, `EISDIR`, `ELOOP`, `EIO`, or our own `TOO_LARGE`, `NOT_A_FILE`. */
  | { readonly kind: 'unreadable'; readonly path: string; readonly code: string; readonly message: string }
  /** It was read and is not what it should be. `line` and `column` count from 1. */
  | {
      readonly kind: 'malformed';
      readonly path: string;
      readonly message: string;
      readonly line?: number;
      readonly column?: number;
    };

/** The bytes of a regular file as they are, or why not. Never follows into a pipe, socket or device. */
export async function readBytes(path: string, maxBytes: number): Promise<Reading<Buffer>> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, OPEN_FLAGS);
    const stat = await handle.stat();
    if (stat.isDirectory())
      return { kind: 'unreadable', path, code: 'EISDIR', message: 'a folder stands where a file should be' };
    if (!stat.isFile())
      return { kind: 'unreadable', path, code: 'NOT_A_FILE', message: 'not a regular file' };
    if (stat.size > maxBytes) {
      return {
        kind: 'unreadable',
        path,
        code: 'TOO_LARGE',
        message: `${stat.size} bytes, more than the ${maxBytes} expected here`,
      };
    }
    return { kind: 'ok', path, value: await handle.readFile() };
  } catch (error) {
    return failedReading(path, error);
  } finally {
    await handle?.close();
  }
}

/** What a thrown system error says about that file. */
export function failedReading(path: string, error: unknown): Exclude<Reading<never>, { kind: 'ok' }> {
  const code = systemCode(error) ?? 'EUNKNOWN';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', path };
  return { kind: 'unreadable', path, code, message: messageOf(error) };
}

/** Like {@link readBytes}, as UTF-8 text without a byte order mark; bytes that are not UTF-8 are `malformed`. */
export async function readText(path: string, maxBytes: number): Promise<Reading<string>> {
  const bytes = await readBytes(path, maxBytes);
  if (bytes.kind !== 'ok') return bytes;
  try {
    return { kind: 'ok', path, value: new TextDecoder('utf-8', { fatal: true }).decode(bytes.value) };
  } catch {
    return { kind: 'malformed', path, message: 'not UTF-8 text' };
  }
}
