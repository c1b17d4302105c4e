/** "Did you mean …?": the names that a mistyped word may have meant. */

/** At most three, the nearest first: those that a few typing slips away, or that the word is a part of. */
export function nearestNames(word: string, names: readonly string[]): readonly string[] {
  if (word === '') return [];
  const allowed = Math.max(1, Math.floor(word.length / 4));
  return names
    .map((name) => ({ name, slips: name.includes(word) ? 0 : slipsBetween(word, name) }))
    .filter(({ slips }) => slips <= allowed)
    .sort((a, b) => a.slips - b.slips || a.name.length - b.name.length)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Letters to add, drop or replace to come from one word to the other (Levenshtein distance). */
function slipsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [above, letter] of [...from].entries()) {
    const next = [above + 1];
    for (const [index, other] of [...to].entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
