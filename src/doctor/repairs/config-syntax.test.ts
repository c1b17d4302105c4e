import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseToml } from '../../codex/toml.ts';
import { spliceText } from '../../storage/text-edit.ts';
import { repairTomlText, spliceBetween } from './config-syntax.ts';

const repaired = async (text: string) => (await repairTomlText(text))?.text;

test.each([
  ['a = "C:\\Users\\new"\n', "a = 'C:\\Users\\new'\n"],
  ['a = "it\'s C:\\dir"\n', 'a = "it\'s C:\\\\dir"\n'],
  ['a = ["C:\\\\ok", "D:\\dir"]\n', 'a = ["C:\\\\ok", \'D:\\dir\']\n'],
  ['model = gpt-5.5 # mine\n', 'model = "gpt-5.5" # mine\n'],
  ['a = True\n', 'a = true\n'],
  ['a = "x\nb = 1\n', 'a = "x"\nb = 1\n'],
  ['a = [1, 2\nb = 1\n', 'a = [1, 2]\nb = 1\n'],
  ['[[a]\nb = 1\n', '[a]\nb = 1\n'],
  ['[a\nb = 1\n', '[a]\nb = 1\n'],
  ['a = 1,\nb = 2,\n', 'a = 1\nb = 2\n'],
  ['a = \u2018x\u2019\n', "a = 'x'\n"],
  ['key: value\n', 'key = "value"\n'],
  ['a = 1 and more\n', 'a = 1 # and more\n'],
])('%j becomes %j', async (before, after) => {
  expect(await repaired(before)).toBe(after);
});

describe('what has no evident form stays as a comment', () => {
  test('one line', async () => {
    expect(await repaired('a = 1\n= 2\nb = 3\n')).toMatch(/^a = 1\n# codex-steward: .*\n# = 2\nb = 3\n$/);
  });

  test('a table with its body: without its header the body would join the table above', async () => {
    expect(await repaired('[a]\nx = 1\n[b c d]\nx = 2\n[e]\ny = 1\n')).toMatch(
      /^\[a\]\nx = 1\n# codex-steward: .*\n# \[b c d\]\n# x = 2\n\[e\]\ny = 1\n$/,
    );
  });

  test('a line that only looks like a header, and not the values below it', async () => {
    expect(await repaired('[a]\nx = 1\n[y = 2\nz = 3\n')).toMatch(
      /^\[a\]\nx = 1\n# codex-steward: .*\n# \[y = 2\nz = 3\n$/,
    );
  });

  test('the other side of a merge conflict', async () => {
    expect(await repaired('<<<<<<< HEAD\na = 1\n=======\na = 2\n>>>>>>> b\nc = 1\n')).toBe(
      '# <<<<<<< HEAD\na = 1\n# =======\n# a = 2\n# >>>>>>> b\nc = 1\n',
    );
  });
});

test('what is not a configuration at all has no repair', async () => {
  expect(await repairTomlText('\u0000\u0001\u0002')).toBeNull();
  expect(
    await repairTomlText(Array.from({ length: 60 }, (_, n) => `just a line ${n}`).join('\n')),
  ).toBeNull();
});

const LINES = [
  'model = "x"',
  'flag = true',
  'n = 5',
  'path = "/a/b"',
  'list = ["a", "b"]',
  '# a comment',
  '',
  "lit = 'C:\\x'",
];
const BREAKS = [
  (line: string) => `${line} "`,
  (line: string) => line.replace('=', ''),
  (line: string) => line.replace(/["\]]$/, ''),
  (line: string) => line.replace('=', '= \\'),
  (line: string) => `[${line}`,
  (line: string) => `${line} ${line}`,
  (line: string) => line.replaceAll('"', '\u201c'),
];

test('whatever single line is broken, the result parses and every other line is still there', async () => {
  const tables = fc.array(fc.subarray(LINES, { minLength: 1 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      tables,
      fc.nat(),
      fc.constantFrom(...BREAKS),
      fc.boolean(),
      async (parts, at, breakLine, crlf) => {
        const lines = parts.flatMap((part, index) => [`[table_${index}]`, ...part]);
        const broken = at % lines.length;
        const before = lines
          .map((line, index) => (index === broken ? breakLine(line) : line))
          .join(crlf ? '\r\n' : '\n');
        const result = await repairTomlText(before);
        expect(result).not.toBeNull();
        expect((await parseToml(result?.text ?? '= ')).kind).toBe('ok');
        for (const [index, line] of lines.entries())
          if (index !== broken) expect(result?.text).toContain(line);
        expect(spliceText(before, [spliceBetween(before, result?.text ?? '')])).toBe(result?.text);
      },
    ),
    { numRuns: 300 },
  );
});
