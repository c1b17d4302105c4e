/** Lines of a text: which line an offset stands in, when it was written, and how it is shown. */
import { REDACTED, redact } from '../../storage/redact.ts';

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
/** What a secret may be cut into: signs between blanks and quotes. */
const WORD = /[^\s"'`,;()<>{}[\]]+/g;
const FIRST_WORD = /^[^\s"'`]+/;
const LAST_WORD = /(?<![^\s"'`])[^\s"'`]+$/;

/** Shows a line of a text without secrets; of a long line only what stands around the offset. */
export type LineShower = (line: string, offset: number) => string;

/**
 * A shower for lines of this text. A secret that the cut would halve is no longer recognised by its shape or its name,
 * so a word is shown only if it is still there when the whole text is redacted. `cut` tells that the text is itself a
 * piece of a longer one and begins or ends within a line: then its first or last word may be half a secret.
 */
export function createLineShower(
  source: string,
  cut: { readonly start: boolean; readonly end: boolean } = { start: false, end: false },
): LineShower {
  let known: string | undefined;
  const isKnown = (word: string) => {
    if (known === undefined) {
      const headless = cut.start ? source.replace(FIRST_WORD, '') : source;
      known = redact(cut.end ? headless.replace(LAST_WORD, '') : headless);
    }
    return known.includes(word);
  };
  return (line, offset) => {
    const clean = line.trimEnd();
    const from = clean.length <= SHOWN ? 0 : Math.max(0, Math.min(offset - 120, clean.length - SHOWN));
    const piece = redact(clean.slice(from, from + SHOWN).trim());
    const shown = piece.replace(WORD, (word) => (word === 'redacted' || isKnown(word) ? word : REDACTED));
    return `${from > 0 ? '…' : ''}${shown}${from + SHOWN < clean.length ? '…' : ''}`;
  };
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

const SHAPE_LENGTH = 1024;
const NUMBER_SIGN = 35;

/**
 * A number that two lines share when they differ only in what differs from one occurrence to the next: words with
 * digits in them, so times, counts and ids. (53 bits of a hash: two messages of one log never meet by chance.)
 */
export function lineShape(line: string): number {
  const text = line.trim();
  const length = Math.min(text.length, SHAPE_LENGTH);
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  let lowBefore = low;
  let highBefore = high;
  let hasDigit = false;
  for (let index = 0; index <= length; index++) {
    const code = index < length ? text.charCodeAt(index) : 0;
    if (hasDigit && isWithinNumber(code) && isDigit(text.charCodeAt(index + 1))) continue;
    if (hasDigit && !isWordSign(code)) {
      low = Math.imul(lowBefore ^ NUMBER_SIGN, 0x01000193);
      high = Math.imul(highBefore ^ NUMBER_SIGN, 0x5bd1e995);
      hasDigit = false;
    }
    hasDigit ||= isDigit(code);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995);
    if (!isWordSign(code)) {
      lowBefore = low;
      highBefore = high;
    }
  }
  return (low >>> 0) * 0x200000 + (high >>> 11);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** `.`, `:`, `,` and `+`, as in `07:05:01.250+02:00`. */
function isWithinNumber(code: number): boolean {
  return code === 46 || code === 58 || code === 44 || code === 43;
}

function isWordSign(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || isDigit(code) || code === 95 || code === 45;
}
