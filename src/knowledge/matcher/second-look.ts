/** The second look at a short text in which no wording of the catalogue stands: what it seems to be about. */
import type { FailureId } from '../ids.ts';
import { TOPICS } from '../topics.ts';
import type { Folded } from './fold.ts';
import type { Candidate } from './verdict.ts';
import { type CompiledWording, compileWording, findWording, type Span } from './wording.ts';

/** In a longer text every broad word stands somewhere. */
const SHORT_TEXT = 4000;
const MAX_GUESSES = 2;
/** Well below an answer, though the first guess was right in two of three on texts kept aside; the second is worth half. */
const GUESS_SCORE = 0.4;

interface CompiledTopic {
  readonly id: FailureId;
  readonly about: readonly (readonly CompiledWording[])[];
}

let compiled: readonly CompiledTopic[] | undefined;

/** Candidates, best first, none of them sure; empty for a long text. */
export function guessTopics(
  folded: Folded,
  source: string,
  show: (span: Span) => Candidate['evidence'],
): Candidate[] {
  if (source.length > SHORT_TEXT) return [];
  // Most runs never come here: what is compiled first here costs nothing at the start.
  compiled ??= TOPICS.map(([id, ...about]) => ({
    id,
    about: about.map((words) => compileWording(parted(words))),
  }));
  const guesses: Candidate[] = [];
  for (const { id, about } of compiled) {
    const spans = about.map((choices) => firstOf(choices, folded, source));
    const [span] = spans;
    if (span === undefined || spans.includes(undefined)) continue;
    if (guesses.some((guess) => guess.id === id)) continue;
    guesses.push({ id, score: GUESS_SCORE / 2 ** guesses.length, evidence: show(span) });
    if (guesses.length === MAX_GUESSES) break;
  }
  return guesses;
}

/** The wordings that `|` parts, but not those within a choice. */
function parted(words: string): string[] {
  return words.split(/\|(?![^(]*\))/);
}

function firstOf(choices: readonly CompiledWording[], folded: Folded, source: string): Span | undefined {
  for (const choice of choices) {
    const span = findWording(choice, folded, source);
    if (span) return span;
  }
  return undefined;
}
