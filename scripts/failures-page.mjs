/** Writes `docs/failures.md` from the catalogue, for people who search the web for their message. `--check`: only compares. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const outfile = join(root, 'node_modules', '.failures', 'catalogue.mjs');
await build({
  absWorkingDir: root,
  stdin: {
    contents: `export { CATALOGUE } from './src/knowledge/catalogue.ts';
      export { listScenarios } from './src/lab/scenarios/find.ts';`,
    resolveDir: root,
  },
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'error',
});
const { CATALOGUE, listScenarios } = await import(pathToFileURL(outfile).href);

const CLASS = {
  A: 'steward repairs it alone',
  C: 'steward repairs it after asking',
  U: 'you or an admin act',
  W: 'wait: it passes by itself',
  X: 'nothing is to be repaired',
};
const AFTERWARDS = {
  A: (id) =>
    `the message does not come back, and \`steward doctor --only ${id}\` finds nothing new. \`steward undo\` takes the repair back.`,
  C: (id) =>
    `the message does not come back, and \`steward doctor --only ${id}\` finds nothing new. \`steward undo\` takes what steward did back.`,
  U: () => 'the next try goes through; nothing else on this machine has to be changed back or cleared.',
  W: () => 'it passes by itself, and everything works as before without any change here.',
  X: () => 'Codex works as meant all the time; nothing has to be changed.',
};
const PLATFORM = { linux: 'Linux', macos: 'macOS', windows: 'Windows', wsl: 'WSL' };
const SHOWN_MESSAGES = 6;

/** The wordings that only Codex or OpenAI uses, as a person would search for them; where there are none, the most exact ones. */
function messagesOf(entry) {
  const exact = entry.signals.filter((signal) => signal.of === 'own' && signal.weight >= 0.8);
  const byWeight = [...entry.signals].sort((one, other) => other.weight - one.weight);
  return wordingsOf(exact.length > 0 ? exact : byWeight);
}

function wordingsOf(signals) {
  const wordings = signals.flatMap(({ says }) => (typeof says === 'string' ? [says] : says));
  const plain = wordings
    .filter((text) => text.length >= 8 && /^[\x20-\x7e¦]+$/.test(text))
    .map((text) => text.replaceAll('¦', '').replaceAll('*', '…'));
  return [...new Set(plain)].slice(0, SHOWN_MESSAGES);
}

/** What to type: whether it is so here, what a message means, and how to see the failure without having it. */
function examplesOf({ id }) {
  const shown = listScenarios().find(({ failureId }) => failureId === id);
  const rehearsal = shown === undefined ? [] : [`$ steward lab run ${shown.name} -- ${shown.shows}`];
  return [`$ steward doctor --only ${id}`, `$ steward explain ${id}`, ...rehearsal];
}

/** `Reinstalling: the login survives it.` as a question and its answer. */
function asked(text) {
  const [what, ...why] = text.replace(/\.$/, '').split(': ');
  return `- ${what}? No${why.length === 0 ? '.' : `: ${why.join(': ')}.`}`;
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
    `\`\`\`console\n${examplesOf(entry).join('\n')}\n\`\`\``,
    `**Fix.** ${entry.fix.summary}`,
    [...steps, ...platforms].join('\n'),
    (entry.notHelping ?? []).length > 0
      ? `**Does it help?**\n\n${entry.notHelping.map(asked).join('\n')}`
      : '',
    `**Afterwards:** ${AFTERWARDS[entry.fixClass](entry.id)}`,
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
finds the one behind a message; \`steward doctor\` finds those that can be seen on this machine; \`steward lab run\` shows one that a
server causes without your having it. Made from \`src/knowledge/families/\`
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
