/**
 * A long text, read block by block. The automaton names the places worth a look; lines near each other form a
 * window, and each window is judged like a short text of its own.
 */
import type { ContextCollector } from './context.ts';
import { createFoldRoom, fold } from './fold.ts';
import { createLineShower } from './lines.ts';
import type { SignalIndex } from './signal-index.ts';
import type { Tally } from './tally.ts';

export interface WindowReader {
  /** Takes the next block of UTF-8 bytes; blocks need not end at a line's end. */
  read(block: Buffer): void;
  /** Judges what is left. */
  end(): void;
  /** Lines seen so far. */
  lines(): number;
}

export interface WindowReaderDeps {
  readonly index: SignalIndex;
  readonly context: ContextCollector;
  readonly tally: Tally;
}

/** Lines before and after a hit that belong to its window. */
const BEFORE = 2;
const AFTER = 3;
/** Bytes of a window at most; of a longer line only the part around the hit is looked at. */
const MAX_WINDOW = 8 * 1024;
const MAX_GAP = 2 * 1024;
/** How much is read at a time. */
const BLOCK = 256 * 1024;
const NEWLINE = 10;

/** Reads windows into a tally. */
export function createWindowReader({ index, context, tally }: WindowReaderDeps): WindowReader {
  const room = createFoldRoom(MAX_WINDOW);
  /** Holds what is read now; its first `carried` bytes are what waited for more. One for all blocks, to leave no garbage. */
  let work: Buffer = Buffer.alloc(0);
  let carried = 0;
  let lines = 0;
  /** Whether the carried bytes begin within a line. */
  let isMidLine = false;

  const judgeWindow = (bytes: Buffer, from: number, to: number, firstLine: number, places: Set<number>) => {
    const source = bytes.toString('utf8', from, to);
    const found = index.tryPlaces(places, fold(source, room), source);
    if (found.length === 0) return;
    const cut = {
      start: from === 0 ? isMidLine : bytes[from - 1] !== NEWLINE,
      end: to < bytes.length && bytes[to - 1] !== NEWLINE,
    };
    tally.addWindow(found, { source, firstLine, show: createLineShower(source, cut) });
  };

  /** Scans `bytes`, judges every complete window and returns where the next block has to go on from. */
  const readBytes = (bytes: Buffer, isLast: boolean): number => {
    const hits: number[] = [];
    const ends: number[] = [];
    index.scan(
      bytes,
      (place, end) => {
        hits.push(place);
        ends.push(end);
      },
      (sign, end) => context.seen(sign, bytes, end),
    );
    const keepFrom = isLast ? bytes.length : tailStart(bytes);
    let line = lines;
    let counted = 0;
    const lineNumberAt = (offset: number) => {
      line += countNewlines(bytes, counted, offset);
      counted = offset;
      return line;
    };
    for (let next = 0; next < hits.length; ) {
      const places = new Set<number>();
      const from = lineStart(bytes, (ends[next] as number) - 1, BEFORE);
      let to = from;
      let last = from;
      for (; next < hits.length; next++) {
        const at = (ends[next] as number) - 1;
        if (places.size > 0) {
          if (at - from > MAX_WINDOW - MAX_GAP) break;
          if (at >= to) to = lineEnd(bytes, last, AFTER);
          if (at >= to) break;
        }
        places.add(hits[next] as number);
        last = at;
      }
      to = Math.min(lineEnd(bytes, last, AFTER), from + MAX_WINDOW);
      if (!isLast && to > keepFrom && from > bytes.length - 2 * MAX_WINDOW) {
        lineNumberAt(from);
        lines = line;
        return from;
      }
      judgeWindow(bytes, from, to, lineNumberAt(Math.max(from, counted)), places);
    }
    const cut = Math.max(keepFrom, counted);
    lineNumberAt(cut);
    lines = line;
    return cut;
  };

  return {
    read(block) {
      for (let from = 0; from < block.length; from += BLOCK) {
        const piece = block.subarray(from, from + BLOCK);
        const size = carried + piece.length;
        if (work.length < size) work = Buffer.concat([work.subarray(0, carried)], size + BLOCK);
        work.set(piece, carried);
        const cut = readBytes(work.subarray(0, size), false);
        if (cut > 0) isMidLine = work[cut - 1] !== NEWLINE;
        work.copyWithin(0, cut, size);
        carried = size - cut;
      }
    },
    end() {
      if (carried > 0) readBytes(work.subarray(0, carried), true);
      carried = 0;
    },
    lines: () => lines,
  };
}

/** Where the last few lines of a block begin: they wait for the next block. */
function tailStart(bytes: Buffer): number {
  return lineStart(bytes, bytes.length - 1, AFTER);
}

/** Start of the line that stands `before` lines above the one of `offset`, at most `MAX_GAP` bytes away. */
function lineStart(bytes: Buffer, offset: number, before: number): number {
  const floor = Math.max(0, offset - MAX_GAP);
  for (let start = offset, seen = 0; start > floor; start--) {
    if (bytes[start - 1] === NEWLINE && seen++ >= before) return start;
  }
  return floor;
}

/** End of the line that stands `after` lines below the one of `offset`, at most `MAX_GAP` bytes away. */
function lineEnd(bytes: Buffer, offset: number, after: number): number {
  const ceiling = Math.min(bytes.length, offset + MAX_GAP);
  let end = offset;
  for (let index = offset, seen = 0; index < ceiling; index++) {
    end = index + 1;
    if (bytes[index] === NEWLINE && seen++ >= after) return end;
  }
  return end;
}

function countNewlines(bytes: Buffer, from: number, to: number): number {
  let count = 0;
  for (let index = from; index < to; index++) if (bytes[index] === NEWLINE) count++;
  return count;
}
