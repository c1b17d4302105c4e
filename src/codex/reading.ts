/**
 * What a reader of somebody else's file returns. Each way in which a file can be bad is a value here, so that a
 * check turns it into a finding instead of catching exceptions.
 */
// `promises` of `node:fs`, and not `node:fs/promises`: Node loads it only where it is used.
import { closeSync, constants, fstatSync, openSync, promises, readFileSync, type Stats } from 'node:fs';
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
  let handle: promises.FileHandle | undefined;
  try {
    handle = await promises.open(path, OPEN_FLAGS);
    return (
      objectionTo(await handle.stat(), path, maxBytes) ?? { kind: 'ok', path, value: await handle.readFile() }
    );
  } catch (error) {
    return failedReading(path, error);
  } finally {
    await handle?.close();
  }
}

/**
 * The same at once, for small files in a Codex home whose database is read that way too: a tenth of the work, and no threads
 * to be started for it.
 */
export function readBytesSync(path: string, maxBytes: number): Reading<Buffer> {
  let handle: number | undefined;
  try {
    handle = openSync(path, OPEN_FLAGS);
    return (
      objectionTo(fstatSync(handle), path, maxBytes) ?? { kind: 'ok', path, value: readFileSync(handle) }
    );
  } catch (error) {
    return failedReading(path, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function objectionTo(stat: Stats, path: string, maxBytes: number): Reading<never> | null {
  if (stat.isDirectory())
    return { kind: 'unreadable', path, code: 'EISDIR', message: 'a folder stands where a file should be' };
  if (!stat.isFile()) return { kind: 'unreadable', path, code: 'NOT_A_FILE', message: 'not a regular file' };
  if (stat.size <= maxBytes) return null;
  const message = `${stat.size} bytes, more than the ${maxBytes} expected here`;
  return { kind: 'unreadable', path, code: 'TOO_LARGE', message };
}

/** What a thrown system error says about that file. */
export function failedReading(path: string, error: unknown): Exclude<Reading<never>, { kind: 'ok' }> {
  const code = systemCode(error) ?? 'EUNKNOWN';
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'missing', path };
  return { kind: 'unreadable', path, code, message: messageOf(error) };
}

/** Like {@link readBytes}, as UTF-8 text without a byte order mark; bytes that are not UTF-8 are `malformed`. */
export async function readText(path: string, maxBytes: number): Promise<Reading<string>> {
  return textOf(await readBytes(path, maxBytes));
}

/** Like {@link readBytesSync}, as text. */
export function readTextSync(path: string, maxBytes: number): Reading<string> {
  return textOf(readBytesSync(path, maxBytes));
}

function textOf(bytes: Reading<Buffer>): Reading<string> {
  if (bytes.kind !== 'ok') return bytes;
  const { path, value } = bytes;
  try {
    return { kind: 'ok', path, value: new TextDecoder('utf-8', { fatal: true }).decode(value) };
  } catch {
    return { kind: 'malformed', path, message: 'not UTF-8 text' };
  }
}
