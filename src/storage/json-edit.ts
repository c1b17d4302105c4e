/**
 * Edits JSON (also with comments) that belongs to somebody else: only the bytes of the edited member change. After each
 * edit the document is parsed and compared with the one that was wanted; a difference refuses the edit.
 */
import { isDeepStrictEqual } from 'node:util';
import { messageOf, StewardError } from '../errors.ts';
import { type JsonPath, type Located, locate, type Member } from './json/locate.ts';
import { lineStart, newlineOf } from './lines.ts';
import type { JsonEdit, TextSplice } from './steps.ts';
import { spliceText } from './text-edit.ts';

const BOM = '\uFEFF';

/**
 * The text after these edits, one after the other. Deleting what is not there changes nothing; a key that stands twice
 * is deleted twice. Setting creates missing objects; the position behind the last item of a list appends.
 *
 * Throws `ERR_STORAGE_JSON_SYNTAX` for text that is not JSON, `ERR_STORAGE_JSON_EDIT` for an edit that cannot be proved.
 */
export async function editJson(text: string, edits: readonly JsonEdit[]): Promise<string> {
  const hasBom = text.startsWith(BOM);
  let current = hasBom ? text.slice(1) : text;
  for (const edit of edits) current = await editOnce(current, edit);
  return hasBom ? BOM + current : current;
}

async function editOnce(text: string, edit: JsonEdit): Promise<string> {
  const found = await locate(text, edit.path);
  const after = edit.op === 'set' ? setPath(text, found, edit) : await deletePath(text, found, edit.path);
  if (after === text && edit.op === 'delete') return text;
  const [before, result] = await Promise.all([parse(text), parse(after)]).catch((error: unknown) => {
    throw unproved(edit, messageOf(error));
  });
  const value = edit.op === 'set' ? plain(edit.value) : undefined;
  const expected = changed(before, edit.path, value);
  if (!isDeepStrictEqual(comparable(result), comparable(expected)))
    throw unproved(edit, 'something else would have changed too');
  return after;
}

function setPath(text: string, found: Located, edit: JsonEdit & { readonly op: 'set' }): string {
  const json = JSON.stringify(edit.value);
  if (json === undefined) throw unproved(edit, 'the value has no JSON form');
  if (edit.path.length === 0 || found.effective !== undefined) {
    const start = found.effective?.valueStart ?? text.length - text.trimStart().length;
    const end = found.effective?.valueEnd ?? text.trimEnd().length;
    return spliceText(text, [{ start, end, text: formatted(text, edit.value, start, found) }]);
  }
  if (found.deepest === undefined) throw unproved(edit, 'a plain value stands on the way');
  const { container, depth } = found.deepest;
  const segment = edit.path[depth] ?? '';
  const isList = container.kind === 'list';
  if (isList ? segment !== container.count : typeof segment !== 'string') {
    throw unproved(edit, isList ? 'the list is shorter' : 'an object has no positions');
  }
  const value = edit.path.slice(depth + 1).reduceRight<unknown>((inner, name) => {
    return typeof name === 'number' ? [inner] : Object.fromEntries([[name, inner]]);
  }, edit.value);
  const key = isList ? '' : JSON.stringify(segment) + found.colon;
  return spliceText(text, [insertion(text, found, key, value)]);
}

/** Behind the last member, laid out as it is; into an empty container on lines of its own if the file has lines. */
function insertion(text: string, found: Located, key: string, value: unknown): TextSplice {
  const { container } = found.deepest ?? { container: undefined };
  if (container === undefined)
    throw new StewardError('ERR_STORAGE_JSON_EDIT', 'bug', 'no container to insert into');
  const newline = newlineOf(text);
  if (container.count > 0) {
    const between = text.slice(container.start + 1, container.firstStart);
    const gap = between.includes('\n')
      ? newline + indentOf(text, container.firstStart)
      : text[container.lastEnd + 1] === ' ' || found.colon === ': '
        ? ' '
        : '';
    const at = container.lastEnd;
    return {
      start: at,
      end: at,
      text: `,${gap}${key}${formatted(text, value, container.firstStart, found)}`,
    };
  }
  const inside = text.slice(container.start + 1, container.end - 1);
  const at = container.start + 1;
  const end = inside.trim() === '' ? container.end - 1 : at;
  if (!text.trim().includes('\n')) return { start: at, end, text: key + formatted(text, value, at, found) };
  const outer = indentOf(text, container.start);
  const indent = outer + indentUnit(text);
  const member = key + reindented(JSON.stringify(value, null, indentUnit(text)), indent, newline);
  return { start: at, end, text: `${newline}${indent}${member}${newline}${outer}` };
}

/** The value as JSON text: on several lines where the file is laid out so. */
function formatted(text: string, value: unknown, near: number, found: Located): string {
  const isLaidOut = found.colon === ': ' && text.trim().includes('\n');
  if (!isLaidOut) return JSON.stringify(value);
  return reindented(JSON.stringify(value, null, indentUnit(text)), indentOf(text, near), newlineOf(text));
}

function reindented(json: string, indent: string, newline: string): string {
  return json.replaceAll('\n', newline + indent);
}

function indentOf(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? '';
}

function indentUnit(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? '  ';
}

async function deletePath(text: string, found: Located, path: JsonPath): Promise<string> {
  if (path.length === 0) throw unproved({ op: 'delete', path }, 'that is the whole document');
  let current = text;
  let { members } = found;
  for (let member = members.at(-1); member !== undefined; member = members.at(-1)) {
    current = spliceText(current, removal(current, member));
    if (member.container.kind === 'list') break; // the next item has moved into this place
    if (members.length === 1) break;
    members = (await locate(current, path)).members; // a key that stood twice
  }
  return current;
}

function removal(text: string, member: Member): readonly TextSplice[] {
  const { container, start, valueEnd, commaBefore, commaAfter } = member;
  const cut = (from: number, to: number): TextSplice => ({ start: from, end: to, text: '' });
  if (container.count === 1) {
    const inside = text.slice(container.start + 1, start) + text.slice(valueEnd, container.end - 1);
    if (/^[\s,]*$/.test(inside)) return [cut(container.start + 1, container.end - 1)];
  }
  const isLast = valueEnd === container.lastEnd;
  if (commaAfter !== undefined && !isLast && text.slice(valueEnd, commaAfter).trim() === '') {
    const blanks = /^\s*/.exec(text.slice(commaAfter + 1))?.[0].length ?? 0;
    const next = text[commaAfter + 1 + blanks];
    return [cut(start, next === '/' ? commaAfter + 1 : commaAfter + 1 + blanks)];
  }
  if (isLast && commaAfter === undefined && commaBefore !== undefined) {
    return text.slice(commaBefore + 1, start).trim() === ''
      ? [cut(commaBefore, valueEnd)]
      : [cut(commaBefore, commaBefore + 1), cut(start, valueEnd)];
  }
  return commaAfter === undefined
    ? [cut(start, valueEnd)]
    : [cut(start, valueEnd), cut(commaAfter, commaAfter + 1)];
}

async function parse(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // With comments. By way of the tree, because the plain parser loses a member called `__proto__`.
    const { getNodeValue, parseTree } = await import('jsonc-parser');
    const root = parseTree(text, [], { allowTrailingComma: true });
    return root === undefined ? undefined : getNodeValue(root);
  }
}

/** Order of members and prototypes do not count. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([name, member]) => [name, comparable(member)]));
}

/** As JSON would carry it: `undefined` members gone, dates as strings. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** A copy in which the value at that path is replaced, or removed when `value` is `undefined`. */
function changed(node: unknown, path: JsonPath, value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(node)) {
    const items: unknown[] = [...node];
    if (value === undefined && rest.length === 0) items.splice(Number(head), 1);
    else items[Number(head)] = changed(items[Number(head)], rest, value);
    return items;
  }
  if (typeof node !== 'object' || node === null) {
    if (value === undefined) return node;
    return typeof head === 'number'
      ? [changed(undefined, rest, value)]
      : Object.fromEntries([[head, changed(undefined, rest, value)]]);
  }
  const members = new Map<string, unknown>(Object.entries(node));
  const name = String(head);
  if (value === undefined && (rest.length === 0 || !members.has(name))) members.delete(name);
  else members.set(name, changed(members.get(name), rest, value));
  return Object.fromEntries(members);
}

function unproved(edit: JsonEdit, reason: string): StewardError {
  const path = edit.path.join('.');
  return new StewardError('ERR_STORAGE_JSON_EDIT', 'bug', `cannot ${edit.op} ${path} safely: ${reason}`, {
    hint: 'Nothing was written. Change the value by hand, and tell us about the file.',
    details: { path },
  });
}
