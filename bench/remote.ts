/**
 * The fourteen causes told apart: each is made for real, for both versions of Codex, in four situations; what the official command
 * says beside what steward says. `npm run bench remote` prints the table and writes `docs/remote-causes.md`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CODEX_ALIASES, type CodexAlias } from '../test/support/real-codex.ts';
import { REMOTE_CAUSES, runCause, type SituationResult } from '../test/support/remote-causes.ts';

const VERSION: Readonly<Record<CodexAlias, string>> = { 'codex-0.133': '0.133.0', 'codex-newest': '0.169.0' };
const wanted = process.env.STEWARD_BENCH_CAUSES?.split(',');

const rows: string[] = [];
let told = 0;
let all = 0;
let slowestMs = 0;
for (const cause of REMOTE_CAUSES) {
  if (wanted !== undefined && !wanted.includes(cause.kind)) continue;
  for (const alias of CODEX_ALIASES) {
    for (const result of await runCause(cause, alias, ['fresh', 'again', 'status', 'foreground'])) {
      const { json } = result;
      const isTold = json.cause?.kind === cause.kind && json.exitCode === 1;
      all += 1;
      if (isTold) told += 1;
      slowestMs = Math.max(slowestMs, json.learnedInMs ?? 0);
      const cells = [
        cause.kind,
        VERSION[alias],
        result.situation,
        result.official ?? '',
        `${isTold ? '' : '**WRONG** '}exit ${json.exitCode}: ${json.cause?.kind ?? 'nothing'}`,
        saidOf(result),
      ];
      rows.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`);
      console.log(rows.at(-1));
    }
  }
}

/** Status line and words, without the port that the lab happened to have. */
function saidOf({ json }: SituationResult): string {
  const error = json.lastError;
  const finding = json.findings?.find(({ id }) => id === json.cause?.id);
  if (error === null) return `status ${json.status}; ${finding?.subject ?? ''}`;
  const status = error.httpStatus === null ? '' : `HTTP ${error.httpStatus} ${error.statusText ?? ''}: `;
  const words = String(error.detail ?? error.reason ?? error.body ?? error.kind).split('\n')[0] ?? '';
  const plain = words
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replaceAll(/\/var\/tmp\/[\w.-]+/g, '$CODEX_HOME')
    .replaceAll(/[a-z]+_[0-9a-f]{24,}/g, (id) => `${id.slice(0, 8)}…`);
  return `${status}\`${plain.slice(0, 120).replaceAll('`', "'")}\``;
}

const page = `# One line, fourteen causes

Codex prints one and the same line for all of these, "Remote control is enabled on HOST but the connection is errored.", or says
"still connecting" and ends with 0. Each row is a cause made for real (\`steward lab\`) with the official Codex
${Object.values(VERSION).join(' and ')}: what the official command says, and what \`steward remote\` says of it, with its exit code.

*fresh*: the first start; *again*: a start while the daemon runs; *status*: \`steward remote status\` afterwards; *foreground*:
\`steward remote foreground\` (causes that are no failure of the machine itself have none). ${told} of ${all} told right; the reason was
known at most ${(Math.ceil(slowestMs / 100) / 10).toFixed(1)} s after the official command's end. Made by \`npm run bench remote\`.

| cause | Codex | situation | official says | steward says | what it shows |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
if (wanted === undefined) {
  writeFileSync(fileURLToPath(new URL('../docs/remote-causes.md', import.meta.url)), page);
}
console.log(
  `\n${told} of ${all} told right, reason known at most ${slowestMs} ms after the official command's end`,
);
process.exitCode = told === all ? 0 : 1;
