/** Fails when a room imports against the arrows of the architecture, or when a source file outgrows its limit. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const src = join(root, 'src');

/** Which rooms a room may import, besides itself and the files at the top of `src/`. */
const MAY_IMPORT = {
  storage: [],
  codex: ['storage'],
  knowledge: ['storage', 'codex'],
  accounts: ['storage', 'codex'],
  // Where the gateway of a home is, how it is asked, what it bound: known to every client of it, the doctor included.
  'gateway-client': ['storage', 'codex'],
  gateway: ['storage', 'codex', 'accounts', 'gateway-client'],
  shim: ['storage', 'codex'],
  remote: ['storage', 'codex', 'knowledge', 'accounts'],
  doctor: ['storage', 'codex', 'knowledge', 'accounts', 'remote', 'gateway-client', 'shim'],
  // What doctor, gateway and remote control say is handed in by the command line, as data.
  evidence: ['storage', 'codex', 'knowledge', 'accounts'],
  lab: ['storage', 'codex'],
  cli: [
    'storage',
    'codex',
    'knowledge',
    'accounts',
    'gateway-client',
    'gateway',
    'shim',
    'remote',
    'doctor',
    'evidence',
    'lab',
  ],
};
/** Rooms that may read the command line and environment, and write to the terminal. */
const MAY_TOUCH_PROCESS = ['cli', 'host.ts'];
const MAX_LINES = { source: 400, test: 600 };

const problems = [];
for (const path of filesBelow(src)) {
  const name = relative(src, path).split(sep).join('/');
  const text = readFileSync(path, 'utf8');
  const isTest = name.endsWith('.test.ts');
  const limit = isTest ? MAX_LINES.test : MAX_LINES.source;
  const lines = text.split('\n').length - 1;
  if (lines > limit)
    problems.push(`src/${name}: ${lines} lines, more than ${limit}: is there a second concept in it?`);
  if (isTest) continue;
  const room = roomOf(name);
  for (const target of importsOf(text)) {
    if (!target.startsWith('.')) continue;
    const to = roomOf(
      relative(src, resolve(dirname(path), target))
        .split(sep)
        .join('/'),
    );
    if (to === room || to === '' || room === '') continue;
    if (!MAY_IMPORT[room]?.includes(to))
      problems.push(`src/${name}: ${room} must not import ${to} (${target})`);
  }
  const isShadowed = /\bprocess: \w/.test(text); // a parameter of that name: a process of the system, not ours
  if (
    !isShadowed &&
    !MAY_TOUCH_PROCESS.includes(room === '' ? name : room) &&
    /\bprocess\.(env|argv|stdout|stderr)\b/.test(text)
  ) {
    problems.push(`src/${name}: only cli/ reads argv and env or writes to the terminal`);
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

function roomOf(name) {
  return name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
}

function importsOf(text) {
  return [...text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g)].map((match) => match[1]);
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}
