/** All signals of the catalogue, compiled: which failures a piece of text shows, and how surely. */
import { CATALOGUE } from '../catalogue.ts';
import type { FailureId } from '../ids.ts';
import type { Signal } from '../types.ts';
import type { TextContext } from './context.ts';
import type { Folded } from './fold.ts';
import { type CompiledWording, compileWording, findWording, type Span } from './wording.ts';

/** One signal, ready to be tried. */
export interface CompiledSignal {
  /** Its place in the list of all signals. */
  readonly index: number;
  readonly id: FailureId;
  readonly signal: Signal;
  readonly says: readonly CompiledWording[];
  /** Compiled when they are first asked for: most never are. */
  readonly with: () => readonly (readonly CompiledWording[])[];
  readonly not: () => readonly CompiledWording[];
}

/** Compiles every signal, or only those exact enough for a log. */
export function compileSignals(logOnly: boolean): CompiledSignal[] {
  return CATALOGUE.flatMap((entry) =>
    entry.signals
      .filter((signal) => !logOnly || signal.log === true)
      .map((signal) => ({ id: entry.id, signal })),
  ).map(({ id, signal }, index) => ({
    index,
    id,
    signal,
    says: compileWording(signal.says),
    with: once(() => (signal.with ?? []).map(compileWording)),
    not: once(() => (signal.not === undefined ? [] : compileWording(signal.not))),
  }));
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A signal that a text shows, and where. */
export interface Hit {
  readonly compiled: CompiledSignal;
  readonly spans: readonly Span[];
}

/** Tries one signal on one text; `candidates` are its wordings of which the text has a piece. */
export function trySignal(
  compiled: CompiledSignal,
  candidates: Iterable<CompiledWording>,
  folded: Folded,
  source: string,
): Hit | undefined {
  const isThere = (wording: CompiledWording) => findWording(wording, folded, source) !== undefined;
  const spans: Span[] = [];
  for (const wording of candidates) {
    const span = findWording(wording, folded, source);
    if (span) spans.push(span);
  }
  if (spans.length === 0) return undefined;
  if (!compiled.with().every((choices) => choices.some(isThere))) return undefined;
  if (compiled.not().some(isThere)) return undefined;
  return { compiled, spans };
}

/** How sure the text makes us of one failure. */
export interface Scored {
  readonly id: FailureId;
  readonly score: number;
  readonly hits: readonly Hit[];
}

/** A second signal of the same failure adds this share of its own weight to what is still open. */
const SECOND_SIGNAL = 0.4;
/** What is left of a failure whose text another failure explains. */
const EXPLAINED = 0.45;

/** However much of it there is: what any program prints is never enough where nothing speaks of Codex. */
const NOBODYS = 0.49;

/** Scores the failures behind these hits, best first. */
export function scoreHits(hits: readonly Hit[], context: TextContext): Scored[] {
  const byId = new Map<FailureId, Hit[]>();
  for (const hit of hits) byId.set(hit.compiled.id, [...(byId.get(hit.compiled.id) ?? []), hit]);
  const explained = new Set<FailureId>();
  for (const { compiled } of hits) {
    for (const id of compiled.signal.over ?? []) if (id !== compiled.id) explained.add(id);
  }
  const isNobodys =
    context.codex === 'none' && hits.every(({ compiled }) => compiled.signal.of === 'generic');
  const scored: Scored[] = [...byId].map(([id, own]) => {
    const weights = own.map((hit) => weightIn(hit.compiled.signal, context)).sort((a, b) => b - a);
    const [best = 0, ...rest] = weights;
    const open = rest.reduce((left, weight) => left * (1 - SECOND_SIGNAL * weight), 1 - best);
    const score = Math.min(isNobodys ? NOBODYS : 0.99, 1 - open) * (explained.has(id) ? EXPLAINED : 1);
    return { id, score: Math.round(score * 1000) / 1000, hits: own };
  });
  return scored.sort((a, b) => b.score - a.score);
}

/** A signal's weight, given what else the text says about the program it comes from. */
function weightIn(signal: Signal, context: TextContext): number {
  if (signal.of === 'own') return signal.weight;
  if (context.codex === 'named')
    return signal.weight * (context.foreign && signal.of === 'generic' ? 0.85 : 1);
  if (context.foreign) return signal.weight * 0.25;
  if (signal.of === 'likely') return signal.weight * 0.9;
  return signal.weight * (context.codex === 'hinted' ? 0.75 : 0.45);
}
