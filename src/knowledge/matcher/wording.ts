/**
 * Wordings: the small pattern language of the catalogue, and the search for one of them in a folded text.
 *
 * There is no backtracking: a wording is a list of fixed parts with bounded gaps, each found by one forward search.
 * So the time is linear in the text, whatever the text is.
 */
import type { Wording } from '../types.ts';
import { type Folded, foldText } from './fold.ts';

const GAP = 160;
/** A part this short is taken as a whole word: `mfa`, `dns`, `401`. */
const WHOLE_WORD = 4;

interface Part {
  readonly text: string;
  readonly startsWord: boolean;
  readonly endsWord: boolean;
  /** Written without a space. */
  readonly isOneWord: boolean;
}

/** One wording, ready to search for. */
export interface CompiledWording {
  readonly parts: readonly Part[];
  /** A piece of it that a text must contain; what the automaton looks for. */
  readonly anchor: string;
  /** How rarely the anchor stands in a text for nothing: the logarithm, from about 8 (`401`) upwards. */
  readonly rarity: number;
}

/** Where a wording was found: offsets into the original text, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Compiles all choices of a wording. */
export function compileWording(wording: Wording): CompiledWording[] {
  const sources = typeof wording === 'string' ? [wording] : wording;
  return sources.flatMap(expandChoices).map(compileOne);
}

/** `a (b|c) d` becomes `a b d` and `a c d`. */
function expandChoices(source: string): string[] {
  const open = source.indexOf('(');
  if (open === -1) return [source];
  const close = source.indexOf(')', open);
  if (close === -1) throw new TypeError(`unclosed choice in the wording: ${source}`);
  const tails = expandChoices(source.slice(close + 1));
  return source
    .slice(open + 1, close)
    .split('|')
    .flatMap((choice) => tails.map((tail) => source.slice(0, open) + choice + tail));
}

function compileOne(source: string): CompiledWording {
  const parts = source
    .split('*')
    .map(compilePart)
    .filter((part) => part.text !== '');
  if (parts.length === 0) throw new TypeError(`an empty wording: ${source}`);
  return { parts, ...rarestAnchor(parts.map((part) => part.text)) };
}

function compilePart(source: string): Part {
  const trimmed = source.trim();
  const text = foldText(trimmed.replaceAll('¦', ''));
  const short = text.length <= WHOLE_WORD && /^[a-z0-9]+$/.test(text);
  return {
    text,
    startsWord: short || trimmed.startsWith('¦') || /^[0-9]/.test(text),
    endsWord: short || trimmed.endsWith('¦') || /[0-9]$/.test(text),
    isOneWord: !trimmed.includes(' '),
  };
}

const ANCHOR_LENGTH = 9;
/** How common a sign is in English prose and logs, in rough per mille; what is not listed is rare. */
const COMMON: Readonly<Record<string, number>> = {
  e: 120, t: 90, a: 80, o: 75, i: 70, n: 70, s: 65, r: 60, d: 42, l: 40, c: 35, u: 28, m: 25, f: 22, p: 22, g: 20,
  '.': 20, '/': 20, ':': 20, h: 40, w: 15, y: 15, b: 15,
  0: 60, 1: 60, 2: 60, 3: 60, 4: 60, 5: 60, 6: 60, 7: 60, 8: 60, 9: 60,
}; // biome-ignore format: a table
const RARE = 6;
/** Words that stand in every other line of a log; a piece of one tells nothing. */
const COMMON_WORDS =
  'codex openai chatgpt error failed request response session thread status token model server client message tool turn';
const COMMON_WORD_FACTOR = 0.4;
const RARITY: ReadonlyMap<string, number> = new Map(
  Object.entries(COMMON).map(([sign, share]) => [sign, Math.log(1000 / share)]),
);
const RAREST = Math.log(1000 / RARE);
/** A letter that is not of ASCII: three bytes of a text in another language. */
const FOREIGN = 9;

function rarityOf(sign: string): number {
  return sign > '~' ? FOREIGN : (RARITY.get(sign) ?? RAREST);
}

/** The stretch of the parts whose letters are rarest: the fewest false alarms for the automaton. */
function rarestAnchor(parts: readonly string[]): { readonly anchor: string; readonly rarity: number } {
  let anchor = '';
  let rarity = -1;
  for (const part of parts) {
    const length = Math.min(ANCHOR_LENGTH, part.length);
    let score = 0;
    for (let end = 1; end <= part.length; end++) {
      score += rarityOf(part[end - 1] as string);
      if (end > length) score -= rarityOf(part[end - 1 - length] as string);
      if (end < length || score <= rarity + 1e-9) continue;
      const piece = part.slice(end - length, end);
      const weighed = COMMON_WORDS.includes(piece) ? score * COMMON_WORD_FACTOR : score;
      if (weighed <= rarity + 1e-9) continue;
      rarity = weighed;
      anchor = piece;
    }
  }
  return { anchor, rarity };
}

/** At most this many starts of a wording are tried in one text: a hostile text stays cheap. */
const MAX_TRIES = 200;

/** The first place where the wording stands, or `undefined`. `source` is the text that was folded. */
export function findWording(wording: CompiledWording, folded: Folded, source: string): Span | undefined {
  const [first, ...rest] = wording.parts;
  if (!first) return undefined;
  let from = 0;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const start = findPart(first, folded, source, from, folded.text.length);
    if (start === -1) return undefined;
    let end = start + first.text.length;
    let whole = true;
    for (const part of rest) {
      const next = findPart(
        part,
        folded,
        source,
        end,
        Math.min(folded.text.length, end + GAP + part.text.length),
      );
      if (next === -1) {
        whole = false;
        break;
      }
      end = next + part.text.length;
    }
    if (whole) return { start: folded.at[start] as number, end: (folded.at[end - 1] as number) + 1 };
    from = start + 1;
  }
  return undefined;
}

/** Index in the folded text of the part, respecting its word boundaries in the original; -1 if there is none. */
function findPart(part: Part, folded: Folded, source: string, from: number, to: number): number {
  let start = from;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    start =
      to - start > 4096
        ? folded.text.indexOf(part.text, start)
        : indexWithin(folded.text, part.text, start, to);
    if (start === -1 || start + part.text.length > to) return -1;
    if (fitsWord(part, folded, source, start) && !isGlued(part, folded, source, start)) return start;
    start++;
  }
  return -1;
}

function indexWithin(text: string, piece: string, from: number, to: number): number {
  const found = text.slice(from, to).indexOf(piece);
  return found === -1 ? -1 : from + found;
}

function fitsWord(part: Part, folded: Folded, source: string, start: number): boolean {
  if (part.startsWord) {
    const before = (folded.at[start] as number) - 1;
    const joined = before >= 0 && joins(source.charCodeAt(before), part.text.charCodeAt(0));
    if (joined && !isEscaped(source, before)) return false;
  }
  if (part.endsWord) {
    const after = (folded.at[start + part.text.length - 1] as number) + 1;
    const last = part.text.charCodeAt(part.text.length - 1);
    if (after < source.length && joins(source.charCodeAt(after), last)) return false;
  }
  return true;
}

/**
 * Folding drops blanks, so `enotfound` also stands in "the file not found" read from the middle of a word. A word that
 * is broken by a blank must at least begin and end as one. A line break within is a terminal's, and no matter.
 */
function isGlued(part: Part, folded: Folded, source: string, start: number): boolean {
  const from = folded.at[start] as number;
  const end = (folded.at[start + part.text.length - 1] as number) + 1;
  if (!part.isOneWord || end - from === part.text.length) return false;
  const within = source.slice(from, end);
  if (!within.includes(' ') || within.includes('\n')) return false;
  return (
    (isLetter(source.charCodeAt(from)) && isLetter(source.charCodeAt(from - 1))) ||
    (isLetter(source.charCodeAt(end - 1)) && isLetter(source.charCodeAt(end)))
  );
}

/** Whether the letter at `index` only writes a line break or a tab, as in a JSON string. */
function isEscaped(source: string, index: number): boolean {
  return index > 0 && source.charCodeAt(index - 1) === 92 && 'nrt'.includes(source.charAt(index));
}

/** Whether a neighbouring sign continues the word: a digit joins a digit, a letter or `_` joins a letter. */
function joins(neighbour: number, edge: number): boolean {
  if (isDigit(edge)) return isDigit(neighbour);
  return isLetter(neighbour) || neighbour === 95 || isDigit(neighbour);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isLetter(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}
