/**
 * What users were promised, by number: each number stands at the start of the title of an end-to-end test that keeps it, and
 * `docs/promises.md` names the files of these tests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const SECTIONS = { A: 4, B: 9, C: 13, D: 15, E: 3 };
const IDS = Object.entries(SECTIONS).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
);
const E2E = new URL('../e2e/', import.meta.url);
const DOC = new URL('../../docs/promises.md', import.meta.url);

/** `it('C1, C4: …`, also where options or a table stand before the title; not what is skipped or still to do. */
const TITLE = /(?<!\.(?:skip|todo))\(\s*['"`]([A-E]\d{1,2}(?:, [A-E]\d{1,2})*): /g;

const keptBy = new Map<string, string[]>(IDS.map((id) => [id, []]));
const strangers: string[] = [];
for (const name of readdirSync(E2E).sort()) {
  if (!name.endsWith('.test.ts')) continue;
  const source = readFileSync(new URL(name, E2E), 'utf8');
  const ids = [...source.matchAll(TITLE)].flatMap((match) => match[1]?.split(', ') ?? []);
  for (const id of new Set(ids)) (keptBy.get(id) ?? strangers).push(name);
}

it.each(IDS)('%s is kept by an end-to-end test', (id) => {
  expect(keptBy.get(id)).not.toEqual([]);
});

it('no test carries a number that is none', () => {
  expect(strangers).toEqual([]);
});

it('docs/promises.md names each number with its tests', () => {
  const rows = readFileSync(DOC, 'utf8').matchAll(/^\| ([A-E]\d+) \| .+ \| (.+) \|$/gm);
  const told = new Map(
    [...rows].map(([, id = '', files = '']) => [id, files.replaceAll('`', '').split(', ')]),
  );
  expect(told).toEqual(
    new Map(IDS.map((id) => [id, keptBy.get(id)?.map((name) => name.replace('.test.ts', ''))])),
  );
});
