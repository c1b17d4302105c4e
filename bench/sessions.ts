/**
 * The table of failures in the middle of a session: each is tried with both official versions over both transports, against the
 * lab. `npm run bench sessions` prints it and writes `docs/gateway-failures.md`. BENCH_ONLY names a part of the rows.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CODEX_ALIASES, type CodexAlias } from '../test/support/real-codex.ts';
import {
  SESSION_FAILURES,
  type SessionFailure,
  type TriedFailure,
  tryFailure,
} from '../test/support/session-failures.ts';
import { makeSessionWorld, TRANSPORTS, type Transport } from '../test/support/session-world.ts';

const VERSION: Readonly<Record<CodexAlias, string>> = { 'codex-0.133': '0.133.0', 'codex-newest': '0.169.0' };
const WORDS: Readonly<Record<Transport, string>> = { http: 'HTTP', websocket: 'WebSocket' };
const only = process.env.BENCH_ONLY ?? '';

let bad = 0;
const rows: string[] = [];
for (const failure of SESSION_FAILURES.filter(({ name }) => name.includes(only))) {
  const cells: string[] = [];
  for (const transport of TRANSPORTS) {
    const seen: string[] = [];
    for (const alias of CODEX_ALIASES) seen.push(await tryOne(failure, alias, transport));
    cells.push(
      new Set(seen).size === 1
        ? (seen[0] ?? '')
        : seen.map((text, index) => `${VERSION[CODEX_ALIASES[index] as CodexAlias]}: ${text}`).join('<br>'),
    );
  }
  const same = new Set(cells).size === 1 ? [cells[0] ?? '', 'the same'] : cells;
  rows.push(`| ${[failure.name, ...same].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  console.log(rows.at(-1));
}

/** What is seen, in the page's words; prints where it is not what the row says. */
async function tryOne(failure: SessionFailure, alias: CodexAlias, transport: Transport): Promise<string> {
  const world = await makeSessionWorld(alias, transport);
  try {
    const tried = await tryFailure(world, failure);
    for (const trouble of tried.trouble) {
      bad += 1;
      console.log(
        `    ${failure.name}, ${VERSION[alias]} over ${WORDS[transport]}: ${trouble} (asked: ${tried.asked})`,
      );
    }
    return wordsOf(tried, failure);
  } catch (error) {
    bad += 1;
    console.log(`    ${failure.name}, ${VERSION[alias]} over ${WORDS[transport]}: ${String(error)}`);
    return 'NOT SEEN';
  } finally {
    await world.stop();
  }
}

function wordsOf({ seen, used }: TriedFailure, { retries }: SessionFailure): string {
  const by = /^from (\w+)$/.exec(seen.answer ?? '')?.[1];
  const outcome =
    seen.failure !== null
      ? `“${plain(seen.failure)}”`
      : by === undefined
        ? 'no answer'
        : by === used
          ? 'the answer'
          : 'the answer, from another account';
  if (retries === 'perhaps') return `perhaps “Reconnecting...” for a moment, then ${outcome}`;
  const [first] = seen.notices;
  return first === undefined ? outcome : `${seen.notices.length} × “${plain(first)}”, then ${outcome}`;
}

/** Without what differs from run to run. */
function plain(text: string): string {
  return text
    .replace(/try again at .*$/s, 'try again at …')
    .replace(/\d+\/5/, '1/5')
    .replaceAll(/127\.0\.0\.1:\d+\/[\w-]+/g, '…')
    .replaceAll(/request id: [\w-]+/gi, 'request id: …');
}

const page = `# What a session sees of each failure

Each row was tried with the official Codex ${Object.values(VERSION).join(' and ')}, in a session of several turns (\`codex app-server\`, which editors
use; the terminal shows the same words) through the gateway, with two accounts against the [lab](lab.md): the first turn is answered, then that happens to the account
that answered it, and this is what is seen of the second turn. “the answer” is the whole answer, without a word about what happened. Made by
\`npm run bench sessions\`; \`npm test\` tries a sample, with \`STEWARD_TEST_FULL=1\` all of it.

| what happens | over HTTP | over WebSocket |
|---|---|---|
${rows.join('\n')}
`;
if (only === '') writeFileSync(fileURLToPath(new URL('../docs/gateway-failures.md', import.meta.url)), page);
console.log(bad === 0 ? `\nall ${rows.length} as they should be` : `\n${bad} troubles`);
process.exitCode = bad === 0 ? 0 : 1;
