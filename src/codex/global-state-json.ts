/** Parsing a JSON object with the place of the fault: what `JSON.parse` knows, as line and column. */
import { messageOf } from '../errors.ts';

export type ParsedObject =
  | { readonly kind: 'ok'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'bad'; readonly message: string; readonly line?: number; readonly column?: number };

/** The JSON object in that text, or what is wrong with it and where. Never quotes the text itself. */
export function parse(text: string): ParsedObject {
  if (text.trim() === '') return { kind: 'bad', message: 'the file is empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = messageOf(error);
    if (/unexpected end|unterminated/i.test(message)) {
      return { kind: 'bad', message: 'the JSON breaks off before its end', ...place(text, text.length) };
    }
    // Node 20 names the offset; it also quotes the text around it, which may be private and is left out.
    const offset = /at position (\d+)/.exec(message)?.[1];
    return { kind: 'bad', message: 'not JSON', ...(offset === undefined ? {} : place(text, Number(offset))) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'bad', message: 'not a JSON object' };
  }
  return { kind: 'ok', value: { ...value } };
}

function place(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
