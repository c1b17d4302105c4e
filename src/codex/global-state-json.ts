/** Parsing a JSON object as strictly as Codex does, with the place of the first fault. */
import type { ParseError } from 'jsonc-parser';

export type ParsedObject =
  | { readonly kind: 'ok'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly kind: 'bad'; readonly message: string; readonly line?: number; readonly column?: number };

/** The JSON object in that text, or what is wrong with it and where. Never quotes the text: it may be private. */
export async function parseJsonObject(text: string): Promise<ParsedObject> {
  if (text.trim() === '') return { kind: 'bad', message: 'the file is empty' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return faultIn(text);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { kind: 'bad', message: 'not a JSON object' };
  }
  return { kind: 'ok', value: { ...value } };
}

/** `JSON.parse` does not always say where; the other parser does, and goes on to the end. */
async function faultIn(text: string): Promise<ParsedObject> {
  const { parse } = await import('jsonc-parser');
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  const { offset, length } = errors[0] ?? { offset: text.length, length: 0 };
  const before = text.slice(0, offset).split('\n');
  const atEnd = text.slice(offset + length).trim() === '';
  return {
    kind: 'bad',
    message: atEnd ? 'the JSON breaks off before its end' : 'not JSON',
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
  };
}
