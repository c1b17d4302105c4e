/** Scores the matcher on labelled error texts. The texts themselves are kept out of the tree. */
import * as v from 'valibot';
import { createMatcher, type Matcher } from '../../src/knowledge/matcher/matcher.ts';
import type { Explanation } from '../../src/knowledge/matcher/verdict.ts';

const LabelledText = v.object({
  text: v.string(),
  /** The id that is right. */
  category: v.string(),
  /** Ids that are right as well. */
  alt: v.optional(v.array(v.string()), []),
  /** A person could not tell either: not counted. */
  ambiguous: v.optional(v.boolean(), false),
});

export type LabelledText = v.InferOutput<typeof LabelledText>;

/** The texts of a file of JSON lines. */
export function parseLabelledTexts(source: string): LabelledText[] {
  return source
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => v.parse(LabelledText, JSON.parse(line)));
}

export interface ErrorScores {
  /** Texts that are about Codex and not ambiguous: of these, how often the first, or one of three, is right. */
  readonly sure: number;
  readonly top1: number;
  readonly top3: number;
  /** Texts that are not about Codex, and those of them that were given an answer. */
  readonly none: number;
  readonly noneWrong: number;
  /** Answers given as sure, and those of them that are wrong. */
  readonly confident: number;
  readonly confidentWrong: number;
}

/** Why a text counts as missed: `second` and `third` place, not among three, no sure answer, or one where none is due. */
export type Miss = 'second' | 'MISS' | 'unsure' | 'CONFIDENT ON NONE';

/** Scores all texts; `onMiss` hears of each that is not plainly right. */
export function scoreTexts(
  texts: readonly LabelledText[],
  onMiss: (why: Miss, text: LabelledText, explanation: Explanation) => void = () => {},
  matcher: Matcher = createMatcher(),
): ErrorScores {
  const scores = { sure: 0, top1: 0, top3: 0, none: 0, noneWrong: 0, confident: 0, confidentWrong: 0 };
  for (const text of texts) {
    const explanation = matcher.explainText(text.text);
    const { verdict, matches } = explanation;
    if (text.category === 'none') {
      scores.none += 1;
      if (verdict !== 'match') continue;
      scores.noneWrong += 1;
      onMiss('CONFIDENT ON NONE', text, explanation);
      continue;
    }
    const right = new Set<string>([text.category, ...text.alt]);
    const isFirst = verdict !== 'not-codex' && matches[0] !== undefined && right.has(matches[0].id);
    const isThird = matches.slice(0, 3).some((match) => right.has(match.id));
    if (verdict === 'match') scores.confident += 1;
    if (verdict === 'match' && !isFirst) scores.confidentWrong += 1;
    if (text.ambiguous) continue;
    scores.sure += 1;
    if (isFirst) scores.top1 += 1;
    if (isThird) scores.top3 += 1;
    if (!isFirst) onMiss(isThird ? 'second' : 'MISS', text, explanation);
    else if (verdict !== 'match') onMiss('unsure', text, explanation);
  }
  return scores;
}

/** Whether the targets are met: 97 % right at once, 99 % among three, no sure answer on a text that is not about Codex. */
export function meetsTargets(scores: ErrorScores): boolean {
  return scores.top1 >= 0.97 * scores.sure && scores.top3 >= 0.99 * scores.sure && scores.noneWrong === 0;
}
