/**
 * From one issue to the graph around it, breadth first: bodies, comments, and what GitHub's timeline says refers to it.
 * No node twice, whatever names it goes by; nothing is left out without a word.
 */
import * as v from 'valibot';
import type { Asked, GithubClient } from './github.ts';
import type { EdgeKind, IssueComment, IssueEdge, IssueGraph, IssueNode, PullMerge } from './graph.ts';
import { type IssueReference, keyOf, parseIssueUrl, referencesIn } from './reference.ts';
import { findRelease } from './release.ts';
import { timelineLinks } from './timeline.ts';
import { CommentSchema, IssueSchema, PullSchema, rowsOf, TimelineSchema } from './wire.ts';

export interface CrawlOptions {
  readonly client: GithubClient;
  readonly webUrl: string;
  /** Links followed from the root: 0 reads the root alone. */
  readonly depth: number;
  readonly maxNodes: number;
  /** Pages of 100 comments, and of 100 timeline events, of one issue. */
  readonly maxPages: number;
  readonly onProgress?: (done: number, known: number) => void;
}

interface Waiting {
  readonly reference: IssueReference;
  readonly depth: number;
}

/** `none`: not even the root could be read, and why; `isGone`: GitHub says that there is none to be seen. */
export type Crawled =
  | { readonly kind: 'graph'; readonly graph: IssueGraph }
  | { readonly kind: 'none'; readonly reason: string; readonly isGone: boolean };

/** Reads the graph. Throws `ERR_ISSUE_TOKEN`, and what an aborted signal throws. */
export async function crawlIssues(root: IssueReference, options: CrawlOptions): Promise<Crawled> {
  const crawl = createCrawl(options);
  const first = await crawl.visit({ reference: root, depth: 0 });
  if (first === null) {
    const reason = crawl.graph(keyOf(root)).notFetched[0]?.reason ?? 'no answer';
    return { kind: 'none', reason, isGone: reason.includes('(HTTP 4') };
  }
  await crawl.run();
  return { kind: 'graph', graph: crawl.graph(first) };
}

function createCrawl(options: CrawlOptions) {
  const { client, webUrl, depth: maxDepth, maxNodes, maxPages } = options;
  const nodes = new Map<string, IssueNode>();
  /** Former names of issues that were transferred, and spellings. */
  const aliases = new Map<string, string>();
  const edges: IssueEdge[] = [];
  const notFetched = new Map<string, string>();
  const gaps: string[] = [];
  const queue: Waiting[] = [];
  const queued = new Set<string>();

  const link = (from: string, to: IssueReference, kind: EdgeKind, url: string, depth: number) => {
    const key = keyOf(to);
    edges.push({ from, to: key, kind, url });
    if (queued.has(key)) return;
    queued.add(key);
    if (depth > maxDepth) notFetched.set(key, `more than ${maxDepth} links away`);
    else queue.push({ reference: to, depth });
  };

  /** The key under which the node now stands, or `null` where there is none to be had. */
  const visit = async ({ reference, depth }: Waiting): Promise<string | null> => {
    const asked = keyOf(reference);
    queued.add(asked);
    const { owner, repo, number } = reference;
    const answer = await client.get(`/repos/${owner}/${repo}/issues/${number}`);
    const issue = answer.kind === 'ok' ? v.safeParse(IssueSchema, answer.value) : null;
    if (issue?.success !== true) {
      notFetched.set(asked, issue === null ? reasonOf(answer) : strangeness(issue.issues));
      return null;
    }
    const real = parseIssueUrl(issue.output.html_url, webUrl) ?? reference;
    const key = keyOf(real);
    if (key !== asked) {
      aliases.set(asked, key);
      queued.add(key);
      notFetched.delete(key);
    }
    if (nodes.has(key)) return key;
    const node = nodeOf(issue.output, real, depth);
    nodes.set(key, node);
    // What stands at the edge is shown with its title and state; its own links would not be followed.
    if (depth < maxDepth || depth === 0) await expand(node, real);
    return key;
  };

  const expand = async (node: IssueNode, at: IssueReference) => {
    const base = `/repos/${at.owner}/${at.repo}`;
    const listed =
      node.commentCount === 0
        ? []
        : await rows(CommentSchema, `${base}/issues/${at.number}/comments`, `comments of ${node.name}`);
    const comments = listed.filter(({ minimized }) => !isNoise(minimized?.reason)).map(commentOf);
    const merge =
      node.kind === 'pull' && node.state === 'merged' ? await mergeOf(base, at.number, node.name) : null;
    nodes.set(node.key, { ...node, comments, merge });
    const next = node.depth + 1;
    for (const { body, url } of [{ body: node.body, url: node.url }, ...comments]) {
      for (const { reference, how } of referencesIn(body, at, webUrl))
        link(node.key, reference, how, url, next);
    }
    const timeline = `${base}/issues/${at.number}/timeline`;
    const events = await rows(TimelineSchema, timeline, `timeline of ${node.name}`);
    for (const { to, kind, url } of timelineLinks(events, at, webUrl))
      link(node.key, to, kind, url ?? node.url, next);
  };

  const rows = async <T extends v.GenericSchema>(
    schema: T,
    path: string,
    what: string,
  ): Promise<readonly v.InferOutput<T>[]> => {
    const answer = await client.list(path, maxPages);
    if (answer.kind !== 'ok') {
      gaps.push(`The ${what} could not be read: ${reasonOf(answer)}.`);
      return [];
    }
    if (!answer.value.complete)
      gaps.push(`Of the ${what} only the first ${answer.value.items.length} were read.`);
    const { rows: good, strange } = rowsOf(schema, answer.value.items);
    if (strange > 0)
      gaps.push(`${strange} of the ${what} are not as GitHub describes them, and were passed over.`);
    return good;
  };

  const mergeOf = async (base: string, number: number, name: string): Promise<PullMerge | null> => {
    const answer = await client.get(`${base}/pulls/${number}`);
    const pull = answer.kind === 'ok' ? v.safeParse(PullSchema, answer.value) : null;
    if (pull?.success !== true) {
      gaps.push(`Whether and when ${name} was merged could not be read: ${reasonOf(answer)}.`);
      return null;
    }
    const { merged_at: at, merge_commit_sha: sha } = pull.output;
    if (at == null) return null;
    const found = sha == null ? { release: null, gap: null } : await findRelease(client, base, sha, at);
    if (found.gap !== null) gaps.push(`The release of ${name} could not be told: ${found.gap}.`);
    return { at, sha: sha ?? null, release: found.release };
  };

  const run = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      options.onProgress?.(nodes.size, nodes.size + queue.length + 1);
      const key = keyOf(next.reference);
      if (nodes.has(aliases.get(key) ?? key)) continue;
      if (nodes.size >= maxNodes) notFetched.set(key, `the bound of ${maxNodes} issues was reached`);
      else await visit(next);
    }
  };

  const graph = (root: string): IssueGraph => {
    const real = (key: string) => aliases.get(key) ?? key;
    const unique = new Map<string, IssueEdge>();
    for (const edge of edges) {
      const resolved = { ...edge, from: real(edge.from), to: real(edge.to) };
      if (resolved.from === resolved.to) continue;
      const id = `${resolved.from} ${resolved.kind} ${resolved.to}`;
      if (!unique.has(id)) unique.set(id, resolved);
    }
    return {
      root,
      nodes: [...nodes.values()],
      edges: [...unique.values()],
      notFetched: [...notFetched]
        .filter(([key]) => !nodes.has(real(key)))
        .map(([key, reason]) => ({ key, reason }))
        .sort((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true })),
      gaps,
      ...client.count(),
    };
  };

  return { visit, run, graph };
}

function nodeOf(issue: v.InferOutput<typeof IssueSchema>, at: IssueReference, depth: number): IssueNode {
  const isPull = issue.pull_request != null || /\/pull\/\d+$/.test(issue.html_url);
  const isMerged = issue.pull_request?.merged_at != null;
  return {
    key: keyOf(at),
    name: `${at.owner}/${at.repo}#${at.number}`,
    url: issue.html_url,
    kind: isPull ? 'pull' : 'issue',
    title: issue.title,
    state: isMerged ? 'merged' : issue.state === 'closed' ? 'closed' : 'open',
    stateReason: issue.state_reason ?? null,
    author: issue.user?.login ?? 'ghost',
    association: issue.author_association,
    createdAt: issue.created_at,
    closedAt: issue.closed_at ?? null,
    labels: issue.labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))),
    body: issue.body ?? '',
    thumbsUp: issue.reactions?.['+1'] ?? 0,
    commentCount: issue.comments,
    comments: [],
    depth,
    merge: null,
  };
}

function commentOf(comment: v.InferOutput<typeof CommentSchema>): IssueComment {
  return {
    url: comment.html_url,
    author: comment.user?.login ?? 'ghost',
    association: comment.author_association,
    at: comment.created_at,
    body: comment.body ?? '',
    thumbsUp: comment.reactions?.['+1'] ?? 0,
  };
}

/** Hidden as what nobody should read; what is hidden as outdated or as resolved was said all the same. */
function isNoise(reason: string | null | undefined): boolean {
  return /^(?:spam|abuse|off[-_]topic|low[-_]quality)$/i.test(reason ?? '');
}

/** A captive portal, a proxy's page, another kind of server. */
function strangeness([first]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const where = v.getDotPath(first);
  return `the answer is not what GitHub describes as an issue${where === null ? '' : ` (${where} is missing or of another type)`}`;
}

function reasonOf(answer: Asked<unknown>): string {
  switch (answer.kind) {
    case 'ok':
      return 'the answer is of another form';
    case 'missing':
      return answer.status === 410 || answer.status === 404
        ? `deleted, or not to be seen (HTTP ${answer.status})`
        : `refused (HTTP ${answer.status})`;
    case 'stopped':
    case 'failed':
      return answer.reason;
  }
}
