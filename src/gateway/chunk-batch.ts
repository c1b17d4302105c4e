/**
 * Gathers what one read of the socket brought. The HTTP parser hands out a chunk for every event; sending each on by itself
 * would cost more than all the rest of the way. Nothing waits: the batch goes out as soon as the read has been parsed.
 */
export interface ChunkBatch {
  add(chunk: Buffer): void;
  /** Sends what is gathered now. */
  flush(): void;
  /** Throws away what is gathered. */
  drop(): void;
}

export function createChunkBatch(send: (bytes: Buffer) => void): ChunkBatch {
  let chunks: Buffer[] = [];
  const flush = () => {
    const [first] = chunks;
    if (first === undefined) return;
    const bytes = chunks.length === 1 ? first : Buffer.concat(chunks);
    chunks = [];
    send(bytes);
  };
  return {
    add: (chunk) => {
      chunks.push(chunk);
      if (chunks.length === 1) process.nextTick(flush);
    },
    flush,
    drop: () => {
      chunks = [];
    },
  };
}
