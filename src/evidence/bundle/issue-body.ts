/**
 * A bug report in the form that openai/codex asks for (its "CLI Bug" template, 2026): facts that were measured, and a
 * marked gap where only the person knows the answer. It invents no steps and no expectation.
 */
import { machine, type } from 'node:os';
import type { LogLine } from '../../codex/log-files.ts';
import type { Finding } from '../../knowledge/finding.ts';
import type { InstallFacts } from '../installs.ts';
import type { RecentFailure } from '../recent-failures.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where the template is filled in. */
export const NEW_ISSUE_URL = 'https://github.com/openai/codex/issues/new?template=3-cli.yml';

export interface IssueFacts {
  readonly codexVersion: string | null;
  readonly installs: InstallFacts;
  readonly environment: Surroundings;
  readonly plan: string | null;
  readonly model: string | null;
  readonly findings: readonly Finding[];
  readonly recentFailures: readonly RecentFailure[];
  /** Around the newest failure. */
  readonly lines: readonly LogLine[];
  readonly stewardVersion: string;
}

const LINES_SHOWN = 20;
const LINE_SHOWN = 1000;
/** Ids by which OpenAI finds a request or a session in its own logs. */
const QUOTABLE =
  /\b(?:request[ _-]?id|x-request-id|cf-ray|thread[ _-]?id|conversation[ _-]?id|session[ _-]?id)["'\s:=]{1,6}([A-Za-z0-9_-]{8,80})/gi;

/** Markdown, ready to be pasted once the gaps are filled. Not scrubbed yet. */
export function renderIssueBody(facts: IssueFacts): string {
  const { environment, installs } = facts;
  const sections: readonly (readonly [string, string])[] = [
    ['What version of Codex CLI is running?', versionOf(facts)],
    ['What subscription do you have?', facts.plan ?? GAP],
    ['Which model were you using?', facts.model ?? 'The default: no model is set in config.toml.'],
    [
      'What platform is your computer?',
      `${type()} ${environment.release} ${environment.arch} ${machine()}${wsl(environment)}`,
    ],
    ['What terminal emulator and version are you using (if applicable)?', terminalOf(environment)],
    ['What issue are you seeing?', problemOf(facts)],
    ['What steps can reproduce the bug?', `${GAP}${idsOf(facts.lines)}`],
    ['What is the expected behavior?', GAP],
    ['Additional information', additionalOf(facts, installs)],
  ];
  return `${sections.map(([title, text]) => `### ${title}\n\n${text}\n`).join('\n')}`;
}

/** Whether something is left for the person to write. */
export function hasGaps(body: string): boolean {
  return body.includes(GAP);
}

const GAP = '_(to be filled in: not known to this machine)_';

function versionOf({ codexVersion, installs }: IssueFacts): string {
  if (installs.active === null) return 'No `codex` is on PATH.';
  return `codex-cli ${codexVersion ?? 'of unknown version'} (installed by ${installs.active.method})`;
}

function wsl({ isWsl, wslDistribution }: Surroundings): string {
  return isWsl ? `, WSL${wslDistribution === null ? '' : ` (${wslDistribution})`}` : '';
}

function terminalOf({ terminal }: Surroundings): string {
  const parts = [terminal.program ?? `unknown (TERM=${terminal.type ?? 'unset'})`];
  if (terminal.multiplexer !== null) parts.push(`in ${terminal.multiplexer}`);
  if (terminal.overSsh) parts.push('over SSH');
  return parts.join(', ');
}

function problemOf({ recentFailures, findings, lines }: IssueFacts): string {
  const [latest] = recentFailures;
  const severe = findings.filter(({ severity }) => severity === 'fail');
  const parts: string[] = [];
  if (latest !== undefined) {
    const since = latest.firstAt === latest.lastAt ? '' : `, first ${latest.firstAt ?? 'unknown'}`;
    parts.push(
      `${latest.title}: ${latest.count} × in the logs of the last seven days, last ${latest.lastAt ?? 'unknown'}${since}.`,
    );
  }
  for (const { title, cause } of severe) parts.push(`${title}: ${cause}`);
  if (lines.length > 0)
    parts.push(fence(lines.slice(-LINES_SHOWN).map(({ text }) => text.slice(0, LINE_SHOWN))));
  return parts.length === 0 ? GAP : parts.join('\n\n');
}

function idsOf(lines: readonly LogLine[]): string {
  const ids = lines.flatMap(({ text }) => [...text.matchAll(QUOTABLE)].map(([whole]) => whole));
  const unique = [...new Set(ids.map((id) => id.replaceAll(/["']/g, '')))].slice(0, 10);
  return unique.length === 0
    ? ''
    : `\n\nIds of the requests and sessions concerned:\n${unique.map((id) => `- ${id}`).join('\n')}`;
}

function additionalOf({ findings, environment, stewardVersion }: IssueFacts, installs: InstallFacts): string {
  const lines: string[] = [];
  if (installs.copies.length > 1)
    lines.push(
      `- Copies of Codex: ${installs.copies.map(({ path, version, method }) => `${version ?? '?'} (${method}) at ${path}`).join('; ')}`,
    );
  for (const { name, version } of installs.companions) lines.push(`- Also installed: ${name} ${version}`);
  for (const { name, value, where } of environment.network) lines.push(`- ${name}=${value} (${where})`);
  for (const { id, severity, title, cause } of findings)
    lines.push(`- ${severity}: ${title} (${id}): ${cause}`);
  lines.push(
    `- Collected by codex-steward ${stewardVersion}; secrets were removed before anything was written. The bundle that this text came with holds the full report.`,
  );
  return lines.join('\n');
}

/** A fence longer than any run of backticks in the lines. */
function fence(lines: readonly string[]): string {
  const longest = Math.max(
    2,
    ...lines.flatMap((line) => (line.match(/`+/g) ?? []).map(({ length }) => length)),
  );
  const marks = '`'.repeat(longest + 1);
  return [`${marks}text`, ...lines, marks].join('\n');
}
