/** The body of a request: taken in whole, because a replay on another account needs it again, and looked into only on demand. */
import type { IncomingMessage } from 'node:http';
import { decodeZstd } from './zstd.ts';

export type BodyOutcome =
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'gone' };

/** Takes the body in. Stops reading at the bound; the caller answers and closes. */
export function collectBody(request: IncomingMessage, maxBytes: number): Promise<BodyOutcome> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) return Promise.resolve({ kind: 'too-large' });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        request.pause();
        request.removeAllListeners('data');
        return resolve({ kind: 'too-large' });
      }
      chunks.push(chunk);
    });
    request.once('end', () => {
      const [only] = chunks;
      resolve({
        kind: 'body',
        bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, size),
      });
    });
    request.once('error', () => resolve({ kind: 'gone' }));
    request.once('close', () => resolve({ kind: 'gone' })); // after `end` it changes nothing
  });
}

export interface RequestBody {
  readonly bytes: Buffer;
  readonly encoding: 'identity' | 'zstd' | 'other';
  /** The JSON text as bytes, or `null` when it cannot be read. Unpacked once. */
  plain(): Buffer | null;
  readonly model: string | null;
  readonly previousResponseId: string | null;
}

/** Unpacked bodies may be that many times the bound of packed ones: text packs about twentyfold. */
const UNPACKED_FACTOR = 8;

export function describeBody(
  bytes: Buffer,
  contentEncoding: string | undefined,
  maxBytes: number,
): RequestBody {
  const encoding = encodingOf(contentEncoding);
  let unpacked: Buffer | null | undefined;
  const plain = () => {
    if (encoding === 'identity') return bytes;
    if (encoding === 'other') return null;
    if (unpacked === undefined) unpacked = decodeZstd(bytes, maxBytes * UNPACKED_FACTOR);
    return unpacked;
  };
  const text = bytes.length === 0 ? null : plain();
  return {
    bytes,
    encoding,
    plain,
    model: text === null ? null : modelOf(text),
    previousResponseId: text === null ? null : previousResponseOf(text),
  };
}

function encodingOf(header: string | undefined): RequestBody['encoding'] {
  const name = (header ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return 'identity';
  return name === 'zstd' ? 'zstd' : 'other';
}

/** Codex writes the model first; whoever does not has the whole body parsed. */
function modelOf(text: Buffer): string | null {
  const first = /^\s*\{\s*"model"\s*:\s*"([^"\\]{1,200})"/.exec(text.toString('latin1', 0, 300))?.[1];
  return first ?? (text.includes('"model"') ? stringMember(text, 'model') : null);
}

function previousResponseOf(text: Buffer): string | null {
  return text.includes('"previous_response_id"') ? stringMember(text, 'previous_response_id') : null;
}

function stringMember(text: Buffer, name: string): string | null {
  const value = parseObject(text)?.[name];
  return typeof value === 'string' ? value : null;
}

/** A JSON object, or `null` for anything else. */
export function parseObject(text: Buffer | string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isRecord(value) ? value : null;
  } catch {
    return null; // the server tells the client what is wrong with it
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
