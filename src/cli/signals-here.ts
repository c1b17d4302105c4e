/** Signals beside other commands: shown with findings, kept after repairs, asked for once. They never stop what they stand beside. */
import type { CodexScope } from '../codex/home.ts';
import type { RepairResult } from '../doctor/repair.ts';
import { messageOf, StewardError } from '../errors.ts';
import { signalWords, VERDICTS } from '../evidence/signals/signal.ts';
import { addSignal, readSignalSummaries, readSignals } from '../evidence/signals/store.ts';
import { redact } from '../storage/redact.ts';
import type { Terminal } from './render/terminal.ts';

/** What was said about fixes here, by failure id; empty too where the database cannot be read, which the doctor's job is not. */
export async function readSignalWords(scope: CodexScope): Promise<ReadonlyMap<string, string>> {
  try {
    const words = [...(await readSignalSummaries(scope))].map(([id, summary]): [string, string] => [
      id,
      signalWords(summary),
    ]);
    return new Map(words.filter(([, text]) => text !== ''));
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    return new Map(); // a diagnosis without its footnotes is still one
  }
}

/** Keeps which repairs held. Where that cannot be written it is said on standard error. */
export async function keepOutcomes(
  scope: CodexScope,
  repairs: readonly RepairResult[],
  terminal: Terminal,
): Promise<void> {
  try {
    for (const { failureId, occasion, word } of outcomesOf(repairs))
      await addSignal(scope, { failureId, occasion, word });
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    terminal.err(`How the repair did was not noted: ${redact(messageOf(error))}\n`);
  }
}

/** One line that asks how the fix did, for the first failure that nobody was asked about yet; else nothing. */
export async function askOnce(
  scope: CodexScope,
  repairs: readonly RepairResult[],
  { paint }: Terminal,
): Promise<string> {
  try {
    const { signals, machine } = await readSignals(scope);
    const spoken = new Set(
      signals
        .filter((signal) => signal.machine === machine && signal.word !== 'held' && signal.word !== 'failed')
        .map(({ failureId }) => failureId),
    );
    const fresh = outcomesOf(repairs).find(
      ({ failureId, word }) => word === 'held' && !spoken.has(failureId),
    );
    if (fresh === undefined) return '';
    const { failureId, occasion } = fresh;
    await addSignal(scope, { failureId, occasion, word: 'asked' });
    const words = VERDICTS.join(', ');
    return `${paint('dim', '?')} Did it help? ${paint('bold', `steward signal ${failureId} works`)}  (or: ${words}; this is asked once)\n`;
  } catch (error) {
    if (!(error instanceof StewardError)) throw error;
    return ''; // the database cannot be written: an answer could not be kept either
  }
}

interface Outcome {
  readonly failureId: string;
  readonly occasion: string;
  readonly word: 'held' | 'failed';
}

function outcomesOf(repairs: readonly RepairResult[]): readonly Outcome[] {
  return repairs.flatMap((result): readonly Outcome[] => {
    if (result.kind !== 'done' || result.outcome.kind === 'refused') return [];
    const word = result.outcome.kind === 'repaired' ? 'held' : 'failed';
    return [{ failureId: result.finding.id, occasion: result.outcome.id, word }];
  });
}
