import { describe, expect, it } from 'vitest';
import { toUtf8Blocks } from './decode.ts';

const TEXT = `Error: Zugriff verweigert, 拒绝访问 😀 (os error 5)\r\n${'a line of an ordinary log\r\n'.repeat(400)}`;

async function decode(chunks: Iterable<Buffer | string>): Promise<string> {
  const blocks: Buffer[] = [];
  for await (const block of toUtf8Blocks(toAsync(chunks))) blocks.push(block);
  return Buffer.concat(blocks).toString('utf8');
}

async function* toAsync<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items;
}

function* chunked(bytes: Buffer, size: number): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

function utf16(text: string, order: 'le' | 'be', mark: boolean): Buffer {
  const bytes = Buffer.from(mark ? `\ufeff${text}` : text, 'utf16le');
  return order === 'le' ? bytes : bytes.swap16();
}

describe('toUtf8Blocks', () => {
  it.each([1, 3, 1000, 4097, 1 << 20])('leaves UTF-8 as it is, in chunks of %d bytes', async (size) => {
    expect(await decode(chunked(Buffer.from(TEXT), size))).toBe(TEXT);
  });

  it.each([
    ['le', true],
    ['le', false],
    ['be', true],
    ['be', false],
  ] as const)('reads UTF-16%s (byte order mark: %s) whatever the size of the chunks', async (order, mark) => {
    for (const size of [1, 3, 1000, 4097, 1 << 20]) {
      expect(await decode(chunked(utf16(TEXT, order, mark), size))).toBe(TEXT);
    }
  });

  it('reads a single short message of a Windows tool', async () => {
    expect(await decode([utf16('Access is denied. (os error 5)', 'le', false)])).toBe(
      'Access is denied. (os error 5)',
    );
  });

  it('takes strings, empty chunks and nothing at all', async () => {
    expect(await decode(['ab', '', Buffer.alloc(0), 'cä'])).toBe('abcä');
    expect(await decode([])).toBe('');
  });

  it('hands on blocks of about a mebibyte, however large the chunks are', async () => {
    for (const chunks of [[Buffer.alloc(5 << 20, 'x')], chunked(Buffer.alloc(5 << 20, 'x'), 1000)]) {
      const sizes: number[] = [];
      for await (const block of toUtf8Blocks(toAsync(chunks))) sizes.push(block.length);
      expect(Math.max(...sizes)).toBeLessThan(1.1 * (1 << 20));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5 << 20);
    }
  });
});
