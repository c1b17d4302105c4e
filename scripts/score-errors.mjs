/**
 * Scores the matcher on the labelled error texts beside the project (`../shared/errors/dev.jsonl`), which are kept out of the
 * tree. Prints the misses and the totals that count. Arguments: families or ids to look at. Exit 1 below the targets.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, '..', 'shared', 'errors', 'dev.jsonl');
if (!existsSync(file)) {
  console.log('no labelled texts here: nothing to score');
  process.exit(0);
}
const outfile = join(root, 'node_modules', '.score', 'matcher.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['src/knowledge/matcher/matcher.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { createMatcher } = await import(pathToFileURL(outfile).href);
const matcher = createMatcher();
const wanted = process.argv.slice(2);
const total = { sure: 0, top1: 0, top3: 0, none: 0, noneWrong: 0, confident: 0, confidentWrong: 0 };

for (const line of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
  const { text, category, alt, ambiguous } = JSON.parse(line);
  if (wanted.length > 0 && !wanted.some((name) => category === name || category.startsWith(`${name}.`)))
    continue;
  const { verdict, matches } = matcher.explainText(text);
  const right = new Set([category, ...(alt ?? [])]);
  const names = matches.map((match) => `${match.id} ${match.score}`);
  const miss = (why) =>
    console.log(
      `${why}: wanted ${[...right].join(' | ')}; ${verdict}: ${names.slice(0, 4).join(', ') || '-'}\n    ${text.replace(/\s+/g, ' ').slice(0, 220)}`,
    );
  if (category === 'none') {
    total.none += 1;
    if (verdict === 'match') {
      total.noneWrong += 1;
      miss('CONFIDENT ON NONE');
    }
    continue;
  }
  const first = verdict !== 'not-codex' && right.has(matches[0]?.id);
  const third = matches.slice(0, 3).some((match) => right.has(match.id));
  if (verdict === 'match') {
    total.confident += 1;
    if (!first) total.confidentWrong += 1;
  }
  if (ambiguous) continue;
  total.sure += 1;
  if (first) total.top1 += 1;
  if (third) total.top3 += 1;
  if (!first) miss(third ? 'second' : 'MISS');
  else if (verdict !== 'match') miss('unsure');
}
const percent = (part, whole) =>
  `${part}/${whole} (${whole === 0 ? '-' : ((100 * part) / whole).toFixed(1)} %)`;
console.log(`top-1 ${percent(total.top1, total.sure)} · top-3 ${percent(total.top3, total.sure)}`);
console.log(
  `confident on "none" ${total.noneWrong}/${total.none} · confident and wrong ${total.confidentWrong}/${total.confident}`,
);
const good = total.top1 >= 0.97 * total.sure && total.top3 >= 0.99 * total.sure && total.noneWrong === 0;
process.exitCode = good || wanted.length > 0 ? 0 : 1;
