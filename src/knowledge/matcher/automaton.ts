/**
 * One pass over bytes that finds every anchor of the catalogue at once (Aho and Corasick, as a full transition
 * table). Bytes are folded on the way exactly as `fold` does it, so that a wrapped, quoted or escaped message is found
 * as well. Its time depends on the number of bytes and on nothing else.
 */
import { BACKSLASH, ESCAPE, foldControl, foldedAscii, foldWide } from './fold.ts';

export interface Automaton {
  /** Calls `found(anchor, end)` for each anchor that ends at byte `end` (exclusive). */
  scan(bytes: Uint8Array, found: (anchor: number, end: number) => void): void;
}

/** Classes of bytes that are no symbol: dropped by folding, "look at what follows", and "likely a letter of three bytes". */
const DROP = 255;
const SPECIAL = 254;
const WIDE = 253;

/** Builds the automaton for these anchors (folded texts, all different); `found` reports them by index. */
export function createAutomaton(anchors: readonly string[]): Automaton {
  const encoded = anchors.map((anchor) => Buffer.from(anchor, 'utf8'));
  const { classOf, classOfFolded, classCount } = classesOf(encoded);
  const { next, outputs } = closeTrie(buildTrie(encoded, classOfFolded, classCount), classCount);
  const table = encodeTable(next, outputs, classCount);

  return {
    scan(bytes, found) {
      let state = 0;
      const report = (target: number, end: number): number => {
        if (target >= 0) return target;
        for (const anchor of outputs[~target / classCount] as number[]) found(anchor, end);
        return ~target;
      };
      const step = (byte: number, end: number) => {
        state = report(table[state + (classOfFolded[byte] as number)] as number, end);
      };
      const put = (code: number, offset: number) => feedCode(code, offset + 1, step);
      const signAt = (index: number) => bytes[index];
      for (let index = 0; index < bytes.length; index++) {
        const byte = bytes[index] as number;
        const symbol = classOf[byte] as number;
        if (symbol < WIDE) {
          const target = table[state + symbol] as number;
          state = target >= 0 ? target : report(target, index + 1);
        } else if (symbol === WIDE && isPlainWide(byte, bytes[index + 1], bytes[index + 2])) {
          index += 2;
          step(byte, index);
          step(bytes[index - 1] as number, index);
          step(bytes[index] as number, index + 1);
        } else if (symbol !== DROP) {
          index = byte < 128 ? foldControl(signAt, index, put) : feedWide(bytes, index, put);
        }
      }
    },
  };
}

/** Whether these are the bytes of a Chinese, Japanese or Korean letter, which folding leaves as it is. */
function isPlainWide(lead: number, second = 0, third = 0): boolean {
  const lowest = lead === 0xe3 ? 0x81 : 0x80;
  const highest = lead === 0xed ? 0x9f : 0xbf;
  return second >= lowest && second <= highest && (third & 0xc0) === 0x80;
}

/** Hands on the sign that begins at `index`, folded; returns the index of its last byte. */
function feedWide(bytes: Uint8Array, index: number, put: (code: number, offset: number) => void): number {
  const lead = bytes[index] as number;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 1;
  if (length === 1 || lead > 0xf4) return index;
  let code = lead & (0x7f >> length);
  for (let offset = 1; offset < length; offset++) {
    const byte = bytes[index + offset] ?? 0;
    if ((byte & 0xc0) !== 0x80) return index + offset - 1;
    code = (code << 6) | (byte & 0x3f);
  }
  const folded = foldWide(code);
  if (folded !== 0) put(folded, index + length - 1);
  return index + length - 1;
}

function feedCode(code: number, end: number, step: (byte: number, end: number) => void): void {
  if (code < 0x80) step(code, end);
  else if (code < 0x800) {
    step(0xc0 | (code >> 6), end);
    step(0x80 | (code & 0x3f), end);
  } else {
    step(0xe0 | (code >> 12), end);
    step(0x80 | ((code >> 6) & 0x3f), end);
    step(0x80 | (code & 0x3f), end);
  }
}

interface Classes {
  /** For a byte as it stands in a text. */
  readonly classOf: Uint8Array;
  /** For a byte of folded text. */
  readonly classOfFolded: Uint8Array;
  readonly classCount: number;
}

/** Each byte's class: 0 for "in no anchor", then one for each byte that some anchor has. */
function classesOf(encoded: readonly Buffer[]): Classes {
  const classOfFolded = new Uint8Array(256);
  let classCount = 1;
  for (const bytes of encoded) {
    for (const byte of bytes) if (classOfFolded[byte] === 0) classOfFolded[byte] = classCount++;
  }
  const folded = foldedAscii();
  const classOf = new Uint8Array(256).fill(SPECIAL).fill(WIDE, 0xe3, 0xee);
  for (let byte = 0; byte < 128; byte++) {
    if (byte === ESCAPE || byte === BACKSLASH) continue;
    const sign = folded[byte] as number;
    classOf[byte] = sign === 0 ? DROP : (classOfFolded[sign] as number);
  }
  return { classOf, classOfFolded, classCount };
}

interface Trie {
  readonly next: Int32Array;
  /** The anchors that end in each state. */
  readonly outputs: number[][];
}

function buildTrie(encoded: readonly Buffer[], classOf: Uint8Array, classCount: number): Trie {
  const size = encoded.reduce((sum, bytes) => sum + bytes.length, 1);
  const next = new Int32Array(size * classCount).fill(-1);
  const outputs: number[][] = [[]];
  encoded.forEach((bytes, anchor) => {
    let node = 0;
    for (const byte of bytes) {
      const slot = node * classCount + (classOf[byte] as number);
      if (next[slot] === -1) {
        next[slot] = outputs.length;
        outputs.push([]);
      }
      node = next[slot] as number;
    }
    outputs[node]?.push(anchor);
  });
  return { next: next.slice(0, outputs.length * classCount), outputs };
}

/** Turns the trie into a complete transition table, breadth first. */
function closeTrie({ next, outputs }: Trie, classCount: number): Trie {
  const fallback = new Int32Array(outputs.length);
  const queue: number[] = [];
  for (let symbol = 0; symbol < classCount; symbol++) {
    const child = next[symbol] as number;
    if (child > 0) queue.push(child);
    else next[symbol] = 0;
  }
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as number;
    const back = fallback[node] as number;
    outputs[node]?.push(...(outputs[back] ?? []));
    for (let symbol = 0; symbol < classCount; symbol++) {
      const slot = node * classCount + symbol;
      const child = next[slot] as number;
      const viaBack = next[back * classCount + symbol] as number;
      if (child === -1) next[slot] = viaBack;
      else {
        fallback[child] = viaBack;
        queue.push(child);
      }
    }
  }
  return { next, outputs };
}

/** Makes of `next` the table that the scan reads: where a state's row begins, all bits turned where an anchor ends. */
function encodeTable(next: Int32Array, outputs: readonly number[][], classCount: number): Int32Array {
  const code = Int32Array.from(outputs, (ends, state) =>
    ends.length > 0 ? ~(state * classCount) : state * classCount,
  );
  // In place and without a callback: some millions of entries, and each command waits for them.
  for (let slot = 0; slot < next.length; slot++) next[slot] = code[next[slot] as number] as number;
  return next;
}
