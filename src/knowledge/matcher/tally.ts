/** The running count over the windows of a long text: bounded, however long the text is. */
import type { FailureId } from '../ids.ts';
import type { TextContext } from './context.ts';
import { lineAt, lineShape, lineStarts, shownLine, timeOf } from './lines.ts';
import { type Hit, scoreHits } from './signals.ts';
import type { Candidate } from './verdict.ts';

export interface Tally {
  addContext(context: TextContext): void;
  /** Counts the failures of one window; `firstLine` is the zero-based number of its first line. */
  addWindow(hits: readonly Hit[], source: string, firstLine: number): void;
  candidates(): Candidate[];
  context(): TextContext;
}

const NAMED: TextContext = { codex: 'named', foreign: false };
const UNNAMED: TextContext = { codex: 'none', foreign: false };
/** Different messages kept for one failure. */
const MAX_SHAPES = 6;

interface Count {
  readonly line: number;
  text: string;
  count: number;
  firstAtMs: number | null;
  lastAtMs: number | null;
}

interface Failure {
  /** Best score of any window, in a text that names Codex and in one that does not. */
  named: number;
  unnamed: number;
  lastLine: number;
  readonly shapes: Map<string, Count>;
}

/** An empty tally. */
export function createTally(): Tally {
  const failures = new Map<FailureId, Failure>();
  const codex = new Set<TextContext['codex']>();
  let foreign = false;

  const countLine = (failure: Failure, text: string, offset: number, line: number) => {
    const shape = lineShape(text);
    const atMs = timeOf(text);
    const known = failure.shapes.get(shape);
    if (known) {
      known.count++;
      known.firstAtMs = least(known.firstAtMs, atMs);
      known.lastAtMs = most(known.lastAtMs, atMs);
    } else if (failure.shapes.size < MAX_SHAPES) {
      const shown = shownLine(text, offset);
      failure.shapes.set(shape, { line: line + 1, text: shown, count: 1, firstAtMs: atMs, lastAtMs: atMs });
    }
  };

  const context = (): TextContext => ({
    codex: codex.has('named') ? 'named' : codex.has('hinted') ? 'hinted' : 'none',
    foreign,
  });

  return {
    addContext(seen) {
      codex.add(seen.codex);
      foreign ||= seen.foreign;
    },
    addWindow(hits, source, firstLine) {
      const starts = lineStarts(source);
      const unnamed = new Map(scoreHits(hits, UNNAMED).map((scored) => [scored.id, scored.score]));
      for (const scored of scoreHits(hits, NAMED)) {
        const failure = failures.get(scored.id) ?? { named: 0, unnamed: 0, lastLine: 0, shapes: new Map() };
        failures.set(scored.id, failure);
        failure.named = Math.max(failure.named, scored.score);
        failure.unnamed = Math.max(failure.unnamed, unnamed.get(scored.id) ?? 0);
        failure.lastLine = firstLine;
        const seen = new Set<number>();
        for (const span of scored.hits.flatMap((hit) => hit.spans)) {
          const line = lineAt(starts, span.start);
          if (seen.has(line)) continue;
          seen.add(line);
          const from = starts[line] as number;
          const text = source.slice(from, (starts[line + 1] ?? source.length + 1) - 1);
          countLine(failure, text, span.start - from, firstLine + line);
        }
      }
    },
    candidates() {
      const named = context().codex === 'named';
      return [...failures]
        .map(([id, failure]) => ({
          id,
          score: named ? failure.named : failure.unnamed,
          lastLine: failure.lastLine,
          evidence: [...failure.shapes.values()],
        }))
        .sort((a, b) => b.score - a.score || b.lastLine - a.lastLine);
    },
    context,
  };
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function most(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
