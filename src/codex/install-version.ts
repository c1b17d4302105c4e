/** Order of Codex version numbers: `0.133.0` < `0.169.0-alpha.2` < `0.169.0`. */

/** Negative when `a` is older than `b`, 0 when they are the same. What is no version counts as the oldest. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const index of [0, 1, 2]) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre === right.pre) return 0;
  if (left.pre === '' || right.pre === '') return left.pre === '' ? 1 : -1;
  return left.pre.localeCompare(right.pre, 'en', { numeric: true });
}

function parse(version: string): { numbers: number[]; pre: string } {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:-([^+]*))?/.exec(version.trim());
  return { numbers: (match?.slice(1, 4) ?? []).map(Number), pre: match?.[4] ?? '' };
}
