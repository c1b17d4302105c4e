/** What a person, or a repair that was checked, says about the fix of one failure; and what many of them add up to. */

/** The seven verdicts a person can give. */
export const VERDICTS = [
  'works',
  'easy-fix',
  'time-saver',
  'blocking',
  'common-issue',
  'flaky',
  'verified',
] as const;

export type SignalVerdict = (typeof VERDICTS)[number];

/**
 * `held`: the doctor looked again after a repair and the failure was gone; `failed`: it was not, and the repair was taken
 * back; `asked`: the person was asked how the fix did, which happens once.
 */
export type SignalWord = SignalVerdict | 'held' | 'failed' | 'asked';

export interface Signal {
  /** The same word about the same occasion on the same machine has the same id: pooling twice adds nothing. */
  readonly id: string;
  readonly failureId: string;
  readonly word: SignalWord;
  /** Which time it was: the id of the repair in the journal, or one of its own. */
  readonly occasion: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** A random name, the same for all signals of one Codex home. */
  readonly machine: string;
}

export interface SignalCount {
  /** Occasions on which the fix worked, of all on which it was tried. */
  readonly worked: number;
  readonly tried: number;
  /** How often each verdict of a person was given, in the order of {@link VERDICTS}; without zeros. */
  readonly verdicts: Readonly<Partial<Record<SignalVerdict, number>>>;
}

export interface SignalSummary {
  readonly failureId: string;
  readonly here: SignalCount;
  /** From imported signals of other machines. */
  readonly elsewhere: SignalCount;
}

const GOOD: ReadonlySet<SignalWord> = new Set(['works', 'easy-fix', 'time-saver', 'verified', 'held']);
const BAD: ReadonlySet<SignalWord> = new Set(['flaky', 'failed']);

/** One summary a failure, by id. */
export function summariseSignals(
  signals: readonly Signal[],
  machine: string,
): ReadonlyMap<string, SignalSummary> {
  const ids = [...new Set(signals.map(({ failureId }) => failureId))].sort();
  return new Map(
    ids.map((failureId) => {
      const own = signals.filter((signal) => signal.failureId === failureId);
      const here = countSignals(own.filter((signal) => signal.machine === machine));
      const elsewhere = countSignals(own.filter((signal) => signal.machine !== machine));
      return [failureId, { failureId, here, elsewhere }];
    }),
  );
}

/** How serious or common a failure is says nothing about its fix: such words are counted, and are no try. */
function countSignals(signals: readonly Signal[]): SignalCount {
  const occasions = new Map<string, SignalWord[]>();
  for (const { machine, occasion, word } of signals) {
    const key = `${machine} ${occasion}`;
    occasions.set(key, [...(occasions.get(key) ?? []), word]);
  }
  const tries = [...occasions.values()].filter((words) =>
    words.some((word) => GOOD.has(word) || BAD.has(word)),
  );
  const worked = tries.filter((words) => !words.some((word) => BAD.has(word)));
  const counts = VERDICTS.map((verdict): [SignalVerdict, number] => [
    verdict,
    signals.filter(({ word }) => word === verdict).length,
  ]);
  return {
    worked: worked.length,
    tried: tries.length,
    verdicts: Object.fromEntries(counts.filter(([, count]) => count > 0)),
  };
}

/** `worked 3 of 3 times here; easy fix 2 ×; elsewhere 5 of 6 times`. Empty where nothing was said. */
export function signalWords({ here, elsewhere }: SignalSummary): string {
  const parts: string[] = [];
  if (here.tried > 0) parts.push(`worked ${here.worked} of ${times(here.tried)} here`);
  for (const [verdict, count] of Object.entries(here.verdicts)) {
    if (verdict !== 'works') parts.push(`${verdict.replace('-', ' ')} ${count} ×`);
  }
  if (elsewhere.tried > 0) parts.push(`worked ${elsewhere.worked} of ${times(elsewhere.tried)} elsewhere`);
  return parts.join('; ');
}

function times(n: number): string {
  return n === 1 ? '1 time' : `${n} times`;
}
