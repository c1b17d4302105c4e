/** Any JSON document, with comments or without, any single edit: nothing but that value changes. */
import fc from 'fast-check';
import { getNodeValue, parseTree } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { editJson } from '../../src/storage/json-edit.ts';

const literal = fc.oneof(
  fc.integer().map(String),
  fc.boolean().map(String),
  fc.constant('null'),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('1.50e+02', '12345678901234567890', '"\\u0061\\/"', '-0.0'),
);
const key = fc.oneof(
  fc.constantFrom('"a"', '"b"', '"\\u0061"', '"__proto__"', '"é 😀"', '""'),
  fc.string().map((text) => JSON.stringify(text)),
);
const blank = fc.constantFrom('', '', ' ', '\n', '\r\n\t', ' /* c, } */ ', ' // c ]\n');

const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: literal },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.array(fc.tuple(blank, key, blank, tie('value'), blank), { maxLength: 4 }), blank)
        .map(
          ([members, inside]) =>
            `{${members.map(([a, k, b, v, c]) => `${a}${k}${b}:${v}${c}`).join(',')}${inside}}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.array(fc.tuple(blank, tie('value'), blank), { maxLength: 4 }), blank)
        .map(([items, inside]) => `[${items.map(([a, v, b]) => a + v + b).join(',')}${inside}]`),
    },
  ),
}));
const document = fc
  .tuple(fc.constantFrom('', '\uFEFF'), blank, value, blank)
  .map(([bom, a, text, b]) => ({ bom, text: a + text + b }));

type Path = (string | number)[];
function pathsOf(node: unknown, path: Path = []): Path[] {
  if (Array.isArray(node)) return [path, ...node.flatMap((item, index) => pathsOf(item, [...path, index]))];
  if (typeof node !== 'object' || node === null) return [path];
  return [path, ...Object.entries(node).flatMap(([name, member]) => pathsOf(member, [...path, name]))];
}

/** Strict JSON is read as every program reads it; text with comments as an editor does. */
function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const root = parseTree(text, [], { allowTrailingComma: true });
    return root === undefined ? undefined : getNodeValue(root);
  }
}

const commentsOf = (text: string) =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"|\/\*.*?\*\/|\/\/[^\n]*/gs)]
    .map(([token]) => token)
    .filter((token) => token.startsWith('/'));

/** Whether `part` is `whole` with nothing but pieces cut out. */
function isSubsequence(part: string, whole: string): boolean {
  let at = 0;
  for (const character of whole)
    if (character === part[at] || character === part.slice(at, at + character.length)) at += character.length;
  return at >= part.length;
}

describe('editJson on any document', () => {
  it('replaces a value in place: every byte around it stays', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), fc.jsonValue(), async ({ bom, text }, pick, next) => {
        const paths = pathsOf(read(text));
        const path = paths[pick % paths.length] ?? [];
        const after = await editJson(bom + text, [{ op: 'set', path, value: 'MARK' }]);
        const at = after.indexOf('"MARK"');
        expect(at).toBeGreaterThanOrEqual(0);
        const head = after.slice(0, at);
        const tail = after.slice(at + '"MARK"'.length);
        expect((bom + text).startsWith(head) && (bom + text).endsWith(tail)).toBe(true);
        const other = await editJson(bom + text, [{ op: 'set', path, value: next }]);
        expect(other.startsWith(head) && other.endsWith(tail)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('adds a member: nothing that was there goes', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), fc.jsonValue(), async ({ bom, text }, pick, next) => {
        const root = read(text);
        const paths = pathsOf(root).filter((path) => isObject(at(root, path)));
        fc.pre(paths.length > 0);
        const path = [...(paths[pick % paths.length] ?? []), 'a new member'];
        const after = await editJson(bom + text, [{ op: 'set', path, value: next }]);
        expect(at(read(after.slice(bom.length)), path)).toEqual(JSON.parse(JSON.stringify(next)));
        expect(isSubsequence((bom + text).replace(/\s/g, ''), after.replace(/\s/g, ''))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('deletes a member: what is left is the text without it, comments included', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), async ({ bom, text }, pick) => {
        const paths = pathsOf(read(text)).filter((path) => path.length > 0);
        fc.pre(paths.length > 0);
        const path = paths[pick % paths.length] ?? [];
        const after = await editJson(bom + text, [{ op: 'delete', path }]);
        expect(isSubsequence(after, bom + text)).toBe(true);
        // Whole comments or none: no comment is cut in two.
        for (const comment of commentsOf(after)) expect(text).toContain(comment);
        if (typeof path.at(-1) === 'string') {
          expect(at(read(after.slice(bom.length)), path)).toBeUndefined();
          expect(await editJson(after, [{ op: 'delete', path }])).toBe(after);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function isObject(node: unknown): boolean {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

function at(root: unknown, path: Path): unknown {
  let node = root;
  for (const part of path) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, part)) return undefined;
    node = Object.getOwnPropertyDescriptor(node, part)?.value;
  }
  return node;
}
