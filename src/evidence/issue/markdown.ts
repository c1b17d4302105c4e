/** The report as Markdown in English: each statement with its address, the graph as Mermaid, and every node and link in a table. */
import type { IssueNode } from './graph.ts';
import type { IssueReport } from './issue-report.ts';
import type { Statement } from './statements.ts';

export interface MarkdownExtras {
  /** What this machine shows of the catalogue's matches, by id. */
  readonly onThisMachine: ReadonlyMap<string, string>;
  /** Written by a model; marked as such. `null`: none was asked for. */
  readonly analysis: string | null;
}

const DRAWN = 60;

/** The same text for the same graph. */
export function renderIssueMarkdown(report: IssueReport, extras: MarkdownExtras): string {
  const { root, graph } = report;
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Summary', summaryOf(report)],
    [
      'Errors',
      report.errors.map(
        ({ text, count, ...said }) =>
          `- ${code(text)} (${count === 1 ? '1 post' : `${count} posts`}; ${by(said)})`,
      ),
    ],
    ['Environments', environmentTable(report)],
    ['Known failures', catalogueOf(report, extras)],
    ['What worked', report.worked.map(line)],
    ['Tried without success', report.failed.map(line)],
    ['Workarounds', report.workarounds.flatMap(workaroundOf)],
    ['Linked pull requests', report.pulls.map(pullLine)],
    ['Open questions', report.questions.map(line)],
    ['Most relevant', rankingTable(report)],
    ['Graph', drawGraph(report)],
    ['All nodes', nodeTable(graph.nodes)],
    ['All links', linkTable(report)],
    ['Not read', notRead(report)],
  ];
  const body = sections.map(
    ([title, lines]) => `## ${title}\n\n${lines.length === 0 ? 'Nothing found.' : lines.join('\n')}\n`,
  );
  const analysis =
    extras.analysis === null
      ? ''
      : `\n## Analysis (written by a model, not checked)\n\n${quote(extras.analysis)}\n`;
  return `# ${text(root.name)}: ${text(root.title)}\n\n${root.url}\n\n${body.join('\n')}${analysis}`;
}

function summaryOf({ root, graph, pulls, affected }: IssueReport): readonly string[] {
  const closed =
    root.closedAt === null
      ? ''
      : ` on ${day(root.closedAt)}${root.stateReason === null ? '' : ` (${text(root.stateReason)})`}`;
  const merged = pulls.filter(({ state }) => state === 'merged').length;
  return [
    `- ${root.kind === 'pull' ? 'Pull request' : 'Issue'}, **${root.state}**${closed}; opened by ${user(root.author)} on ${day(root.createdAt)}`,
    `- ${root.commentCount} comments, ${root.comments.length} of them read; ${root.thumbsUp} 👍`,
    ...(affected.length === 0
      ? []
      : [
          `- Seen by ${affected.length === 1 ? '1 other' : `${affected.length} others`}: ${affected.slice(0, 10).map(user).join(', ')}${affected.length > 10 ? ', …' : ''}`,
        ]),
    ...(root.labels.length === 0 ? [] : [`- Labels: ${root.labels.map(code).join(', ')}`]),
    `- Linked issues and pull requests read: ${graph.nodes.length - 1}; pull requests: ${pulls.length}, merged: ${merged}; known by name only: ${graph.notFetched.length}`,
  ];
}

function environmentTable({ environments }: IssueReport): readonly string[] {
  return table(
    ['who', 'Codex', 'system', 'plan', 'model'],
    environments.map(({ author, url, version, platform, plan, model }) => [
      `[${user(author)}](${url})`,
      ...[version, platform, plan, model].map((value) => (value === null ? '' : text(value))),
    ]),
  );
}

function catalogueOf({ catalogue }: IssueReport, { onThisMachine }: MarkdownExtras): readonly string[] {
  return catalogue.map(({ id, title, score, fix }) => {
    const here = onThisMachine.get(id);
    return `- ${text(title)} (${code(id)}, ${Math.round(score * 100)} %): ${text(fix)}${here === undefined ? '' : ` On this machine: ${text(here)}`}`;
  });
}

function workaroundOf({
  confirmedBy,
  deniedBy,
  thumbsUp,
  ...said
}: IssueReport['workarounds'][number]): readonly string[] {
  const votes = thumbsUp === 0 ? '' : ` ${thumbsUp} 👍`;
  return [
    `${line(said)}${votes}`,
    ...confirmedBy.map((one) => `  - confirmed: ${text(one.text)} (${by(one)})`),
    ...deniedBy.map((one) => `  - contradicted: ${text(one.text)} (${by(one)})`),
  ];
}

function pullLine({ name, url, title, state, merge, depth }: IssueNode): string {
  const fate =
    merge === null
      ? state === 'merged'
        ? 'merged; its release was not looked up'
        : state
      : `merged on ${day(merge.at)}, ${merge.release === null ? 'in no release that was found' : `first released in [${text(merge.release.tag)}](${merge.release.url})${merge.release.isPrerelease ? ' (pre-release)' : ''}`}`;
  return `- [${text(name)}](${url}) ${text(title)}: **${fate}**${depth > 1 ? ` (${depth} links away)` : ''}`;
}

function rankingTable({ ranking, graph }: IssueReport): readonly string[] {
  const byKey = new Map(graph.nodes.map((node) => [node.key, node]));
  return table(
    ['score', 'issue', 'title', 'state', 'why'],
    ranking.slice(0, 20).flatMap(({ key, score, reasons }) => {
      const node = byKey.get(key);
      if (node === undefined) return [];
      return [[String(score), nodeLink(node), text(node.title), node.state, text(reasons.join('; '))]];
    }),
  );
}

function drawGraph({ graph }: IssueReport): readonly string[] {
  const drawn = graph.nodes.slice(0, DRAWN);
  const ids = new Map(drawn.map(({ key }, index) => [key, `n${index}`]));
  const nodes = drawn.map(({ key, name, title, state }) => {
    const label = `${name} ${state}<br/>${title}`.replaceAll(
      /["\\`#;]/g,
      (character) => `#${character.charCodeAt(0)};`,
    );
    return `  ${ids.get(key)}["${label
      .replaceAll(/\s+/g, ' ')
      .replace(/<(?!br\/>)/g, '#60;')
      .slice(0, 200)}"]`;
  });
  const edges = graph.edges.flatMap(({ from, to, kind }) => {
    const [a, b] = [ids.get(from), ids.get(to)];
    return a === undefined || b === undefined ? [] : [`  ${a} -->|${kind}| ${b}`];
  });
  const hidden = graph.nodes.length - drawn.length;
  const note = hidden > 0 ? ['', `${hidden} more nodes stand in the table below.`] : [];
  return ['```mermaid', 'graph LR', ...nodes, ...edges, '```', ...note];
}

function nodeTable(nodes: readonly IssueNode[]): readonly string[] {
  return table(
    ['issue', 'kind', 'state', 'title', 'author', 'opened', 'comments', 'links away'],
    nodes.map((node) => [
      nodeLink(node),
      node.kind,
      node.state,
      text(node.title),
      user(node.author),
      day(node.createdAt),
      String(node.commentCount),
      String(node.depth),
    ]),
  );
}

function linkTable({ graph }: IssueReport): readonly string[] {
  return table(
    ['from', 'how', 'to', 'said in'],
    graph.edges.map(({ from, kind, to, url }) => [text(from), kind, text(to), `[there](${url})`]),
  );
}

function notRead({ graph }: IssueReport): readonly string[] {
  const lines = [
    ...graph.gaps.map((gap) => `- ${text(gap)}`),
    ...graph.notFetched.map(({ key, reason }) => `- ${text(key)}: ${text(reason)}`),
  ];
  return lines.length === 0 ? ['Everything within reach was read.'] : lines;
}

function nodeLink({ name, url }: IssueNode): string {
  return `[${text(name)}](${url})`;
}

function line(said: Statement): string {
  const shown = said.code === null ? '' : ` ${said.code.split('\n').map(code).join(' ')}`;
  return `- ${text(said.text)}${shown} (${by(said)})`;
}

function by({ author, at, url }: Pick<Statement, 'author' | 'at' | 'url'>): string {
  return `[${user(author)}, ${day(at)}](${url})`;
}

/** Without the sign that would notify them when the report is posted. */
function user(name: string): string {
  return text(name);
}

function day(at: string): string {
  return at.slice(0, 10);
}

/**
 * In one line of a table; a stranger's HTML, images and mentions lose their effect. In code they have none, and stay as they
 * are, because a command is there to be copied.
 */
function text(value: string): string {
  const line = value.replaceAll(/\s+/g, ' ').trim();
  return codeSpans(line)
    .map(({ isCode, part }) => {
      const cell = part.replaceAll('|', '\\|');
      if (isCode) return cell;
      return cell
        .replaceAll('<', '&lt;')
        .replaceAll('![', '!\\[')
        .replaceAll(/@(?=\w)/g, '@\u200b');
    })
    .join('');
}

/** As CommonMark reads it: a run of backticks is closed by the next run of the same length; an escaped one opens nothing. */
function codeSpans(line: string): readonly { readonly isCode: boolean; readonly part: string }[] {
  const runs = [...line.matchAll(/`+/g)].map(({ index, 0: { length } }) => ({ index, length }));
  const parts: { isCode: boolean; part: string }[] = [];
  let done = 0;
  for (const [at, { index, length }] of runs.entries()) {
    const isEscaped = /(?:^|[^\\])(?:\\\\)*\\$/.test(line.slice(0, index));
    if (index < done || isEscaped) continue;
    const close = runs.slice(at + 1).find((run) => run.length === length);
    if (close === undefined) continue;
    parts.push({ isCode: false, part: line.slice(done, index) });
    done = close.index + length;
    parts.push({ isCode: true, part: line.slice(index, done) });
  }
  return [...parts, { isCode: false, part: line.slice(done) }];
}

function code(value: string): string {
  const plain = value.replaceAll(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map(({ length }) => length));
  const marks = '`'.repeat(longest + 1);
  return longest === 0 ? `\`${plain}\`` : `${marks} ${plain} ${marks}`;
}

function quote(value: string): string {
  return value
    .split('\n')
    .map((one) => `> ${one.replaceAll('<', '&lt;')}`)
    .join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return [];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)];
}
