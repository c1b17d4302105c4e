/** `.env` as Codex reads it: assignments with their place, so that one line of it can be edited. */

export interface DotenvLine {
  readonly name: string;
  readonly value: string;
  /** Counts from 1. */
  readonly line: number;
  /** UTF-16 offsets of the whole line, with its line break. */
  readonly start: number;
  readonly end: number;
}

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*?)\s*$/;

/** Every assignment in order; a later one of the same name wins. Lines that are none are skipped, as Codex does. */
export function parseDotenv(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): readonly DotenvLine[] {
  const found: DotenvLine[] = [];
  const known = new Map<string, string>();
  let start = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const end = Math.min(start + raw.length + 1, text.length);
    const match = ASSIGNMENT.exec(raw.replace(/\r$/, ''));
    const name = match?.[1];
    const value = match === null ? null : valueIn(match[2] ?? '', (key) => known.get(key) ?? env[key] ?? '');
    if (name !== undefined && value !== null) {
      known.set(name, value);
      found.push({ name, value, line: index + 1, start, end });
    }
    start = end;
  }
  return found;
}

/** `null` where a quote is left open. */
function valueIn(raw: string, lookUp: (name: string) => string): string | null {
  const quote = raw[0];
  if (quote === "'" || quote === '"') {
    const close = closingQuote(raw, quote);
    if (close < 0) return null;
    const inner = raw.slice(1, close);
    return quote === "'" ? inner : expand(inner.replace(/\\(["\\$])/g, '$1'), lookUp);
  }
  return expand(raw.replace(/\s+#.*$/, '').replace(/^#.*$/, ''), lookUp);
}

function closingQuote(raw: string, quote: string): number {
  for (let index = 1; index < raw.length; index += 1) {
    if (raw[index] === '\\' && quote === '"') index += 1;
    else if (raw[index] === quote) return index;
  }
  return -1;
}

function expand(value: string, lookUp: (name: string) => string): string {
  return value.replace(/\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g, (_, braced, bare) =>
    lookUp(String(braced ?? bare)),
  );
}
