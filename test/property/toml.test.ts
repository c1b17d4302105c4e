/** Any TOML document, any single edit: nothing but that value changes. */
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import type { TomlValue } from '../../src/storage/steps.ts';
import { editToml } from '../../src/storage/toml-edit.ts';

const word = fc.constantFrom('a', 'b', 'model', 'x-1', 'mcp_servers', 'k9', '"q.r"', '"é 😀"', "'it s'");
const isWellFormed = (text: string) => !/[\uD800-\uDFFF]/u.test(text);
const scalar = fc.oneof(
  fc.integer().map(String),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((n) => (Number.isInteger(n) ? `${n}.0e0`.replace(/e[+]?\d+\.0/, (m) => m.slice(0, -2)) : String(n))),
  fc.boolean().map(String),
  fc
    .string({ unit: 'binary' })
    .filter(isWellFormed)
    .map((s) => JSON.stringify(s).replaceAll('\u007f', '\\u007F')),
  fc.constantFrom(
    '0xDEAD_BEEF',
    'inf',
    '-nan',
    '1979-05-27',
    '07:32:00',
    '1979-05-27T07:32:00Z',
    '9223372036854775807',
    "'''\nmany # no comment\nlines'''",
    '"""a\\\n  b"""',
  ),
);
const comment = fc.constantFrom('', ' # note', '\t# "quoted" = [x]', ' #é');
const gap = fc.constantFrom('', '\n', '# above\n', '\n# own block\n\n', '  # indented\n');

const value: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.tuple(scalar, comment), { maxLength: 3 })
      .map((items) => `[\n${items.map(([item, note]) => `  ${item},${note}\n`).join('')}]`),
  },
  {
    weight: 1,
    arbitrary: fc
      .uniqueArray(fc.tuple(word, scalar), { maxLength: 3, selector: ([key]) => key })
      .map((pairs) => `{ ${pairs.map(([key, item]) => `${key} = ${item}`).join(', ')} }`),
  },
);
const line = fc
  .tuple(gap, word, fc.option(word, { nil: undefined }), value, comment)
  .map(
    ([above, first, second, text, note]) =>
      `${above}${first}${second === undefined ? '' : `.${second}`} = ${text}${note}\n`,
  );
const table = fc
  .tuple(
    gap,
    fc.array(word, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    comment,
    fc.array(line, { maxLength: 4 }),
  )
  .map(
    ([above, path, isList, note, lines]) =>
      `${above}${isList ? `[[${path.join('.')}]]` : `[${path.join('.')}]`}${note}\n${lines.join('')}`,
  );

/** Valid documents; smol-toml is the judge. */
const document = fc
  .tuple(
    fc.array(line, { maxLength: 4 }),
    fc.array(table, { maxLength: 4 }),
    fc.constantFrom('\n', '\r\n'),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([lines, tables, newline, hasBom, hasFinal]) => {
    let text = lines.join('') + tables.join('');
    if (!hasFinal) text = text.replace(/\n$/, '');
    return { bom: hasBom ? '\uFEFF' : '', text: newline === '\n' ? text : text.replaceAll('\n', '\r\n') };
  })
  .filter(({ text }) => {
    try {
      parse(text, { integersAsBigInt: 'asNeeded' });
      return true;
    } catch {
      return false;
    }
  });

/** Every path of the document, down to the scalars. */
function pathsOf(node: unknown, path: readonly string[] = []): string[][] {
  const own = path.length === 0 ? [] : [[...path]];
  if (typeof node !== 'object' || node === null || node instanceof Date) return own;
  return [...own, ...Object.entries(node).flatMap(([key, member]) => pathsOf(member, [...path, key]))];
}

const isBranch = (node: unknown) => typeof node === 'object' && node !== null && !(node instanceof Date);

function valueAt(text: string, path: readonly string[]): unknown {
  let node: unknown = parse(text, { integersAsBigInt: 'asNeeded' });
  for (const part of path) node = isBranch(node) ? Reflect.get(Object(node), part) : undefined;
  return node;
}

const newValue: fc.Arbitrary<TomlValue> = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.string().filter(isWellFormed),
  fc.array(fc.integer(), { maxLength: 2 }),
  fc.constant({ command: 'npx', args: ['-y'] }),
);

/** The text in front of the first, and behind the last difference. */
function outside(
  before: string,
  after: string,
): { head: string; removed: string; added: string; tail: string } {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  let end = 0;
  const room = Math.min(before.length, after.length) - start;
  while (end < room && before.at(-1 - end) === after.at(-1 - end)) end++;
  return {
    head: before.slice(0, start),
    removed: before.slice(start, before.length - end),
    added: after.slice(start, after.length - end),
    tail: before.slice(before.length - end),
  };
}

const lines = (text: string) => text.split(/\r?\n/);

describe('editToml on any document', () => {
  it('replaces a scalar in place: every byte around it stays', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), newValue, async ({ bom, text }, pick, next) => {
        const paths = pathsOf(parse(text, { integersAsBigInt: 'asNeeded' })).filter(
          (path) => !isBranch(valueAt(text, path)),
        );
        fc.pre(paths.length > 0);
        const path = paths[pick % paths.length] ?? [];
        const after = await editToml(bom + text, [{ op: 'set', key: path, value: next }]);
        expect(after.startsWith(bom)).toBe(true);
        const found = outside(bom + text, after);
        // The replaced bytes are a value: the rest of their line, comments included, is in head and tail.
        expect(found.head + found.added + found.tail).toBe(after);
        expect(valueAt(after.slice(bom.length), path)).toEqual(next);
        expect(lines(after).filter((l) => l.trim().startsWith('#'))).toEqual(
          lines(bom + text).filter((l) => l.trim().startsWith('#')),
        );
        expect(lines(found.head).length + lines(found.tail).length).toBeGreaterThanOrEqual(
          lines(text).length - lines(found.removed).length + 1,
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('adds a key: nothing that was there goes', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), newValue, async ({ bom, text }, pick, next) => {
        const root: unknown = parse(text, { integersAsBigInt: 'asNeeded' });
        const tables = [[], ...pathsOf(root)].filter((path) => {
          const node = path.length === 0 ? root : valueAt(text, path);
          return isBranch(node) && !Array.isArray(node);
        });
        const path = [...(tables[pick % tables.length] ?? []), 'a new key'];
        const after = await editToml(bom + text, [{ op: 'set', key: path, value: next }]);
        expect(valueAt(after.slice(bom.length), path)).toEqual(next);
        const found = outside(bom + text, after);
        expect(found.removed.trim()).toBe('');
      }),
      { numRuns: 1000 },
    );
  });

  it('deletes a key or table: no comment outside of it goes, and deleting twice changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.nat(), async ({ bom, text }, pick) => {
        const paths = pathsOf(parse(text, { integersAsBigInt: 'asNeeded' }));
        fc.pre(paths.length > 0);
        const path = paths[pick % paths.length] ?? [];
        const after = await editToml(bom + text, [{ op: 'delete', key: path }]);
        const isItem = /^\d+$/.test(path.at(-1) ?? '');
        if (!isItem) {
          expect(valueAt(after.slice(bom.length), path)).toBeUndefined();
          expect(await editToml(after, [{ op: 'delete', key: path }])).toBe(after);
        }
        // What is left are lines of the original, in order (a line of an inline table or list loses one member).
        if (!isItem && path.length === 1) {
          const left = lines(after.slice(bom.length)).filter((l) => l.trim() !== '');
          const original = lines(text);
          let at = 0;
          for (const kept of left) {
            at = original.indexOf(kept, at);
            expect(at, `line ${kept} was not in the original`).toBeGreaterThanOrEqual(0);
            at++;
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});
