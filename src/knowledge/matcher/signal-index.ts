/** The signals of the catalogue behind one automaton: which of them a stretch of bytes may show at all. */
import { type Automaton, createAutomaton } from './automaton.ts';
import { type CompiledSignal, compileSignals } from './signals.ts';

export interface SignalIndex {
  readonly signals: readonly CompiledSignal[];
  readonly automaton: Automaton;
  /** For each anchor of the automaton, the index of the signal that it belongs to. */
  readonly owners: readonly number[];
}

/** Compiles every signal, or only those exact enough for a log. */
export function createSignalIndex(logOnly: boolean): SignalIndex {
  const signals = compileSignals(logOnly);
  const anchors: string[] = [];
  const owners: number[] = [];
  signals.forEach((signal, index) => {
    for (const wording of signal.says) {
      anchors.push(wording.anchor);
      owners.push(index);
    }
  });
  return { signals, owners, automaton: createAutomaton(anchors) };
}
