/** Lines of a text: which line an offset stands in, when it was written, and how it is shown. */

/** Where each line begins. */
export function lineStarts(source: string): number[] {
  const starts = [0];
  for (let index = source.indexOf('\n'); index !== -1; index = source.indexOf('\n', index + 1))
    starts.push(index + 1);
  return starts;
}

/** Zero-based number of the line that holds the offset. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

const SHOWN = 400;

/** The part of a line worth showing: around the offset when the line is long. */
export function shownLine(line: string, offset: number): string {
  const clean = line.trimEnd();
  if (clean.length <= SHOWN) return clean.trim();
  const from = Math.max(0, Math.min(offset - 120, clean.length - SHOWN));
  return `${from > 0 ? '…' : ''}${clean.slice(from, from + SHOWN).trim()}${from + SHOWN < clean.length ? '…' : ''}`;
}

const ISO = /(20\d\d-[01]\d-[0-3]\d)[T ]([0-2]\d:[0-5]\d:[0-5]\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?/;
const HEAD = 160;

/** The time a log line carries in its first signs, as epoch ms; a time without zone is taken as UTC. */
export function timeOf(line: string): number | null {
  const match = ISO.exec(line.length > HEAD ? line.slice(0, HEAD) : line);
  if (!match) return null;
  const [, date, clock, fraction = '', zone = 'Z'] = match;
  const text = `${date}T${clock}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** A line without what differs from one occurrence to the next: numbers, times and ids. */
export function lineShape(line: string): string {
  return line
    .slice(0, 1024)
    .replace(/[\w-]+/g, (word) => (/[0-9]/.test(word) ? '#' : word))
    .trim();
}
