/** The matcher on the labelled error texts that lie beside the project, where they do: it meets its targets. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMatcher } from '../../src/knowledge/matcher/matcher.ts';
import { meetsTargets, parseLabelledTexts, scoreTexts } from '../support/error-scores.ts';

const FILE = new URL('../../../shared/errors/dev.jsonl', import.meta.url);

describe.skipIf(!existsSync(FILE))('the labelled error texts', () => {
  const texts = existsSync(FILE) ? parseLabelledTexts(readFileSync(FILE, 'utf8')) : [];
  const matcher = createMatcher();

  it('are explained: 97 % at once, 99 % among three, and never surely what is not about Codex', () => {
    const missed: string[] = [];
    const scores = scoreTexts(
      texts,
      (why, { category }, { matches }) => missed.push(`${why}: ${category}, not ${matches[0]?.id}`),
      matcher,
    );
    expect(scores.sure).toBeGreaterThan(0);
    expect(meetsTargets(scores), `${JSON.stringify(scores)}\n${missed.join('\n')}`).toBe(true);
  });

  it.each([
    ['quoted', (text: string) => text.replace(/^/gm, '> ')],
    ['in lower case', (text: string) => text.toLowerCase()],
    ['as JSON', (text: string) => JSON.stringify({ text })],
    ['wrapped', (text: string) => text.replace(/(.{57})/g, '$1\n')],
    ['of a Windows file', (text: string) => text.replace(/\r?\n/g, '\r\n').replace(/['"]/g, '’')],
  ])('are explained alike when they come %s', (_, mutate) => {
    const changed = texts.filter(({ text, ambiguous }) => {
      const before = matcher.explainText(text);
      const after = matcher.explainText(mutate(text));
      return !ambiguous && before.verdict === 'match' && before.matches[0]?.id !== after.matches[0]?.id;
    });
    expect(changed.map(({ category }) => category)).toEqual([]);
  });
});
