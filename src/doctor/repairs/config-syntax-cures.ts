/** The cures for each kind of mistake in a TOML text; which of them helps is tried out by `config-syntax.ts`. */
import type { TomlFault } from '../../codex/toml-fault.ts';

export interface Cure {
  readonly text: string;
  readonly what: string;
  readonly linesAdded: number;
}

const HEADER = /^\s*\[/;

/** Cures that keep the meaning, best first. */
export function curesFor(text: string, fault: TomlFault): readonly (Cure | null)[] {
  const line = lineAt(text, fault.line);
  const rewrite = (content: string | null, what: string): Cure | null =>
    content === null || content === line
      ? null
      : { text: replaceLine(text, fault.line, content), what, linesAdded: 0 };
  switch (fault.kind) {
    case 'bad-escape':
      return [
        rewrite(asLiteralStrings(line), 'write the text in single quotes, so that backslashes are plain'),
        rewrite(doubleBadBackslashes(line), 'double the backslashes'),
      ];
    case 'curly-quotes':
      return [
        rewrite(
          line.replace(/[\u201c\u201d\u201e\u201f]/g, '"').replace(/[\u2018\u2019]/g, "'"),
          'straighten the quotes',
        ),
      ];
    case 'yaml-style':
      return [
        rewrite(line.replace(/^(\s*[A-Za-z0-9_.-]+)\s*:\s*/, '$1 = '), 'write an equals sign for the colon'),
        rewrite(
          quoteValue(line.replace(/^(\s*[A-Za-z0-9_.-]+)\s*:\s*/, '$1 = ')),
          'write an equals sign for the colon and quoted the text',
        ),
      ];
    case 'bare-value':
      return [
        rewrite(line.replace(/\s*,\s*$/, ''), 'remove the comma at the end'),
        rewrite(plainWord(line), 'write the switch in lower case'),
        rewrite(quoteValue(line), 'quote the text'),
      ];
    case 'unclosed-string':
      return [rewrite(closeQuote(line), 'close the string')];
    case 'unclosed-header':
      return [rewrite(closeHeader(line), 'close the table header')];
    case 'unclosed-list':
      return [
        rewrite(`${line.replace(/\s*,?\s*$/, '')}]`, 'close the list'),
        ...commentToNextEntry(text, fault),
      ];
    case 'unclosed-inline-table':
      return [
        rewrite(`${line.replace(/\s*,?\s*$/, '')} }`, 'close the inline table'),
        ...commentToNextEntry(text, fault),
      ];
    case 'trailing-text':
      return [
        rewrite(balanceHeader(line), 'balance the brackets of the table header'),
        rewrite(line.replace(/\s*,\s*$/, ''), 'remove the comma at the end'),
        rewrite(commentTrailing(line), 'make the text after the value a comment'),
      ];
    case 'duplicate-table':
      return [mergeTable(text, fault.line), commentOutTable(text, fault.line, fault.what)];
    case 'merge-conflict':
      return [keepFirstSide(text, fault.line)];
    default:
      return [];
  }
}

/** These lines as comments, with the reason above them. */
export function commentOut(text: string, from: number, to: number, why: string): Cure | null {
  const lines = text.split('\n');
  if (from < 1 || to > lines.length || lines.slice(from - 1, to).every((line) => /^\s*(#|$)/.test(line)))
    return null;
  const ending = lines[from - 1]?.endsWith('\r') ? '\r' : '';
  const kept = lines.slice(from - 1, to).map((line) => (/^\s*\r?$/.test(line) ? line : `# ${line}`));
  lines.splice(from - 1, to - from + 1, `# codex-steward: ${why}${ending}`, ...kept);
  return { text: lines.join('\n'), what: `comment it out (${why})`, linesAdded: 1 };
}

/** The table that this line is the header of, or stands in, as comments. */
export function commentOutTable(text: string, line: number, why: string): Cure | null {
  const lines = text.split('\n');
  let from = line;
  while (from >= 1 && !HEADER.test(lines[from - 1] ?? '')) from -= 1;
  if (from < 1) return null;
  let to = from;
  while (to < lines.length && !HEADER.test(lines[to] ?? '')) to += 1;
  return commentOut(text, from, to, why);
}

/** Whether that line opens a table (or tries to), and is not an item of a list. */
export function isHeaderLine(text: string, line: number): boolean {
  return /^\s*\[{1,2}\s*[A-Za-z0-9_"'.-]+[^,=]*$/.test(lineAt(text, line));
}

function lineAt(text: string, line: number): string {
  return text.split('\n')[line - 1]?.replace(/\r$/, '') ?? '';
}

function replaceLine(text: string, line: number, content: string): string {
  const lines = text.split('\n');
  const ending = lines[line - 1]?.endsWith('\r') ? '\r' : '';
  lines[line - 1] = content + ending;
  return lines.join('\n');
}

/** Every one-line basic string with an invalid escape as a literal one; `null` if one of them cannot be. */
function asLiteralStrings(line: string): string | null {
  let possible = true;
  const literal = line.replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inner: string) => {
    if (!hasBadEscape(inner)) return whole;
    // A doubled backslash or an escaped quote says that somebody escaped on purpose: then only the rest is wrong.
    if (inner.includes("'") || inner.includes('\\\\') || inner.includes('\\"')) {
      possible = false;
      return whole;
    }
    return `'${inner}'`;
  });
  return possible ? literal : null;
}

function hasBadEscape(inner: string): boolean {
  return /\\(?!(?:["\\bfnrte]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}))/.test(
    inner.replace(/\\\\/g, ''),
  );
}

function doubleBadBackslashes(line: string): string {
  return line.replace(/"((?:[^"\\]|\\.)*)"/g, (_whole, inner: string) => {
    const fixed = inner.replace(
      /\\\\|\\(?!(?:["\\bfnrte]|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}))/g,
      () => '\\\\',
    );
    return `"${fixed}"`;
  });
}

function splitAssignment(line: string): { readonly head: string; readonly value: string } | null {
  const at = line.indexOf('=');
  if (at < 0) return null;
  const head = /^[^=]*=\s*/.exec(line)?.[0] ?? '';
  return { head, value: line.slice(head.length) };
}

function plainWord(line: string): string | null {
  const parts = splitAssignment(line);
  const word = parts && /^(true|false)(\s*(?:#.*)?)$/i.exec(parts.value);
  return parts && word ? `${parts.head}${word[1]?.toLowerCase()}${word[2]}` : null;
}

function quoteValue(line: string): string | null {
  const parts = splitAssignment(line);
  if (!parts) return null;
  const [, value = '', comment = ''] = /^(.*?)(\s+#.*)?$/.exec(parts.value) ?? [];
  const bare = value.trim();
  if (bare === '' || /["'[\]{}]/.test(bare)) return null;
  return `${parts.head}${bare.includes('\\') ? `'${bare}'` : JSON.stringify(bare)}${comment}`;
}

function closeQuote(line: string): string | null {
  const parts = splitAssignment(line);
  const quote = parts?.value.trimStart()[0];
  if (!parts || (quote !== '"' && quote !== "'")) return null;
  if (parts.value.startsWith(quote.repeat(3))) return null; // where a long string should end cannot be told
  const [, value = '', comment = ''] = /^(.*?)(\s+#.*)?$/.exec(parts.value) ?? [];
  return `${parts.head}${value.trimEnd()}${quote}${comment}`;
}

function closeHeader(line: string): string | null {
  const match = /^(\s*)(\[{1,2})\s*([^\]#]*?)\s*\]?\s*(#.*)?$/.exec(line);
  if (!match) return null;
  const [, indent = '', open = '', key = '', comment = ''] = match;
  return key === '' ? null : `${indent}${open}${key}${']'.repeat(open.length)}${comment && ` ${comment}`}`;
}

/** `[[a]` and `[a]]`: the fewer brackets are taken as meant. */
function balanceHeader(line: string): string | null {
  const match = /^(\s*)\[{1,2}([^[\]]+)\]{1,2}(\s*(?:#.*)?)$/.exec(line);
  return match ? `${match[1]}[${match[2]}]${match[3]}` : null;
}

function commentTrailing(line: string): string | null {
  const match =
    /^(\s*\[{1,2}[^\]]*\]{1,2})\s+(.+)$/.exec(line) ??
    /^([^=]*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|\{[^}]*\}|[^\s"'[{]+))\s*(\S.*)$/.exec(line);
  return match ? `${match[1]} # ${match[2]}` : null;
}

/** The unfinished value as comments, up to the line before the next entry. */
function commentToNextEntry(text: string, fault: TomlFault): readonly (Cure | null)[] {
  const lines = text.split('\n');
  let to = fault.line;
  while (to < lines.length && !/^\s*(\[|[A-Za-z0-9_."-]+\s*=|$)/.test(lines[to] ?? '')) to += 1;
  return [commentOut(text, fault.line, to, fault.what)];
}

/** Moves the body of a table that is opened a second time to the end of the first; equal keys stay there as comments. */
function mergeTable(text: string, line: number): Cure | null {
  const lines = text.split('\n');
  const name = headerName(lines[line - 1]);
  const first = name === null ? -1 : lines.findIndex((other) => headerName(other) === name);
  if (first < 0 || first >= line - 1) return null;
  const bodyEnd = (from: number): number => {
    let end = from;
    while (end < lines.length && !HEADER.test(lines[end] ?? '')) end += 1;
    return end;
  };
  const firstEnd = bodyEnd(first + 1);
  const known = new Set(lines.slice(first + 1, firstEnd).map(keyName));
  const body = lines.slice(line, bodyEnd(line)).map((content) => {
    const key = keyName(content);
    return key !== null && known.has(key) ? `# codex-steward: already set above: ${content}` : content;
  });
  while (body.at(-1)?.trim() === '') body.pop();
  const rest = [...lines];
  rest.splice(line - 1, bodyEnd(line) - line + 1);
  let insertAt = firstEnd;
  while (insertAt > first + 1 && rest[insertAt - 1]?.trim() === '') insertAt -= 1;
  rest.splice(insertAt, 0, ...body);
  return { text: rest.join('\n'), what: `merge it into the table of line ${first + 1}`, linesAdded: 0 };
}

function headerName(line: string | undefined): string | null {
  const match = /^\s*\[(?!\[)\s*([^\]]+?)\s*\]\s*(#.*)?\r?$/.exec(line ?? '');
  return match?.[1] ?? null;
}

function keyName(line: string): string | null {
  return /^\s*([A-Za-z0-9_."'-]+)\s*=/.exec(line)?.[1] ?? null;
}

/** A merge conflict: the first side ("ours") stays, the markers and the other side become comments. */
function keepFirstSide(text: string, line: number): Cure | null {
  const lines = text.split('\n');
  const end = lines.findIndex((content, index) => index >= line - 1 && content.startsWith('>>>>>>>'));
  const middle = lines.findIndex((content, index) => index >= line - 1 && /^=======\s*$/.test(content));
  if (end < 0 || middle < 0 || middle > end) return null;
  const base = lines.findIndex(
    (content, index) => index >= line - 1 && index < middle && content.startsWith('|||||||'),
  );
  const ours = base < 0 ? middle : base;
  const kept = lines.map((content, index) => {
    const marker = index === line - 1;
    const dropped = marker || (index >= ours && index <= end);
    return dropped && content.trim() !== '' ? `# ${content}` : content;
  });
  return {
    text: kept.join('\n'),
    what: 'keep the first side of the merge conflict, the other as comments',
    linesAdded: 0,
  };
}
