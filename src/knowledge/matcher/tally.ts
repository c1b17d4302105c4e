/** The running count over the windows of a long text: bounded, however long the text is. */
import type { FailureId } from '../ids.ts';
import type { TextContext } from './context.ts';
import { type LineShower, lineAt, lineShape, lineStarts, timeOf } from './lines.ts';
import { type Hit, scoreHits } from './signals.ts';
import type { Candidate, MatchEvidence } from './verdict.ts';

/** A stretch of the text that was judged. */
export interface Window {
  readonly source: string;
  /** Zero-based number of its first line. */
  readonly firstLine: number;
  readonly show: LineShower;
}

export interface Tally {
  /** Counts the failures of one window. Windows come in their order and may overlap. */
  addWindow(hits: readonly Hit[], window: Window): void;
  /** The failures of all windows, best first, given what the whole text says about the program. */
  candidates(context: TextContext): Candidate[];
}

/** Different messages kept for one failure. */
const MAX_SHAPES = 6;
/** Different sets of signals whose scores are remembered. */
const MAX_SCORES = 512;
/** What the whole text may turn out to say: known only at its end. */
const CONTEXTS: readonly TextContext[] = (['named', 'hinted', 'none'] as const).flatMap((codex) => [
  { codex, foreign: false },
  { codex, foreign: true },
]);

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Failure {
  /** Best score of any window, for each of `CONTEXTS`. */
  readonly scores: number[];
  lastLine: number;
  /** Lines up to this one are counted. */
  countedLine: number;
  readonly shapes: Map<number, Mutable<MatchEvidence>>;
}

/** An empty tally. */
export function createTally(): Tally {
  const failures = new Map<FailureId, Failure>();
  const remembered = new Map<string, ReadonlyMap<FailureId, readonly number[]>>();

  const scoresOf = (hits: readonly Hit[]) => {
    const key = hits.map((hit) => hit.compiled.index).join();
    const known = remembered.get(key);
    if (known) return known;
    const scores = new Map<FailureId, number[]>();
    for (const context of CONTEXTS) {
      for (const { id, score } of scoreHits(hits, context))
        scores.set(id, [...(scores.get(id) ?? []), score]);
    }
    if (remembered.size >= MAX_SCORES) remembered.clear();
    remembered.set(key, scores);
    return scores;
  };

  return {
    addWindow(hits, window) {
      const lines = readLines(window.source);
      for (const [id, scores] of scoresOf(hits)) {
        const failure = failures.get(id) ?? { scores: [], lastLine: 0, countedLine: -1, shapes: new Map() };
        failures.set(id, failure);
        scores.forEach((score, index) => {
          failure.scores[index] = Math.max(failure.scores[index] ?? 0, score);
        });
        failure.lastLine = window.firstLine;
        const spans = hits.filter((hit) => hit.compiled.id === id).flatMap((hit) => hit.spans);
        for (const { start } of spans) {
          const line = lineAt(lines.starts, start);
          const isCounted = window.firstLine + line <= failure.countedLine;
          if (failure.shapes.size >= MAX_SHAPES || (isCounted && failure.shapes.size > 0)) continue;
          const shape = lines.shape(line);
          if (failure.shapes.has(shape)) continue;
          failure.shapes.set(shape, {
            line: window.firstLine + line + 1,
            text: window.show(lines.text(line), start - (lines.starts[line] as number)),
            count: 0,
            firstAtMs: null,
            lastAtMs: null,
          });
        }
        for (let line = Math.max(0, failure.countedLine + 1 - window.firstLine); line < lines.count; line++) {
          const known = failure.shapes.get(lines.shape(line));
          if (!known) continue;
          const atMs = timeOf(lines.text(line));
          known.count++;
          known.firstAtMs = least(known.firstAtMs, atMs);
          known.lastAtMs = most(known.lastAtMs, atMs);
        }
        failure.countedLine = Math.max(failure.countedLine, window.firstLine + lines.count - 1);
      }
    },
    candidates(context) {
      const which = CONTEXTS.findIndex(
        ({ codex, foreign }) => codex === context.codex && foreign === context.foreign,
      );
      return [...failures]
        .map(([id, failure]) => ({
          id,
          score: failure.scores[which] ?? 0,
          lastLine: failure.lastLine,
          evidence: [...failure.shapes.values()].map((seen) => ({ ...seen, count: Math.max(1, seen.count) })),
        }))
        .sort((a, b) => b.score - a.score || b.lastLine - a.lastLine);
    },
  };
}

/** The lines of a window; shapes are made once, when they are asked for. */
function readLines(source: string) {
  const starts = lineStarts(source);
  const shapes: (number | undefined)[] = [];
  const text = (line: number) => source.slice(starts[line], (starts[line + 1] ?? source.length + 1) - 1);
  return {
    starts,
    /** Without the empty rest behind a last line break. */
    count: source.endsWith('\n') ? starts.length - 1 : starts.length,
    text,
    shape: (line: number): number => {
      const shape = shapes[line] ?? lineShape(text(line));
      shapes[line] = shape;
      return shape;
    },
  };
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function most(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}
