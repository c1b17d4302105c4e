/** Zstandard bodies, as Codex sends them: read to look into them or to change a replay; otherwise passed on as they came. */
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';

/** The plain bytes, or `null` when they are not Zstandard or grow beyond the bound. */
export function decodeZstd(bytes: Buffer, maxBytes: number): Buffer | null {
  const native: unknown = Reflect.get(zlib, 'zstdDecompressSync'); // Node 22.15 and later
  try {
    if (typeof native === 'function') {
      const plain: unknown = native(bytes, { maxOutputLength: maxBytes });
      return Buffer.isBuffer(plain) ? plain : null;
    }
    return decodeInScript(bytes, maxBytes);
  } catch {
    return null; // not Zstandard; the server says so to the client in its own words
  }
}

function decodeInScript(bytes: Buffer, maxBytes: number): Buffer | null {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const decoder = new Decompress((chunk) => {
    size += chunk.length;
    if (size > maxBytes) throw new RangeError('too large');
    chunks.push(chunk);
  });
  // In slices, so that a small body that unpacks to gigabytes is stopped early.
  const slice = 64 * 1024;
  for (let at = 0; at < bytes.length; at += slice)
    decoder.push(bytes.subarray(at, at + slice), at + slice >= bytes.length);
  return Buffer.concat(chunks, size);
}
