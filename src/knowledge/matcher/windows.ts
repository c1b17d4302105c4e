/**
 * A long text, read block by block. The automaton names the places worth a look; lines near each other form a
 * window, and each window is judged like a short text of its own.
 */
import { type Automaton, START_STATE } from './automaton.ts';
import type { ContextReader } from './context.ts';
import { fold } from './fold.ts';
import { type CompiledSignal, type Hit, trySignal } from './signals.ts';
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
  readonly automaton: Automaton;
  /** Which signal each anchor belongs to. */
  readonly owners: readonly number[];
  readonly signals: readonly CompiledSignal[];
  readonly contexts: ContextReader;
  readonly tally: Tally;
}

/** Lines before and after a hit that belong to its window. */
const BEFORE = 2;
const AFTER = 3;
/** Bytes of a window at most; of a longer line only the part around the hit is looked at. */
const MAX_WINDOW = 8 * 1024;
const MAX_GAP = 2 * 1024;
/** Context (is this Codex?) is read from this many windows and from the first block; then it is known. */
const CONTEXT_WINDOWS = 64;
const CONTEXT_HEAD = 64 * 1024;
const NEWLINE = 10;

interface AnchorHit {
  readonly owner: number;
  readonly at: number;
}

/** Reads windows into a tally. */
export function createWindowReader(deps: WindowReaderDeps): WindowReader {
  const { automaton, owners, signals, contexts, tally } = deps;
  let carried: Buffer = Buffer.alloc(0);
  let lines = 0;
  let contextReads = 0;

  const judgeWindow = (
    bytes: Buffer,
    from: number,
    to: number,
    firstLine: number,
    hits: readonly AnchorHit[],
  ) => {
    const source = bytes.toString('utf8', from, to);
    const folded = fold(source);
    if (contextReads < CONTEXT_WINDOWS) {
      contextReads++;
      tally.addContext(contexts.read(folded, source));
    }
    const found: Hit[] = [];
    for (const owner of new Set(hits.map((hit) => hit.owner))) {
      const compiled = signals[owner];
      const hit = compiled && trySignal(compiled, folded, source);
      if (hit) found.push(hit);
    }
    if (found.length > 0) tally.addWindow(found, source, firstLine);
  };

  /** Scans `bytes`, judges every complete window and returns where the next block has to go on from. */
  const readBytes = (bytes: Buffer, isLast: boolean): number => {
    const hits: AnchorHit[] = [];
    automaton.scan(bytes, 0, bytes.length, START_STATE, (anchor, end) => {
      hits.push({ owner: owners[anchor] as number, at: end - 1 });
    });
    const keepFrom = isLast ? bytes.length : tailStart(bytes);
    let line = lines;
    let counted = 0;
    const lineNumberAt = (offset: number) => {
      line += countNewlines(bytes, counted, offset);
      counted = offset;
      return line;
    };
    for (let index = 0; index < hits.length; ) {
      const group = [hits[index] as AnchorHit];
      const from = lineStart(bytes, group[0]?.at ?? 0, BEFORE);
      let to = lineEnd(bytes, group[0]?.at ?? 0, AFTER);
      for (index++; index < hits.length; index++) {
        const next = hits[index] as AnchorHit;
        if (next.at >= to || next.at - from > MAX_WINDOW - MAX_GAP) break;
        group.push(next);
        to = Math.max(to, Math.min(lineEnd(bytes, next.at, AFTER), from + MAX_WINDOW));
      }
      if (!isLast && to > keepFrom && from > bytes.length - 2 * MAX_WINDOW) {
        lineNumberAt(from);
        lines = line;
        return from;
      }
      judgeWindow(bytes, from, to, lineNumberAt(Math.max(from, counted)), group);
    }
    const cut = Math.max(keepFrom, counted);
    lineNumberAt(cut);
    lines = line;
    return cut;
  };

  return {
    read(block) {
      if (lines === 0 && carried.length === 0) {
        const head = block.toString('utf8', 0, CONTEXT_HEAD);
        tally.addContext(contexts.read(fold(head), head));
      }
      const bytes = carried.length === 0 ? block : Buffer.concat([carried, block]);
      carried = Buffer.from(bytes.subarray(readBytes(bytes, false)));
    },
    end() {
      if (carried.length > 0) readBytes(carried, true);
      carried = Buffer.alloc(0);
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
  let start = offset;
  for (let count = 0; count <= before; count++) {
    const previous = start > 0 ? bytes.lastIndexOf(NEWLINE, start - 1) : -1;
    if (previous < floor) return floor;
    start = previous;
  }
  return start + 1;
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
