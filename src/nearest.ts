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

/** Letters to add, drop, replace or swap with their neighbour to come from one word to the other (optimal string alignment). */
function slipsBetween(from: string, to: string): number {
  const a = [...from];
  const b = [...to];
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [above, letter] of a.entries()) {
    const next = [above + 1];
    for (const [index, other] of b.entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1);
      const isSwap = index > 0 && letter === b[index - 1] && other === a[above - 1];
      const swapped = isSwap ? (before[index - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, swapped, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
