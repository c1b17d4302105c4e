/**
 * What kind of mistake breaks a TOML file, as a person would name it. The parser says where it gave up, which is often
 * one line after the mistake; this looks at the text around and names the line that is to be changed.
 */

export type TomlFaultKind =
  | 'merge-conflict'
  | 'bad-escape'
  | 'duplicate-table'
  | 'duplicate-key'
  | 'unclosed-header'
  | 'unclosed-string'
  | 'unclosed-list'
  | 'unclosed-inline-table'
  | 'curly-quotes'
  | 'yaml-style'
  | 'bare-value'
  | 'missing-value'
  | 'trailing-text'
  | 'stray-line'
  | 'control-character'
  | 'other';

export interface TomlFault {
  readonly kind: TomlFaultKind;
  /** From 1: the line to change. */
  readonly line: number;
  /** What is wrong there, in a few words; quotes no value. */
  readonly what: string;
}

interface ParserError {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

const CONFLICT_MARKER = /^(<<<<<<<|=======|>>>>>>>|\|\|\|\|\|\|\|)( |$)/;
const HEADER = /^\s*\[/;
const ASSIGNMENT =
  /^\s*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*'))*\s*=/;

/** Names the mistake behind a parser's complaint about that text. */
export function classifyTomlFault(text: string, error: ParserError): TomlFault {
  const lines = text.split('\n');
  const at = (line: number) => lines[line - 1] ?? '';
  const conflict = lines.findIndex((line) => CONFLICT_MARKER.test(line));
  if (conflict >= 0 && conflict < error.line) {
    return { kind: 'merge-conflict', line: conflict + 1, what: 'a merge conflict was left in the file' };
  }
  const line = Math.min(error.line, lines.length);
  const content = at(line);
  const fault = (kind: TomlFaultKind, what: string, on = line): TomlFault => ({ kind, line: on, what });

  if (/escape|unicode|codepoint/i.test(error.message)) {
    return fault('bad-escape', 'a backslash inside double quotes starts no valid escape');
  }
  if (/redefine/i.test(error.message)) {
    return HEADER.test(content)
      ? fault('duplicate-table', 'this table has been opened before')
      : fault('duplicate-key', 'this key has a value already');
  }
  if (/[\u201c\u201d\u2018\u2019\u201e\u201f]/.test(withoutStrings(content))) {
    return fault('curly-quotes', 'typographic quotes instead of straight ones');
  }
  if (HEADER.test(content) && !ASSIGNMENT.test(content)) {
    const closed = /^\s*\[{1,2}[^\]]*\]{1,2}/.test(content);
    const open = openBracketLine(lines, line);
    if (open !== null) return fault('unclosed-list', 'a list is not closed', open);
    return closed
      ? fault('trailing-text', 'text follows the table header')
      : fault('unclosed-header', 'the table header is not closed');
  }
  const open = openBracketLine(lines, line);
  if (open !== null && open < line) {
    const isTable = lastOpenBracket(at(open)) === '{';
    return isTable
      ? fault('unclosed-inline-table', 'an inline table is not closed', open)
      : fault('unclosed-list', 'a list is not closed', open);
  }
  if (/string/i.test(error.message) || hasOddQuotes(content)) {
    if (/control characters/i.test(error.message) && !hasOddQuotes(content)) {
      return fault('control-character', 'a control character stands in a string');
    }
    return fault('unclosed-string', 'a string is not closed');
  }
  if (/^\s*[A-Za-z0-9_.-]+\s*:\s*\S/.test(content) && !ASSIGNMENT.test(content)) {
    return fault('yaml-style', 'a colon stands where an equals sign should be');
  }
  const assignment = ASSIGNMENT.exec(content);
  if (!assignment) {
    return content.trim() === '' && line > 1
      ? fault('other', error.message)
      : fault('stray-line', 'the line is neither a table header nor key = value');
  }
  const value = content.slice(assignment[0].length).trim();
  if (value === '' || value.startsWith('#')) return fault('missing-value', 'the key has no value');
  const bracket = openBracketLine(lines, line + 1);
  if (bracket === line) {
    return lastOpenBracket(content) === '{'
      ? fault('unclosed-inline-table', 'an inline table is not closed')
      : fault('unclosed-list', 'a list is not closed');
  }
  if (/^["'[{]/.test(value) || /end-of-line/.test(error.message)) {
    return fault('trailing-text', 'text follows the value');
  }
  return fault('bare-value', 'text values need quotes');
}

/** The line up to `before` (exclusive) whose bracket is still open there, looking back over one key. */
function openBracketLine(lines: readonly string[], before: number): number | null {
  for (let line = before - 1; line >= 1 && line > before - 200; line -= 1) {
    const content = lines[line - 1] ?? '';
    if (ASSIGNMENT.test(content)) return lastOpenBracket(content) === null ? null : line;
    if (HEADER.test(content) && !/,\s*$/.test(content)) return null;
  }
  return null;
}

/** The innermost bracket that the line opens in its value and does not close. */
function lastOpenBracket(line: string): '[' | '{' | null {
  const open: ('[' | '{')[] = [];
  const value = withoutStrings(line.slice(line.indexOf('=') + 1)).replace(/#.*/, '');
  for (const char of value) {
    if (char === '[' || char === '{') open.push(char);
    else if (char === ']' || char === '}') open.pop();
  }
  return open.at(-1) ?? null;
}

function withoutStrings(line: string): string {
  return line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, '""');
}

function hasOddQuotes(line: string): boolean {
  return /["']/.test(withoutStrings(line).replaceAll('""', '').replace(/#.*/, ''));
}
