/**
 * Folding: the form of a text in which wordings are compared.
 *
 * A terminal wraps a message in the middle of a word, a log escapes it as JSON inside JSON, one Codex version writes
 * `'` and the next `’`. So the folded form keeps only what carries meaning: letters in lower case, digits and the
 * signs of identifiers and URLs. A map leads back to the place in the text.
 */

/** A folded text; `at[i]` is the offset in the original of folded sign `i`. */
export interface Folded {
  readonly text: string;
  readonly at: Uint32Array;
}

const KEPT = '0123456789abcdefghijklmnopqrstuvwxyz_-./:=@,%+$~!?#&';
/** What folding drops of printable ASCII. */
const DROPPED = / |["'()*;<>[\]^`{|}]/g;
const KEEP = buildAsciiTable();

/** What becomes of each ASCII sign: itself in lower case, or 0 for "dropped". */
function buildAsciiTable(): Uint8Array {
  const table = new Uint8Array(128);
  for (const sign of KEPT) table[sign.charCodeAt(0)] = sign.charCodeAt(0);
  for (let code = 65; code <= 90; code++) table[code] = code + 32;
  return table;
}

/** The ASCII part of folding, for code that works on bytes: the folded byte, or 0 for "dropped". */
export function foldedAscii(): Uint8Array {
  return KEEP.slice();
}

/** Memory to fold in, for who folds many texts. */
export interface FoldRoom {
  readonly signs: Uint16Array;
  readonly at: Uint32Array;
  readonly narrow: Buffer;
}

/** Room for a text of that length. */
export function createFoldRoom(length: number): FoldRoom {
  return { signs: new Uint16Array(length), at: new Uint32Array(length), narrow: Buffer.allocUnsafe(length) };
}

/** Folds a text. Linear; never throws. With a room of one's own the result holds until the room is used again. */
export function fold(source: string, room?: FoldRoom): Folded {
  const { length } = source;
  const { signs, at, narrow } = room && room.at.length >= length ? room : createFoldRoom(length);
  let size = 0;
  let seen = 0;
  const put = (code: number, offset: number) => {
    seen |= code;
    signs[size] = code;
    at[size++] = offset;
  };
  const signAt = (index: number) => source.charCodeAt(index);
  for (let index = 0; index < length; index++) {
    const code = source.charCodeAt(index);
    if (code < 128) {
      const kept = KEEP[code] as number;
      if (kept !== 0) {
        signs[size] = kept;
        at[size++] = index;
      } else if (code === ESCAPE || code === BACKSLASH) index = foldControl(signAt, index, put);
    } else {
      const folded = foldWide(code);
      if (folded !== 0) put(folded, index);
    }
  }
  return { text: toText(signs, size, seen < 256 ? narrow : undefined), at: at.subarray(0, size) };
}

/** These UTF-16 units as a string, of one byte a sign where that is enough: it is searched faster. */
function toText(signs: Uint16Array, size: number, narrow: Buffer | undefined): string {
  if (!narrow) return Buffer.from(signs.buffer, signs.byteOffset, 2 * size).toString('utf16le');
  for (let index = 0; index < size; index++) narrow[index] = signs[index] as number;
  return narrow.toString('latin1', 0, size);
}

/** The folded text alone, for wordings. */
export function foldText(source: string): string {
  return /[^ -~]|\\/.test(source) ? fold(source).text : source.toLowerCase().replace(DROPPED, '');
}

/** The sign at that offset, a byte or a UTF-16 unit; `NaN` or `undefined` beyond the end. */
export type SignAt = (index: number) => number | undefined;

export const ESCAPE = 27;
export const BACKSLASH = 92;

/** Folds the escape or backslash at `index`; returns the index of the last sign that belongs to it. */
export function foldControl(
  signAt: SignAt,
  index: number,
  put: (code: number, offset: number) => void,
): number {
  return signAt(index) === ESCAPE ? skipSequence(signAt, index) : foldBackslash(signAt, index, put);
}

const MAX_SEQUENCE = 512;

/** Index of the last sign of the terminal control sequence whose escape ends at `index`. */
function skipSequence(signAt: SignAt, index: number): number {
  const kind = signAt(index + 1);
  const limit = index + MAX_SEQUENCE;
  if (kind === 0x5b) {
    for (let end = index + 2; end < limit; end++) {
      const code = signAt(end) ?? 0;
      if (code >= 0x40 && code <= 0x7e) return end;
      if (!(code >= 0x20 && code <= 0x3f)) return end - 1;
    }
    return index + 1;
  }
  if (kind === 0x5d) {
    for (let end = index + 2; end < limit; end++) {
      const code = signAt(end) ?? 0;
      if (code === 7) return end;
      if (code === ESCAPE) return signAt(end + 1) === BACKSLASH ? end + 1 : end - 1;
      if (!(code >= 0x20)) return end - 1;
    }
  }
  return index;
}

/** `\n`, `\t`, `\u2019`, `\u{1b}` and `\x1b` as JSON and Rust mean them; any other backslash is dropped. */
function foldBackslash(signAt: SignAt, index: number, put: (code: number, offset: number) => void): number {
  const next = signAt(index + 1);
  // `\n` before a lower-case letter may be a Windows path (`C:\new`); dropping one letter of a path does no harm.
  if (next === 0x6e || next === 0x72 || next === 0x74) return index + 1;
  if (next !== 0x75 && next !== 0x78) return index; // also a doubled escape: its second backslash decides
  const braced = next === 0x75 && signAt(index + 2) === 0x7b;
  const from = index + (braced ? 3 : 2);
  const wanted = braced ? 6 : next === 0x75 ? 4 : 2;
  let code = 0;
  let end = from;
  for (; end < from + wanted; end++) {
    const digit = hexDigit(signAt(end) ?? 0);
    if (digit === -1) break;
    code = code * 16 + digit;
  }
  // An escaped NUL stays readable: it tells of a file full of them.
  if (code === 0 || (braced ? signAt(end) !== 0x7d : end !== from + wanted)) return index;
  const last = braced ? end : end - 1;
  if (code === ESCAPE) return skipSequence(signAt, last);
  const folded = code < 128 ? (KEEP[code] as number) : foldWide(code);
  if (folded !== 0) put(folded, index);
  return last;
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Beyond ASCII: full-width forms become ASCII, typographic and drawing signs vanish, letters lose their case. */
export function foldWide(code: number): number {
  if (code >= 0xff01 && code <= 0xff5e) return KEEP[code - 0xfee0] as number;
  if (code === 0x3002) return 46; // ideographic full stop
  if (code < 0xc0 || (code >= 0x2000 && code <= 0x2bff) || (code >= 0x3000 && code <= 0x3020)) return 0;
  if ((code >= 0xd800 && code <= 0xdfff) || code > 0xffff) return 0; // emoji
  // A mark, a variation, and the stand-in for a byte of another encoding (often a quote).
  if (code === 0xfeff || code === 0xfffd || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  if (code < 0x600) {
    const lower = String.fromCharCode(code).toLowerCase();
    return lower.length === 1 ? lower.charCodeAt(0) : code;
  }
  return code;
}
