/** Writes `docs/failures.md` from the catalogue, for people who search the web for their message. `--check`: only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outfile = join(root, 'node_modules', '.failures', 'catalogue.mjs');
await build({
  absWorkingDir: root,
  entryPoints: ['src/knowledge/catalogue.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { CATALOGUE } = await import(pathToFileURL(outfile).href);

const CLASS = {
  A: 'steward repairs it alone',
  C: 'steward repairs it after asking',
  U: 'you or an admin act',
  W: 'wait: it passes by itself',
  X: 'nothing is to be repaired',
};
const PLATFORM = { linux: 'Linux', macos: 'macOS', windows: 'Windows', wsl: 'WSL' };
const SHOWN_MESSAGES = 6;

/** The wordings that only Codex or OpenAI uses, as a person would search for them. */
function messagesOf(entry) {
  const exact = entry.signals.filter((signal) => signal.of === 'own' && signal.weight >= 0.8);
  const wordings = exact.flatMap((signal) => (typeof signal.says === 'string' ? [signal.says] : signal.says));
  const plain = wordings
    .filter((text) => text.length >= 8)
    .map((text) => text.replaceAll('¦', '').replaceAll('*', '…'));
  return [...new Set(plain)].slice(0, SHOWN_MESSAGES);
}

function sectionOf(entry) {
  const steps = entry.fix.steps.map((step, index) => `${index + 1}. ${step}`);
  const platforms = Object.entries(entry.fix.platformSteps ?? {}).map(
    ([name, own]) => `- ${PLATFORM[name]}: ${own.join('; ')}`,
  );
  const lines = [
    `### ${entry.title}`,
    `\`${entry.id}\` · ${CLASS[entry.fixClass]}`,
    entry.cause,
    messagesOf(entry)
      .map((text) => `- "${text}"`)
      .join('\n'),
    `**Fix.** ${entry.fix.summary}`,
    [...steps, ...platforms].join('\n'),
    (entry.notHelping ?? []).length > 0 ? `**Does not help:** ${entry.notHelping.join('; ')}.` : '',
    entry.references.length > 0 ? `Seen in ${entry.references.map(link).join(', ')}.` : '',
  ];
  return lines.filter((line) => line !== '').join('\n\n');
}

function link(reference) {
  const [repository, number] = reference.split('#');
  return `[${reference}](https://github.com/${repository}/issues/${number})`;
}

const families = groupBy(CATALOGUE, familyOf);
const known = CATALOGUE.filter(({ id }) => id !== 'none');
const page = `# Failures of Codex that steward knows

${known.length} failures, each with its cause in one sentence, what it prints, what puts it right, and what does not help. \`steward explain "…"\`
finds the one behind a message; \`steward doctor\` finds those that can be seen on this machine. Made from \`src/knowledge/families/\`
by \`node scripts/failures-page.mjs\`.

${[...families]
  .filter(([family]) => family !== 'none')
  .map(([family, entries]) => `## ${family}\n\n${entries.map(sectionOf).join('\n\n')}`)
  .join('\n\n')}
`;

const path = join(root, 'docs', 'failures.md');
if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== page) {
    console.error('docs/failures.md is not what the catalogue says: run node scripts/failures-page.mjs');
    process.exit(1);
  }
} else {
  writeFileSync(path, page);
}

function familyOf({ id }) {
  return id.split('.')[0];
}

/** Node 20 has no Map.groupBy. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
