/**
 * One pass over bytes that finds every anchor of the catalogue at once (Aho and Corasick, as a full transition
 * table). Bytes are folded on the way, and dropped ones leave the state alone, so that a wrapped or quoted message
 * is found as well. Its time depends on the number of bytes and on nothing else.
 */
import { foldedAscii } from './fold.ts';

export interface Automaton {
  /** Calls `found(anchor, end)` for each anchor that ends at byte `end` (exclusive); returns the state to go on with. */
  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    state: number,
    found: (anchor: number, end: number) => void,
  ): number;
}

/** The state before the first byte. */
export const START_STATE = 0;

const DROP = 255;

/** Builds the automaton for these anchors (folded texts); `found` reports them by index. */
export function createAutomaton(anchors: readonly string[]): Automaton {
  const encoded = anchors.map((anchor) => Buffer.from(anchor, 'utf8'));
  const { classOf, classCount } = classesOf(encoded);
  const trie = buildTrie(encoded, classOf, classCount);
  const { next, outputs } = closeTrie(trie, classCount);
  const isFinal = Uint8Array.from(outputs, (list) => (list.length > 0 ? 1 : 0));
  return {
    scan(bytes, from, to, state, found) {
      let current = state * classCount;
      for (let index = from; index < to; index++) {
        const symbol = classOf[bytes[index] as number] as number;
        if (symbol === DROP) continue;
        const target = next[current + symbol] as number;
        current = target * classCount;
        if (isFinal[target] === 1) {
          for (const anchor of outputs[target] as number[]) found(anchor, index + 1);
        }
      }
      return current / classCount;
    },
  };
}

/** Each byte's class: 0 for "in no anchor", `DROP` for a byte that folding drops. */
function classesOf(encoded: readonly Buffer[]): { classOf: Uint8Array; classCount: number } {
  const folded = foldedAscii();
  const classByFolded = new Map<number, number>();
  for (const bytes of encoded) {
    for (const byte of bytes) if (!classByFolded.has(byte)) classByFolded.set(byte, classByFolded.size + 1);
  }
  const classOf = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const sign = byte < 128 ? (folded[byte] as number) : byte;
    classOf[byte] = byte < 128 && sign === 0 ? DROP : (classByFolded.get(sign) ?? 0);
  }
  return { classOf, classCount: classByFolded.size + 1 };
}

interface Trie {
  readonly next: Int32Array;
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
  return { next: next.subarray(0, outputs.length * classCount), outputs };
}

/** Turns the trie into a complete transition table, breadth first. */
function closeTrie({ next, outputs }: Trie, classCount: number): Trie {
  const table = Int32Array.from(next);
  const fallback = new Int32Array(outputs.length);
  const queue: number[] = [];
  for (let symbol = 0; symbol < classCount; symbol++) {
    const child = table[symbol] as number;
    if (child > 0) queue.push(child);
    else table[symbol] = 0;
  }
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head] as number;
    const back = fallback[node] as number;
    outputs[node]?.push(...(outputs[back] ?? []));
    for (let symbol = 0; symbol < classCount; symbol++) {
      const slot = node * classCount + symbol;
      const child = table[slot] as number;
      const viaBack = table[back * classCount + symbol] as number;
      if (child === -1) table[slot] = viaBack;
      else {
        fallback[child] = viaBack;
        queue.push(child);
      }
    }
  }
  return { next: table, outputs };
}
