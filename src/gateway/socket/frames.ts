/** Frames of the model's WebSocket: each a JSON object whose type stands first. Most are only looked at, never parsed. */
import { parseObject } from '../request-body.ts';

const TYPE_FIRST = /^\s*\{\s*"type"\s*:\s*"([^"\\]{1,80})"/;

/** The type of a frame; empty when it has none. */
export function frameType(data: Buffer): string {
  const first = TYPE_FIRST.exec(data.toString('latin1', 0, 120))?.[1];
  if (first !== undefined) return first;
  const type = parseObject(data)?.type;
  return typeof type === 'string' ? type : '';
}

/** What `ws` hands out, as one buffer. */
export function toBuffer(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

/** An error in the form in which the server sends it (Codex 0.133 to 0.169 read status, error and headers). */
export function errorFrame(
  status: number,
  error: Readonly<Record<string, unknown>>,
  headers: readonly string[] = [],
): Buffer {
  const named: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2)
    named[headers[index] ?? ''] = headers[index + 1] ?? '';
  return Buffer.from(JSON.stringify({ type: 'error', status, error, headers: named }));
}

/** Tells the client to connect anew and send everything: it does so by itself (Codex 0.133 to 0.169). */
export function reconnectFrame(): Buffer {
  return errorFrame(400, {
    type: 'invalid_request_error',
    code: 'websocket_connection_limit_reached',
    message: 'Another account continues; a new connection is needed.',
  });
}
