/** `steward issue`: what is known about a GitHub issue and all that is linked to it, as one report. */
import { resolve } from 'node:path';
import { readCodexBinaries, usableNative } from '../../codex/binaries.ts';
import { type CodexScope, resolveCodexHome } from '../../codex/home.ts';
import { EXIT, StewardError } from '../../errors.ts';
import { type Crawled, crawlIssues } from '../../evidence/issue/crawl.ts';
import { createGithubClient } from '../../evidence/issue/github.ts';
import { createIssueReport, type IssueReport } from '../../evidence/issue/issue-report.ts';
import { renderIssueMarkdown } from '../../evidence/issue/markdown.ts';
import { parseIssueArgument } from '../../evidence/issue/reference.ts';
import { createHost } from '../../host.ts';
import { createMatcher } from '../../knowledge/matcher/matcher.ts';
import { writeFileAtomic } from '../../storage/atomic-file.ts';
import { redact } from '../../storage/redact.ts';
import { confirmOnMachine } from '../confirm.ts';
import type { CommandDeps } from '../main.ts';
import { startProgress } from '../render/progress.ts';
import { redacted } from '../render/redacted.ts';
import type { Terminal } from '../render/terminal.ts';

export interface IssueOptions {
  readonly depth: number;
  readonly maxRequests?: number;
  readonly analyze?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

const MAX_NODES = 80;
const MAX_PAGES = 30;
/** Without a token GitHub answers 60 requests an hour. */
const REQUESTS_WITHOUT_TOKEN = 50;
const REQUESTS_WITH_TOKEN = 500;

/** Prints or writes the report; 0 when the issue was read. Throws `ERR_ISSUE_NOT_FOUND`, `ERR_ISSUE_UNREACHABLE`, `ERR_ISSUE_TOKEN`. */
export async function runIssue(
  argument: string,
  options: IssueOptions,
  { terminal, signal }: CommandDeps,
): Promise<number> {
  const host = createHost();
  const scope: CodexScope = { host, home: resolveCodexHome(host), signal };
  const report = await readReport(argument, options, scope, terminal);
  const onThisMachine = await lookHere(report, scope);
  const analysis = options.analyze === true ? await analyse(report, scope, terminal) : null;
  const text = options.json
    ? `${JSON.stringify({ schemaVersion: 1, command: 'issue', ...report, onThisMachine: Object.fromEntries(onThisMachine), analysis: analysis === null ? null : { writtenBy: 'model', text: analysis } }, null, 2)}\n`
    : renderIssueMarkdown(report, { onThisMachine, analysis });
  if (options.out === undefined) terminal.out(text);
  else {
    const path = resolve(host.cwd, options.out);
    await writeFileAtomic(path, text, { mode: 0o600 });
    terminal.out(`Report written to ${path}\n`);
  }
  const left = report.graph.notFetched.length + report.graph.gaps.length;
  if (left > 0)
    terminal.err(`${terminal.paint('yellow', '▲')} Not everything was read: see "Not read" at the end.\n`);
  return EXIT.ok;
}

async function readReport(
  argument: string,
  options: IssueOptions,
  scope: CodexScope,
  terminal: Terminal,
): Promise<IssueReport> {
  const { reference, github } = parseIssueArgument(argument, scope.host.env);
  const progress = startProgress(terminal, 'asking GitHub');
  const client = createGithubClient(scope, {
    github,
    maxRequests:
      options.maxRequests ?? (github.token === null ? REQUESTS_WITHOUT_TOKEN : REQUESTS_WITH_TOKEN),
    onWait: (seconds) => progress.update(`GitHub asks for ${seconds} s of patience`),
  });
  let crawled: Crawled;
  try {
    crawled = await crawlIssues(reference, {
      client,
      webUrl: github.webUrl,
      depth: options.depth,
      maxNodes: MAX_NODES,
      maxPages: MAX_PAGES,
      onProgress: (done, known) => progress.update(`${done} of ${known} issues read`),
    });
  } finally {
    progress.stop();
    await client.close();
  }
  const problem = client.cacheProblem();
  if (problem !== null)
    terminal.err(`${terminal.paint('yellow', '▲')} GitHub's answers were not kept: ${redact(problem)}\n`);
  const report = crawled.kind === 'graph' ? createIssueReport(crawled.graph) : null;
  if (report !== null) return report;
  const reason = crawled.kind === 'none' ? crawled.reason : 'no such issue in the graph';
  const name = `${reference.owner}/${reference.repo}#${reference.number}`;
  if (crawled.kind === 'none' && crawled.isGone)
    throw new StewardError('ERR_ISSUE_NOT_FOUND', 'user', `${name}: ${reason}`, {
      hint: 'A private repository needs GITHUB_TOKEN.',
    });
  throw new StewardError('ERR_ISSUE_UNREACHABLE', 'environment', `${name} could not be read: ${reason}`, {
    hint: 'Try again later, or with GITHUB_TOKEN.',
  });
}

/** What the doctor's checks find here of the failures that the issue looks like. */
async function lookHere(report: IssueReport, scope: CodexScope): Promise<ReadonlyMap<string, string>> {
  const explanation = createMatcher().explainText(`codex: ${report.root.title}\n${report.root.body}`);
  const matches = redacted(await confirmOnMachine(explanation, scope.host, scope.signal));
  return new Map(
    matches.flatMap(({ id, onThisMachine: here }): readonly (readonly [string, string])[] => {
      if (here.kind === 'confirmed') return [[id, `found: ${here.finding.cause}`]];
      return here.kind === 'not-found' ? [[id, 'no sign of it now']] : [];
    }),
  );
}

async function analyse(report: IssueReport, scope: CodexScope, terminal: Terminal): Promise<string> {
  const { analyseIssue } = await import('../../evidence/issue/analyze.ts');
  const progress = startProgress(terminal, 'your codex is reading the graph');
  const codex = usableNative(await readCodexBinaries(scope));
  return analyseIssue(scope, codex?.native ?? null, report).finally(progress.stop);
}
