/** Bytes to UTF-8: Windows tools write logs as UTF-16, with or without a mark. */

const BLOCK = 1024 * 1024;
const SNIFF = 4096;

/** The same text as UTF-8 blocks of about a mebibyte, whatever the encoding and the size of the chunks. */
export async function* toUtf8Blocks(input: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let decode: ((chunk: Buffer) => Buffer) | undefined;
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'utf8') : chunk;
    if (bytes.length === 0) continue;
    pending.push(bytes);
    size += bytes.length;
    if (size < (decode ? BLOCK : SNIFF)) continue;
    const block = pending.length === 1 ? bytes : Buffer.concat(pending);
    pending = [];
    size = 0;
    decode ??= decoderFor(block);
    yield* slices(decode(block));
  }
  if (pending.length > 0) {
    const block = Buffer.concat(pending);
    decode ??= decoderFor(block);
    yield* slices(decode(block));
  }
}

function* slices(block: Buffer): Generator<Buffer> {
  for (let from = 0; from < block.length; from += BLOCK) yield block.subarray(from, from + BLOCK);
}

/** A decoder for the encoding that the first bytes show. */
function decoderFor(head: Buffer): (chunk: Buffer) => Buffer {
  const encoding = encodingOf(head);
  if (encoding === 'utf-8') return (chunk) => chunk;
  const decoder = new TextDecoder(encoding);
  return (chunk) => Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
}

function encodingOf(head: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  let even = 0;
  let odd = 0;
  const length = Math.min(head.length, SNIFF) & ~1;
  for (let index = 0; index < length; index += 2) {
    if (head[index] === 0) even++;
    if (head[index + 1] === 0) odd++;
  }
  if (odd > length / 5 && even < length / 50) return 'utf-16le';
  if (even > length / 5 && odd < length / 50) return 'utf-16be';
  return 'utf-8';
}
