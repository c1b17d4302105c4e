/** Reading one of the JSON files, bounded, with the place of a fault and never a word of the content in a message. */

import { parseJsonObject } from '../../codex/global-state-json.ts';
import { readTextSync } from '../../codex/reading.ts';
import { StewardError } from '../../errors.ts';
import type { Row } from './row.ts';

/** More than a thousand accounts with long tokens take. */
export const MAX_BYTES = 10 * 1024 * 1024;

export type JsonReading =
  | { readonly kind: 'ok'; readonly value: Row; readonly text: string }
  | { readonly kind: 'missing' }
  /** `message` is `<path>, line n: reason`; `isDamage` is false for a file that may be fine but cannot be read. */
  | { readonly kind: 'broken'; readonly message: string; readonly isDamage: boolean };

export async function readJson(path: string): Promise<JsonReading> {
  const reading = readTextSync(path, MAX_BYTES);
  if (reading.kind === 'missing') return { kind: 'missing' };
  if (reading.kind === 'unreadable') {
    return { kind: 'broken', message: `${path}: ${unreadable(reading)}`, isDamage: false };
  }
  if (reading.kind === 'malformed') {
    return { kind: 'broken', message: `${path}: ${reading.message}`, isDamage: true };
  }
  const parsed = await parseJsonObject(reading.value);
  if (parsed.kind === 'ok') return { kind: 'ok', value: parsed.value, text: reading.value };
  const place = parsed.line === undefined ? path : `${path}, line ${parsed.line}`;
  return { kind: 'broken', message: `${place}: ${parsed.message}`, isDamage: true };
}

function unreadable(reading: { readonly code: string; readonly message: string }): string {
  if (reading.code === 'EACCES' || reading.code === 'EPERM') return 'permission denied';
  return reading.code.startsWith('E') && reading.code !== 'EISDIR' ? reading.code : reading.message;
}

/** `ERR_ACCOUNTS_FILE`: a file that must be right before anything is stored in it. */
export function brokenFile(message: string): StewardError {
  return new StewardError('ERR_ACCOUNTS_FILE', 'environment', message, {
    hint: 'Correct the file, or move it away to start anew.',
  });
}
