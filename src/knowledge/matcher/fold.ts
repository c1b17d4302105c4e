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

const KEEP = buildAsciiTable();

/** What becomes of each ASCII sign: itself in lower case, or 0 for "dropped". */
function buildAsciiTable(): Uint8Array {
  const table = new Uint8Array(128);
  const kept = '0123456789abcdefghijklmnopqrstuvwxyz_-./:=@,%+$~!?#&';
  for (const sign of kept) table[sign.charCodeAt(0)] = sign.charCodeAt(0);
  for (let code = 65; code <= 90; code++) table[code] = code + 32;
  return table;
}

/** The ASCII part of folding, for code that works on bytes: the folded byte, or 0 for "dropped". */
export function foldedAscii(): Uint8Array {
  return KEEP.slice();
}

/** Folds a text. Linear; never throws. */
export function fold(source: string): Folded {
  const out: number[] = [];
  const at = new Uint32Array(source.length);
  let size = 0;
  const put = (code: number, offset: number) => {
    out.push(code);
    at[size++] = offset;
  };
  let chunks = '';
  for (let index = 0; index < source.length; index++) {
    const code = source.charCodeAt(index);
    if (code < 128) {
      if (code === 27) index = skipEscapeSequence(source, index);
      else if (code === 92) index = foldBackslash(source, index, put);
      else if (KEEP[code] !== 0) put(KEEP[code] as number, index);
    } else {
      const folded = foldWide(code);
      if (folded !== 0) put(folded, index);
    }
    if (out.length >= 8192) {
      chunks += String.fromCharCode(...out);
      out.length = 0;
    }
  }
  return { text: chunks + String.fromCharCode(...out), at: at.subarray(0, size) };
}

/** The folded text alone, for wordings. */
export function foldText(source: string): string {
  return fold(source).text;
}

/** Index of the last sign of the terminal control sequence that starts at `index`. */
function skipEscapeSequence(source: string, index: number): number {
  const kind = source.charCodeAt(index + 1);
  const limit = Math.min(source.length, index + 512);
  if (kind === 0x5b) {
    for (let end = index + 2; end < limit; end++) {
      const code = source.charCodeAt(end);
      if (code >= 0x40 && code <= 0x7e) return end;
      if (code < 0x20 || code > 0x3f) return end - 1;
    }
    return index + 1;
  }
  if (kind === 0x5d) {
    for (let end = index + 2; end < limit; end++) {
      const code = source.charCodeAt(end);
      if (code === 7) return end;
      if (code === 27) return source.charCodeAt(end + 1) === 92 ? end + 1 : end - 1;
      if (code === 10) return end - 1;
    }
  }
  return index;
}

/** `\n`, `\t` and `\u2019` as a JSON string means them; any other backslash is dropped. */
function foldBackslash(source: string, index: number, put: (code: number, offset: number) => void): number {
  const next = source.charCodeAt(index + 1);
  if (next === 92) return index; // a doubled escape: the second backslash decides
  if (next === 117) {
    const code = Number.parseInt(source.slice(index + 2, index + 6), 16);
    if (/^[0-9a-f]{4}$/i.test(source.slice(index + 2, index + 6))) {
      const folded = code < 128 ? (KEEP[code] as number) : foldWide(code);
      if (folded !== 0) put(folded, index);
      return index + 5;
    }
    return index;
  }
  // `\n` before a lower-case letter may be a Windows path (`C:\new`); dropping one letter of a path does no harm.
  if (next === 110 || next === 114 || next === 116) return index + 1;
  return index;
}

/** Beyond ASCII: full-width forms become ASCII, typographic and drawing signs vanish, letters lose their case. */
function foldWide(code: number): number {
  if (code >= 0xff01 && code <= 0xff5e) return KEEP[code - 0xfee0] as number;
  if (code === 0x3002) return 46; // ideographic full stop
  if (code < 0xc0 || (code >= 0x2000 && code <= 0x2bff) || (code >= 0x3000 && code <= 0x3020)) return 0;
  if (code >= 0xd800 && code <= 0xdfff) return 0; // emoji
  if (code === 0xfeff || (code >= 0xfe00 && code <= 0xfe0f)) return 0;
  if (code < 0x600) {
    const lower = String.fromCharCode(code).toLowerCase();
    return lower.length === 1 ? lower.charCodeAt(0) : code;
  }
  return code;
}
