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
const outfile = join(root, 'node_modules', '.score', 'scores.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['test/support/error-scores.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { meetsTargets, parseLabelledTexts, scoreTexts } = await import(pathToFileURL(outfile).href);
const wanted = process.argv.slice(2);
const texts = parseLabelledTexts(readFileSync(file, 'utf8')).filter(
  ({ category }) =>
    wanted.length === 0 || wanted.some((name) => category === name || category.startsWith(`${name}.`)),
);
const scores = scoreTexts(texts, (why, { text, category, alt }, { verdict, matches }) => {
  const names = matches.slice(0, 4).map(({ id, score }) => `${id} ${score}`);
  console.log(
    `${why}: wanted ${[category, ...alt].join(' | ')}; ${verdict}: ${names.join(', ') || '-'}\n    ${text.replace(/\s+/g, ' ').slice(0, 220)}`,
  );
});
const percent = (part, whole) =>
  `${part}/${whole} (${whole === 0 ? '-' : ((100 * part) / whole).toFixed(1)} %)`;
console.log(`top-1 ${percent(scores.top1, scores.sure)} · top-3 ${percent(scores.top3, scores.sure)}`);
console.log(
  `confident on "none" ${scores.noneWrong}/${scores.none} · confident and wrong ${scores.confidentWrong}/${scores.confident}`,
);
process.exitCode = meetsTargets(scores) || wanted.length > 0 ? 0 : 1;
