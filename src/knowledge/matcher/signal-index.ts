/** The signals of the catalogue behind one automaton: which of them a stretch of text may show, and which it does. */
import { createAutomaton } from './automaton.ts';
import type { Folded } from './fold.ts';
import { type CompiledSignal, compileSignals, type Hit, trySignal } from './signals.ts';
import type { CompiledWording } from './wording.ts';

export interface SignalIndex {
  /**
   * Calls `found(place, end)` for each signal of which a piece ends at byte `end`, and `sign(index, end)` likewise for
   * the further wordings that the index was made with. Both may come for nothing: a piece is not the whole.
   */
  scan(
    bytes: Uint8Array,
    found: (place: number, end: number) => void,
    sign?: (index: number, end: number) => void,
  ): void;
  /** The signals that a text shows, given the places that `scan` found in it. `source` is the text that was folded. */
  tryPlaces(places: Iterable<number>, folded: Folded, source: string): Hit[];
}

/** What is worth a try when a piece is found. */
interface Trigger {
  readonly signal: CompiledSignal;
  readonly piece: CompiledWording;
  readonly wordings: readonly CompiledWording[];
}

/** Pieces more common than this (`401`, `scan`) stand in too many lines to look at each of them. */
const RARE_ENOUGH = 14;

/** A signal shows itself by one of its own wordings, or, where these are common, by one that must stand with them. */
function triggersOf(signal: CompiledSignal): Trigger[] {
  const own = signal.says.map((piece) => ({ signal, piece, wordings: [piece] }));
  if (commonest(signal.says) >= RARE_ENOUGH) return own;
  const rarest = [signal.says, ...signal.with()].reduce((best, group) =>
    commonest(group) > commonest(best) ? group : best,
  );
  if (rarest === signal.says) return own;
  return rarest.map((piece) => ({ signal, piece, wordings: signal.says }));
}

function commonest(wordings: readonly CompiledWording[]): number {
  return Math.min(...wordings.map((wording) => wording.rarity));
}

/** Compiles every signal, or only those exact enough for a log; `signs` are further wordings to look for. */
export function createSignalIndex(
  options: { readonly logOnly?: boolean; readonly signs?: readonly CompiledWording[] } = {},
): SignalIndex {
  const signals = compileSignals(options.logOnly === true);
  const triggers = signals.flatMap(triggersOf);
  const owners = new Map<string, Set<number>>();
  const own = (anchor: string, owner: number) => {
    const known = owners.get(anchor);
    if (known) known.add(owner);
    else owners.set(anchor, new Set([owner]));
  };
  triggers.forEach(({ piece }, place) => {
    own(piece.anchor, place);
  });
  (options.signs ?? []).forEach((wording, index) => {
    own(wording.anchor, triggers.length + index);
  });
  const automaton = createAutomaton([...owners.keys()]);
  const ownersOf = [...owners.values()].map((set) => [...set]);
  return {
    scan(bytes, found, sign) {
      automaton.scan(bytes, (anchor, end) => {
        for (const owner of ownersOf[anchor] as number[]) {
          if (owner < triggers.length) found(owner, end);
          else sign?.(owner - triggers.length, end);
        }
      });
    },
    tryPlaces(places, folded, source) {
      const candidates = new Map<CompiledSignal, Set<CompiledWording>>();
      for (const place of [...new Set(places)].sort((a, b) => a - b)) {
        const { signal, wordings } = triggers[place] as Trigger;
        const known = candidates.get(signal);
        if (!known) candidates.set(signal, new Set(wordings));
        else for (const wording of wordings) known.add(wording);
      }
      const hits: Hit[] = [];
      for (const [signal, wordings] of candidates) {
        const hit = trySignal(signal, wordings, folded, source);
        if (hit) hits.push(hit);
      }
      return hits;
    },
  };
}
