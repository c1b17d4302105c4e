/**
 * The table of faults: each is injected into a home made by the real binary, then found, repaired, undone, and compared with
 * what the official `codex doctor` says. `npm run bench faults` prints it and writes `docs/faults.md`.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAULTS } from '../test/faults/index.ts';
import { type FaultResult, runFault } from '../test/support/fault-runner.ts';
import { CODEX_ALIASES, type CodexAlias } from '../test/support/real-codex.ts';

const VERSION: Readonly<Record<CodexAlias, string>> = { 'codex-0.133': '0.133.0', 'codex-newest': '0.169.0' };

const rows: string[] = [];
let bad = 0;
for (const fault of FAULTS) {
  const results: FaultResult[] = [];
  for (const alias of CODEX_ALIASES) results.push(await runFault(fault, alias, { askOfficial: true }));
  const all = (of: (result: FaultResult) => boolean | null) =>
    results.every((result) => of(result) === null)
      ? 'not ours'
      : results.every((result) => of(result))
        ? 'yes'
        : 'NO';
  const official = results.map((result) => `${VERSION[result.alias]}: ${result.official}`);
  const same = new Set(results.map((result) => result.official)).size === 1;
  const row = [
    `\`${fault.id}\``,
    fault.name,
    all((result) => result.found),
    all((result) => result.repaired),
    all((result) => result.undone),
    same ? (results[0]?.official ?? '') : official.join('; '),
  ];
  rows.push(`| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
  console.log(rows.at(-1));
  for (const trouble of results.flatMap((result) => result.trouble)) {
    bad += 1;
    console.log(`    ${trouble}`);
  }
}

const found = new Set(FAULTS.map((fault) => fault.id)).size;
const page = `# Faults, found and repaired

Each row is a fault injected into a Codex home made by the real binary, for Codex ${Object.values(VERSION).join(' and ')} alike:
whether \`steward doctor\` found it under its id, whether \`steward doctor --fix --yes\` repaired it (verified by running the check
again), whether \`steward undo\` put every byte, mode and link back, and what the official \`codex doctor\` says of the same fault
(its checks of network and terminal left out). "not ours": the user, an admin or time has to act, and steward says who.

${FAULTS.length} faults of ${found} kinds. Made by \`npm run bench faults\`.

| id | fault | found | repaired | undone | official doctor |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
writeFileSync(fileURLToPath(new URL('../docs/faults.md', import.meta.url)), page);
console.log(bad === 0 ? `\nall ${FAULTS.length} as they should be` : `\n${bad} troubles`);
process.exitCode = bad === 0 ? 0 : 1;
